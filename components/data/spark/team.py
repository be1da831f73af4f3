"""What a team has of Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac

from components.data.spark import profiles, rights
from components.data.spark.operator import COMPONENT, MEMBER_ROLE
from components.data.spark.settings import Lake
from infra import iam, naming
from infra.environment.pools import Pool
from infra.environment.spark import Spark
from infra.handles import ClusterHandle, ObjectStore, TableCatalog
from infra.labels import Scope
from infra.places import Place

_RBAC: Final = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class AtAws:
    """What it takes to let a team's jobs into a lake on S3."""

    place: Place
    cluster: ClusterHandle
    own: pulumi.Input[str]
    """The policy of the team's own part of the lake, as JSON."""


@dataclass(frozen=True, kw_only=True)
class TeamSparkArgs:
    """Whose jobs, and where."""

    scope: Scope
    team: str
    namespaces: tuple[str, ...]
    """Where its jobs run."""
    groups: tuple[str, ...]
    """Kubernetes groups of its members."""
    spark: Spark
    pools: Mapping[str, Pool] = field(default_factory=dict)
    lake: ObjectStore | None = None
    catalog: TableCatalog | None = None
    aws: AtAws | None = None
    """None where the lake is on Ceph, or there is none."""
    after: tuple[pulumi.Resource, ...] = ()
    """The namespaces, and the operator."""


class TeamSpark(pulumi.ComponentResource):
    """In each of a team's namespaces for jobs: their service account, who may hand them in, and profiles.

    At AWS also the role of its jobs.
    """

    def __init__(self, name: str, args: TeamSparkArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TeamSpark", name, {}, opts)
        self._name, self._args = name, args
        for namespace in args.namespaces:
            self._account(namespace)
            self._members(namespace)
            self._profiles(namespace)
        if args.aws is not None and args.lake is not None:
            self._role(args.aws, args.lake)
        self.register_outputs({})

    def _account(self, namespace: str) -> None:
        """The service account of drivers and executors, and what drivers may do."""
        metadata = self._metadata(namespace, profiles.ACCOUNT)
        name = f"{self._name}-{namespace}"
        account = core.ServiceAccount(name, metadata=metadata, opts=self._child())
        role = rbac.Role(name, metadata=metadata, rules=rights.driver_rules(), opts=self._child())
        rbac.RoleBinding(
            name,
            metadata=metadata,
            role_ref={"api_group": _RBAC, "kind": "Role", "name": profiles.ACCOUNT},
            subjects=[{"kind": "ServiceAccount", "name": profiles.ACCOUNT, "namespace": namespace}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account, role]),
        )

    def _members(self, namespace: str) -> None:
        rbac.RoleBinding(
            f"{self._name}-{namespace}-members",
            metadata=self._metadata(namespace, "spark-jobs"),
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": MEMBER_ROLE},
            subjects=[{"api_group": _RBAC, "kind": "Group", "name": group} for group in self._args.groups],
            opts=self._child(),
        )

    def _profiles(self, namespace: str) -> None:
        offered = self._args.spark.offered
        data = pulumi.Output.all(**_known(self._args.lake, self._args.catalog)).apply(
            lambda found: profiles.written(offered, self._around(namespace, found))
        )
        core.ConfigMap(
            f"{self._name}-{namespace}",
            metadata=self._metadata(namespace, profiles.CONFIG),
            data=data,
            opts=self._child(),
        )
        if any(profile.executor.gpus for profile in offered.values()):
            core.ConfigMap(
                f"{self._name}-{namespace}-gpus",
                metadata=self._metadata(namespace, profiles.GPU_SCRIPT),
                data=profiles.discovery(),
                opts=self._child(),
            )

    def _around(self, namespace: str, found: Mapping[str, object]) -> profiles.Surroundings:
        """Where jobs in a namespace run, once names of buckets and of the database are known."""
        args = self._args
        at = None if args.aws is None else args.aws.place.region
        return profiles.Surroundings(
            team=args.team,
            namespace=namespace,
            spark=args.spark,
            pools=args.pools,
            lake=_lake_of(found, args.lake, at),
        )

    def _role(self, site: AtAws, lake: ObjectStore) -> None:
        """The role of jobs: for the team's part of the lake, its tables, and logs of events."""
        args, tags = self._args, self._args.scope.tags(COMPONENT, team=self._args.team)
        role = aws.iam.Role(
            self._name,
            name=naming.physical(args.scope.environment, "spark", args.team, limit=64),
            description=f"Spark jobs of the team {args.team}",
            assume_role_policy=iam.pod_identity_trust(site.cluster.name, args.namespaces, profiles.ACCOUNT),
            tags=tags,
            opts=self._child(),
        )
        more = pulumi.Output.all(key_arn=lake.key_arn, **_known(lake, args.catalog)).apply(
            lambda found: rights.of_jobs(site.place, args.team, **found)
        )
        policies = [
            aws.iam.RolePolicy(
                f"{self._name}-{kind}", name=kind, role=role.name, policy=policy, opts=self._child()
            )
            for kind, policy in (("lake", site.own), ("spark", more))
        ]
        for namespace in args.namespaces:
            aws.eks.PodIdentityAssociation(
                f"{self._name}-{namespace}",
                cluster_name=site.cluster.id,
                namespace=namespace,
                service_account=profiles.ACCOUNT,
                role_arn=role.arn,
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
            )

    def _metadata(self, namespace: str, name: str) -> dict[str, object]:
        labels = self._args.scope.labels(COMPONENT, team=self._args.team)
        return {"name": name, "namespace": namespace, "labels": labels}

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))


def _known(lake: ObjectStore | None, catalog: TableCatalog | None) -> dict[str, object]:
    """What is only known once it is there: names of buckets, and of the database of tables."""
    return {
        "buckets": {} if lake is None else lake.buckets,
        "database": "" if catalog is None else catalog.database,
    }


def _lake_of(found: Mapping[str, object], lake: ObjectStore | None, region: str | None) -> Lake | None:
    """The lake as jobs see it."""
    buckets = found["buckets"]
    if lake is None or not isinstance(buckets, Mapping):
        return None
    return Lake(buckets=buckets, region=region, endpoint=lake.endpoint, database=str(found["database"]))
