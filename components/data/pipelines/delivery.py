"""Argo CD: what is in teams' repositories, in their namespaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components import namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.data.pipelines import delivery_values
from components.data.pipelines.delivery_values import NAMESPACE, RELEASE, Front
from components.passwords import StoredSecret, StoredSecretArgs
from infra.handles import TeamSpace
from infra.labels import Scope

COMPONENT: Final = "delivery"
_RBAC: Final = "rbac.authorization.k8s.io"
_MEMBERS: Final = "mlcluster-delivery-members"
_OF_A_REPOSITORY: Final = ("url", "username", "password")


@dataclass(frozen=True, kw_only=True)
class Vault:
    """Where the platform's secrets are."""

    store: str
    """Name of the ClusterSecretStore."""
    folder: str
    """What their names begin with: ``mlcluster/dev/platform/``."""
    refresh_s: int
    """Seconds after which they are read again."""


@dataclass(frozen=True, kw_only=True)
class ContinuousDeliveryArgs:
    """What Argo CD needs."""

    scope: Scope
    front: Front | None = None
    """How people get at its console; None: nobody logs in."""
    vault: Vault | None = None
    """None: what is secret is there already, in its namespace."""
    credentials: tuple[str, ...] = ()
    """Names of the platform's secrets that repositories are read by."""
    metrics: str | None = None
    """The namespace of Prometheus; None: there is none."""
    replicas: int = 1
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What pods need, what makes Secrets, and what brings monitors' kinds; they outlive it."""


class ContinuousDelivery(pulumi.ComponentResource):
    """Argo CD, which brings what is in Git to the cluster, as far as projects let it.

    Nobody has a password there: people log in at the environment's provider, or not at all.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ContinuousDeliveryArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:ContinuousDelivery", name, {}, opts)
        self._name, self._args = name, args
        labels = args.scope.labels(COMPONENT)
        space = namespaces.namespace(name, NAMESPACE, labels, "restricted", parent=self, after=args.after)
        closed = networking.NetworkPolicy(
            name,
            metadata={"name": "ways-in", "namespace": NAMESPACE, "labels": labels},
            spec=delivery_values.ways_in(gateway=args.front is not None, metrics=args.metrics),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        chart = Chart(
            RELEASE,
            ChartArgs(
                chart="argo-cd",
                namespace=NAMESPACE,
                values=delivery_values.values(args.front, args.replicas, monitored=args.metrics is not None),
                after=(space, closed, *self._secrets(space), *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        members = rbac.ClusterRole(
            f"{name}-members",
            metadata={"name": _MEMBERS, "labels": labels},
            rules=delivery_values.member_rules(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart.release, members)
        self.register_outputs({})

    def _secrets(self, space: core.Namespace) -> tuple[pulumi.Resource, ...]:
        """Those that Argo CD finds by their labels, which the ones it makes of others have too."""
        args = self._args
        if args.vault is None:
            return ()
        repositories = [
            self._secret(f"repository-{one}", one, dict(zip(*[_OF_A_REPOSITORY] * 2, strict=True)), space)
            for one in args.credentials
        ]
        if args.front is None:
            return tuple(repositories)
        entry = delivery_values.CLIENT_SECRET
        login = self._secret(args.front.secret, args.front.login.secret, {entry: entry}, space)
        return (*repositories, login)

    def _secret(
        self, called: str, stored: str, properties: dict[str, str], space: core.Namespace
    ) -> pulumi.Resource:
        vault, of_login = self._args.vault, delivery_values.CLIENT_SECRET in properties
        if vault is None:
            raise ValueError(f"{called} has no store that it could come from")
        own = delivery_values.OF_ARGO_CD if of_login else delivery_values.CREDENTIALS
        secret = StoredSecretArgs(
            namespace=NAMESPACE,
            secret=called,
            labels={**self._args.scope.labels(COMPONENT), **own},
            store=vault.store,
            key=f"{vault.folder}{stored}",
            properties=properties,
            refresh_s=vault.refresh_s,
            after=(space, *self._args.after),
        )
        made = StoredSecret(f"{self._name}-{called}", secret, pulumi.ResourceOptions(parent=self))
        return made.ready[0]


@dataclass(frozen=True, kw_only=True)
class TeamProjectArgs:
    """Whose, from where to where, and who may."""

    scope: Scope
    team: str
    namespaces: tuple[str, ...]
    """The team's; they come after it."""
    repositories: tuple[str, ...]
    groups: tuple[str, ...]
    """The groups of its members, as the provider's tokens have them."""
    after: tuple[pulumi.Resource, ...] = ()
    """Argo CD, which outlives it."""


class TeamProject(pulumi.ComponentResource):
    """A team's project.

    Argo CD takes Applications away by what their project lets them: it has to be there as long as the team's
    namespaces are emptied, and so they come after it, and go before it.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: TeamProjectArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TeamProject", name, {}, opts)
        labels = args.scope.labels(COMPONENT, args.team)
        project = CustomResource(
            name,
            api_version="argoproj.io/v1alpha1",
            kind="AppProject",
            metadata={"name": args.team, "namespace": NAMESPACE, "labels": labels},
            spec=delivery_values.project(args.team, args.namespaces, args.repositories, args.groups),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.ready = (project,)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class TeamDeliveryArgs:
    """Who, and where."""

    scope: Scope
    team: str
    space: TeamSpace
    members: tuple[str, ...]
    """The Kubernetes groups of the team's members."""
    after: tuple[pulumi.Resource, ...] = ()
    """Argo CD, which outlives it."""


class TeamDelivery(pulumi.ComponentResource):
    """The right to have Applications in a team's namespaces."""

    def __init__(self, name: str, args: TeamDeliveryArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TeamDelivery", name, {}, opts)
        labels = args.scope.labels(COMPONENT, args.team)
        for namespace in args.space.namespaces:
            rbac.RoleBinding(
                f"{name}-{namespace}",
                metadata={"name": _MEMBERS, "namespace": namespace, "labels": labels},
                role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": _MEMBERS},
                subjects=[{"api_group": _RBAC, "kind": "Group", "name": one} for one in args.members],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *args.space.ready]),
            )
        self.register_outputs({})
