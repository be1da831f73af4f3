"""A way through the gateway to a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking import v1 as networking

from components.mesh import gateway_manifests as manifests
from infra.handles import GatewayHandle
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class RouteArgs:
    """Where to."""

    scope: Scope
    gateway: GatewayHandle
    host: str
    """The service's part of its host name: ``grafana`` is ``grafana.<environment>.<domain>``."""
    namespace: str
    """Where the Service is; one of the environment's own, with its labels."""
    service: str
    """Name of the Service."""
    port: int
    component: str
    """The component that it is part of, for labels."""
    pods: Mapping[str, str] | None = None
    """Labels of the pods of a console that believes what the gateway tells of people: only the gateway and
    its own namespace may speak to them then. None: they are left as they are."""
    after: tuple[pulumi.Resource, ...] = ()
    """The Service, or at least its namespace; it outlives the route."""


class Route(pulumi.ComponentResource):
    """A host name that leads to a service, by HTTPS; behind the login, as all are."""

    host: str
    """The whole host name."""

    def __init__(self, name: str, args: RouteArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:mesh:Route", name, {}, opts)
        self.host = f"{args.host}.{args.gateway.base}"
        labels = args.scope.labels(args.component)
        before = [*args.gateway.ready, *args.after]
        if args.pods is not None:
            closed = networking.NetworkPolicy(
                name,
                metadata={
                    "name": f"{args.host}-only-gateway",
                    "namespace": args.namespace,
                    "labels": labels,
                },
                spec=manifests.only_gateway(args.pods),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
            before.append(closed)
        CustomResource(
            name,
            api_version=manifests.API,
            kind="HTTPRoute",
            metadata={
                "name": args.host,
                "namespace": args.namespace,
                "labels": labels,
            },
            spec=manifests.route(args.service, args.port, self.host),
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        self.register_outputs({"host": self.host})
