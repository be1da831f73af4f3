"""EMR on EKS: Spark jobs that are started at AWS, and run in the teams' namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac

from components.data.spark import emr_manifests as manifests
from components.data.spark import rights
from components.data.spark.settings import Lake
from infra import iam, naming
from infra.environment.spark import Managed, Spark
from infra.handles import ClusterHandle, ObjectStore, TableCatalog
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "spark"
_RBAC: Final = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class EmrAccessArgs:
    """Which cluster EMR may enter."""

    scope: Scope
    place: Place
    cluster: ClusterHandle


class EmrAccess(pulumi.ComponentResource):
    """EMR's way into the cluster. It gives no rights by itself: those it has in the teams' namespaces.

    EMR's service-linked role has to be there; EKS refuses an entry for a role that is not.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: EmrAccessArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:EmrAccess", name, {}, opts)
        entry = aws.eks.AccessEntry(
            name,
            cluster_name=args.cluster.id,
            principal_arn=manifests.service_role(args.place),
            type="STANDARD",
            user_name=manifests.USER,
            tags=args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ready = (entry,)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class TeamEmrArgs:
    """Whose jobs, and where."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    team: str
    namespace: str
    """Where its jobs run: EMR has one namespace for a virtual cluster."""
    spark: Spark
    managed: Managed
    lake: ObjectStore
    own: pulumi.Input[str]
    """The policy of the team's own part of the lake, as JSON."""
    catalog: TableCatalog | None = None
    after: tuple[pulumi.Resource, ...] = ()
    """The namespace, and EMR's way into the cluster."""


class TeamEmr(pulumi.ComponentResource):
    """A team's virtual cluster, EMR's rights in its namespace, the role of its jobs, and profiles for them.

    A virtual cluster is deleted only once no job runs in it; EMR stops those that do.
    """

    virtual_cluster: pulumi.Output[str]

    def __init__(self, name: str, args: TeamEmrArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TeamEmr", name, {}, opts)
        self._name, self._args = name, args
        role, identities = self._role()
        made = aws.emrcontainers.VirtualCluster(
            name,
            name=naming.physical(args.scope.environment, "emr", args.team, limit=64),
            container_provider={
                "id": args.cluster.id,
                "type": "EKS",
                "info": {"eks_info": {"namespace": args.namespace}},
            },
            tags=args.scope.tags(_COMPONENT, team=args.team),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._let_in(), *identities]),
        )
        self._profiles(made, role)
        self.virtual_cluster = made.id
        self.register_outputs({"virtual_cluster": made.id})

    def _let_in(self) -> tuple[pulumi.Resource, ...]:
        """EMR's rights in the namespace."""
        metadata = self._metadata(manifests.USER)
        role = rbac.Role(self._name, metadata=metadata, rules=manifests.namespace_rules(), opts=self._child())
        binding = rbac.RoleBinding(
            self._name,
            metadata=metadata,
            role_ref={"api_group": _RBAC, "kind": "Role", "name": manifests.USER},
            subjects=[{"api_group": _RBAC, "kind": "User", "name": manifests.USER}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        return (role, binding)

    def _role(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        """The role of jobs, and what hands it to the service accounts that EMR makes."""
        args, tags = self._args, self._args.scope.tags(_COMPONENT, team=self._args.team)
        name = naming.physical(args.scope.environment, "emr", args.team, limit=64)
        accounts = manifests.accounts(args.place.account, name)
        role = aws.iam.Role(
            self._name,
            name=name,
            description=f"Spark jobs of the team {args.team}, by EMR",
            assume_role_policy=iam.pod_identity_trust(args.cluster.name, [args.namespace], accounts),
            tags=tags,
            opts=self._child(),
        )
        more = pulumi.Output.all(key_arn=args.lake.key_arn, **self._known()).apply(
            lambda found: rights.of_jobs(args.place, args.team, **found, events=False)
        )
        policies: list[pulumi.Resource] = [
            aws.iam.RolePolicy(
                f"{self._name}-{kind}", name=kind, role=role.name, policy=policy, opts=self._child()
            )
            for kind, policy in (("lake", args.own), ("spark", more))
        ]
        handed: list[pulumi.Resource] = [
            aws.eks.PodIdentityAssociation(
                f"{self._name}-{account.split('-')[4]}",
                cluster_name=args.cluster.id,
                namespace=args.namespace,
                service_account=account,
                role_arn=role.arn,
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
            )
            for account in accounts
        ]
        return role, [*policies, *handed]

    def _profiles(self, cluster: aws.emrcontainers.VirtualCluster, role: aws.iam.Role) -> None:
        args = self._args
        data = pulumi.Output.all(cluster=cluster.id, role=role.arn, **self._known()).apply(
            lambda found: {
                f"{name}.json": manifests.started_from(
                    profile,
                    Lake(buckets=found["buckets"], region=args.place.region, database=found["database"]),
                    args.team,
                    cluster=found["cluster"],
                    role=found["role"],
                    release=args.managed.release,
                )
                for name, profile in args.spark.offered.items()
            }
        )
        core.ConfigMap(self._name, metadata=self._metadata(manifests.CONFIG), data=data, opts=self._child())

    def _known(self) -> Mapping[str, object]:
        args = self._args
        return {
            "buckets": args.lake.buckets,
            "database": "" if args.catalog is None else args.catalog.database,
        }

    def _metadata(self, name: str) -> dict[str, object]:
        labels = self._args.scope.labels(_COMPONENT, team=self._args.team)
        return {"name": name, "namespace": self._args.namespace, "labels": labels}

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
