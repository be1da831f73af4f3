"""Where people are asked who they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking

from components import namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.mesh import login_manifests as manifests
from components.mesh import policies
from components.mesh.istio_values import LOGIN_PORT, LOGIN_SERVICE
from components.mesh.route import Route, RouteArgs
from components.passwords import GeneratedPassword, GeneratedPasswordArgs, StoredSecret, StoredSecretArgs
from infra.environment.domain import Login as Settings
from infra.handles import GatewayHandle
from infra.labels import Scope
from infra.mesh import LOGIN, Membership

_COMPONENT: Final = "login"


@dataclass(frozen=True, kw_only=True)
class LoginArgs:
    """What the login needs."""

    scope: Scope
    login: Settings
    gateway: GatewayHandle
    membership: Membership
    """How it is part of the mesh."""
    key: str | None = None
    """The whole name of the client's secret in the platform's store; None: a Secret of its name is there."""
    store: str | None = None
    """Name of that ClusterSecretStore."""
    refresh_s: int = 3600
    """Seconds after which the client's secret is read again."""
    replicas: int = 1
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """The mesh, and what makes Secrets; they outlive it."""


class Login(pulumi.ComponentResource):
    """oauth2-proxy, the host that people come back to from their provider, and its two secrets.

    The client's secret comes from AWS Secrets Manager, or is there already; the key of the cookies is made in
    the cluster. Neither is in a plan, a log or the state.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: LoginArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:mesh:Login", name, {}, opts)
        self._name, self._args = name, args
        space = self._namespace()
        secret = args.login.secret if args.key is None else LOGIN_SERVICE
        before = (space, self._strict(space), *self._closed(space), *self._secrets(space))
        chart = Chart(
            LOGIN_SERVICE,
            ChartArgs(
                chart="oauth2-proxy",
                namespace=LOGIN,
                values=manifests.values(args.login, args.gateway.base, secret, args.replicas),
                after=(*before, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart.release,)
        self._route()
        self.register_outputs({})

    def _namespace(self) -> core.Namespace:
        return namespaces.namespace(
            self._name,
            LOGIN,
            {**self._args.scope.labels(_COMPONENT), **self._args.membership.labels},
            "restricted",
            parent=self,
            after=self._args.after,
        )

    def _strict(self, space: core.Namespace) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            f"{self._name}-strict",
            api_version=policies.API,
            kind="PeerAuthentication",
            metadata=self._metadata("strict"),
            spec=policies.strict(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space, *self._args.after]),
        )
        return made

    def _closed(self, space: core.Namespace) -> tuple[pulumi.Resource, ...]:
        closed: pulumi.Resource = networking.NetworkPolicy(
            self._name,
            metadata=self._metadata("only-gateway"),
            spec=manifests.only_gateway(self._args.membership),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        return (closed,)

    def _secrets(self, space: core.Namespace) -> tuple[pulumi.Resource, ...]:
        args = self._args
        labels, after = args.scope.labels(_COMPONENT), (space, *args.after)
        cookie = GeneratedPasswordArgs(
            namespace=LOGIN,
            secret=manifests.COOKIE,
            labels=labels,
            length=manifests.COOKIE_LENGTH,
            after=after,
        )
        made = GeneratedPassword(f"{self._name}-cookie", cookie, pulumi.ResourceOptions(parent=self)).ready
        if args.key is None or args.store is None:
            return made
        client = StoredSecretArgs(
            namespace=LOGIN,
            secret=LOGIN_SERVICE,
            labels=labels,
            store=args.store,
            key=args.key,
            properties={manifests.CLIENT_SECRET: manifests.CLIENT_SECRET},
            refresh_s=args.refresh_s,
            after=after,
        )
        stored = StoredSecret(f"{self._name}-client", client, pulumi.ResourceOptions(parent=self))
        return (*made, *stored.ready)

    def _route(self) -> None:
        args = RouteArgs(
            scope=self._args.scope,
            gateway=self._args.gateway,
            host=LOGIN,
            namespace=LOGIN,
            service=LOGIN_SERVICE,
            port=LOGIN_PORT,
            component=_COMPONENT,
            after=self.ready,
        )
        Route(f"{self._name}-route", args, pulumi.ResourceOptions(parent=self))

    def _metadata(self, name: str) -> dict[str, object]:
        return {"name": name, "namespace": LOGIN, "labels": self._args.scope.labels(_COMPONENT)}
