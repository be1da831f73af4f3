"""The one way into the cluster from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.mesh import gateway_manifests as manifests
from components.mesh import istio_values, limits, login_manifests, policies
from infra import hostnames, mesh
from infra.environment.mesh import Gateway as Settings
from infra.handles import GatewayHandle
from infra.labels import Scope

_COMPONENT: Final = "gateway"


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """What the gateway needs."""

    scope: Scope
    gateway: Settings
    revision: str
    """The control plane that it belongs to."""
    domain: str
    """The domain that host names are in."""
    issuer: str
    """Name of the ClusterIssuer of its certificate."""
    at_aws: bool
    """Whether its load balancer is made at AWS."""
    public: bool = False
    """Whether that has public addresses."""
    login: bool = False
    """Whether it asks who people are."""
    replicas: int = 1
    """Pods that it has at least."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """The mesh, certificates, load balancers and names; they outlive it."""


class Gateway(pulumi.ComponentResource):
    """Pods behind a load balancer, with one certificate for all hosts, and what every request has to pass.

    Nothing is let in before that is in place: the Gateway, which opens the ports, comes last.
    """

    handle: GatewayHandle

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:mesh:Gateway", name, {}, opts)
        self._name, self._args = name, args
        base = hostnames.base(args.scope.environment, args.domain)
        hosts = hostnames.wildcard(args.scope.environment, args.domain)
        space = self._namespace()
        labels = args.scope.labels(_COMPONENT)
        ingress.closed(self._name, space, labels, manifests.ways_in(), parent=self)
        spec = manifests.certificate(hosts, args.issuer)
        passed = (
            self._custom("Certificate", manifests.CERTIFICATES, manifests.CERTIFICATE, spec, (space,)),
            *self._checks(space, base),
            self._pods(space, hosts),
        )
        gateway = manifests.gateway(hosts)
        opened = self._custom("Gateway", manifests.API, mesh.GATEWAY, gateway, passed)
        self._custom("HTTPRoute", manifests.API, "to-https", manifests.to_https(), (opened,))
        self.handle = GatewayHandle(base=base, login=args.login, ready=(opened,))
        self.register_outputs({})

    def _namespace(self) -> core.Namespace:
        return namespaces.namespace(
            self._name,
            mesh.GATEWAYS,
            self._args.scope.labels(_COMPONENT),
            "restricted",
            parent=self,
            after=self._args.after,
        )

    def _checks(self, space: core.Namespace, base: str) -> tuple[pulumi.Resource, ...]:
        """What requests have to pass: their number, and who sends them."""
        spec = limits.envoy_filter(self._args.gateway.limits, istio_values.KNOWN)
        counted = self._custom("EnvoyFilter", limits.API, "limits", spec, (space,))
        if not self._args.login:
            return (counted,)
        asked = login_manifests.asks(f"{mesh.LOGIN}.{base}")
        return (counted, self._custom("AuthorizationPolicy", policies.API, "login", asked, (space,)))

    def _pods(self, space: core.Namespace, hosts: str) -> pulumi.Resource:
        args = self._args
        made: pulumi.Resource = Chart(
            mesh.GATEWAY,
            ChartArgs(
                chart="gateway",
                namespace=mesh.GATEWAYS,
                values=manifests.values(
                    args.revision,
                    replicas=args.replicas,
                    hosts=hosts,
                    sources=[str(one) for one in args.gateway.sources],
                    at_aws=args.scope.tags(_COMPONENT) if args.at_aws else None,
                    public=args.public,
                ),
                after=(space, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        return made

    def _custom(
        self,
        kind: str,
        api: str,
        name: str,
        spec: Mapping[str, Any],
        after: tuple[pulumi.Resource, ...],
    ) -> pulumi.Resource:
        labels = self._args.scope.labels(_COMPONENT)
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{kind.lower()}-{name}",
            api_version=api,
            kind=kind,
            metadata={"name": name, "namespace": mesh.GATEWAYS, "labels": labels},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, *self._args.after]),
        )
        return made
