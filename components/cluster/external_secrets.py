"""external-secrets: what is in AWS Secrets Manager as Secrets in the cluster, and passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.rbac import v1 as rbac

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.cluster import edge_policies
from components.cluster import external_secrets_manifests as manifests
from components.identity import PodIdentity, PodIdentityArgs
from infra import naming
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "secrets"
_READER: Final = ("secrets", "reader")


def reader_arn(place: Place, environment: str) -> str:
    """ARN of the role that reads an environment's secrets, for those who cannot wait for it."""
    name = naming.physical(environment, *_READER, limit=64)
    return f"arn:{place.partition}:iam::{place.account}:role/{name}"


@dataclass(frozen=True, kw_only=True)
class AtSecretsManager:
    """Where secrets are, and of which cluster the pods are that read them."""

    place: Place
    cluster: ClusterHandle


@dataclass(frozen=True, kw_only=True)
class ExternalSecretsArgs:
    """What external-secrets needs."""

    scope: Scope
    aws: AtSecretsManager | None
    """None where there is no AWS: then it only makes passwords."""
    replicas: int = 1
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need, and outlives it."""


class ExternalSecrets(pulumi.ComponentResource):
    """external-secrets, and a store of the platform's own secrets.

    Its pods have no right to any secret. For each store they have, for a while, the role that reads, and say
    which folder it is about; the role lets them read that one alone. One role does for any number of teams.

    What asks for secrets comes after `ready`, and goes before it: with the release go its kinds, and all
    objects of theirs.
    """

    store: str | None
    """Name of the ClusterSecretStore of the platform's secrets; None where there is none."""
    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ExternalSecretsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:ExternalSecrets", name, {}, opts)
        self._name, self._args = name, args
        space = namespaces.namespace(
            name,
            manifests.NAMESPACE,
            args.scope.labels(_COMPONENT),
            "restricted",
            parent=self,
            after=args.after,
        )
        ingress.closed(name, space, args.scope.labels(_COMPONENT), manifests.ways_in(), parent=self)
        rights = () if args.aws is None else self._rights(args.aws)
        chart = Chart(
            name,
            ChartArgs(
                chart="external-secrets",
                namespace=manifests.NAMESPACE,
                values=manifests.values(args.replicas),
                after=(space, *rights, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        self._member_role()
        self.store = None if args.aws is None else manifests.PLATFORM_STORE
        self.ready = (chart, *(() if args.aws is None else (self._store(args.aws, chart),)))
        self.register_outputs({"store": self.store})

    def _rights(self, site: AtSecretsManager) -> tuple[pulumi.Resource, ...]:
        """The right to have the role that reads, and that role."""
        environment, child = self._args.scope.environment, pulumi.ResourceOptions(parent=self)
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=self._args.scope,
                place=site.place,
                cluster=site.cluster,
                namespace=manifests.NAMESPACE,
                service_account=manifests.ACCOUNT,
                role="secrets",
                description="Asks for the role that reads secrets, a folder at a time",
                component=_COMPONENT,
                statements=edge_policies.borrow(reader_arn(site.place, environment)),
            ),
            child,
        )
        reader = aws.iam.Role(
            f"{self._name}-reader",
            name=naming.physical(environment, *_READER, limit=64),
            description="Reads secrets of the folder that its session is for",
            assume_role_policy=identity.role_arn.apply(edge_policies.lend),
            tags=self._args.scope.tags(_COMPONENT),
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-reader",
            role=reader.name,
            policy=edge_policies.read(site.place, environment),
            opts=child,
        )
        return (*identity.rights, reader, policy)

    def _store(self, site: AtSecretsManager, chart: pulumi.Resource) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{manifests.PLATFORM_STORE}",
            api_version=manifests.API,
            kind="ClusterSecretStore",
            metadata={
                "name": manifests.PLATFORM_STORE,
                "labels": self._args.scope.labels(_COMPONENT),
            },
            spec=manifests.platform_store(site.place, reader_arn(site.place, self._args.scope.environment)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[chart]),
        )
        return made

    def _member_role(self) -> None:
        rbac.ClusterRole(
            self._name,
            metadata={"name": manifests.MEMBER_ROLE, "labels": self._args.scope.labels(_COMPONENT)},
            rules=manifests.member_rules(),
            opts=pulumi.ResourceOptions(parent=self),
        )


@dataclass(frozen=True, kw_only=True)
class TeamSecretsArgs:
    """Whose secrets, and where."""

    scope: Scope
    team: str
    namespaces: tuple[str, ...]
    groups: tuple[str, ...]
    """Kubernetes groups of the team's members."""
    home: str
    """The environment whose secrets the team's are among, which may not be the stack's own."""
    place: Place | None
    """Where the secrets are; None where there is no AWS: then there is no store."""
    after: tuple[pulumi.Resource, ...]
    """The namespaces, and what brings the kinds of secrets."""


class TeamSecrets(pulumi.ComponentResource):
    """In each of a team's namespaces a store of its secrets, and its members' right to use it."""

    def __init__(self, name: str, args: TeamSecretsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:TeamSecrets", name, {}, opts)
        labels = args.scope.labels(_COMPONENT, team=args.team)
        child = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        for namespace in args.namespaces:
            rbac.RoleBinding(
                f"{name}-{namespace}",
                metadata={"name": "secrets", "namespace": namespace, "labels": labels},
                role_ref={
                    "api_group": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": manifests.MEMBER_ROLE,
                },
                subjects=[
                    {"api_group": "rbac.authorization.k8s.io", "kind": "Group", "name": group}
                    for group in args.groups
                ],
                opts=child,
            )
            if args.place is not None:
                reader = reader_arn(args.place, args.home)
                CustomResource(
                    f"{name}-{namespace}",
                    api_version=manifests.API,
                    kind="SecretStore",
                    metadata={"name": manifests.TEAM_STORE, "namespace": namespace, "labels": labels},
                    spec=manifests.team_store(args.place, reader, args.team),
                    opts=child,
                )
        self.register_outputs({})
