"""Istio's control plane, and what it has on each node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.definitions import Definitions, DefinitionsArgs
from components.mesh import istio_values
from infra.environment.mesh import Mesh
from infra.labels import Scope
from infra.mesh import NAMESPACE

_COMPONENT: Final = "mesh"


@dataclass(frozen=True, kw_only=True)
class IstioArgs:
    """What Istio needs."""

    scope: Scope
    mesh: Mesh
    replicas: int = 1
    """Pods that a control plane has at least."""
    login: bool = False
    """Whether the gateway asks who people are."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need, and outlives it."""


class Istio(pulumi.ComponentResource):
    """Istio: its kinds and those of the Gateway API, a control plane by its revision, a plugin on each node.

    A control plane of another name comes up beside the one before it, which stays as it is while it is named
    as `previous`: no version or value of it is changed. What is on nodes, and the kinds, exist once: they
    are upgraded in their place. https://istio.io/v1.29/docs/ambient/upgrade/helm/
    """

    ready: tuple[pulumi.Resource, ...]
    """What is in the mesh, or speaks to it, comes after these, and goes before them."""

    def __init__(self, name: str, args: IstioArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:mesh:Istio", name, {}, opts)
        self._name, self._args = name, args
        mode, revision = args.mesh.mode, args.mesh.revision
        space = self._namespace()
        ingress.closed(name, space, args.scope.labels(_COMPONENT), istio_values.ways_in(), parent=self)
        kinds = self._gateway_api()
        base = self._chart("istio-base", "base", istio_values.base(revision), (space,))
        control = self._control_plane(revision, (base, *kinds))
        if args.mesh.previous is not None:
            self._control_plane(args.mesh.previous, (base, *kinds), as_it_is=True)
        plugin = self._chart("istio-cni", "cni", istio_values.cni(mode), (base,))
        proxies: tuple[pulumi.Resource, ...] = ()
        if mode == "ambient":
            proxies = (self._chart("ztunnel", "ztunnel", istio_values.ztunnel(revision), (control, plugin)),)
        self.ready = (control, plugin, *proxies)
        self.register_outputs({})

    def _namespace(self) -> core.Namespace:
        return namespaces.namespace(
            self._name,
            NAMESPACE,
            self._args.scope.labels(_COMPONENT),
            "privileged",  # the plugin and the proxies on nodes work on the nodes' own network
            parent=self,
            after=self._args.after,
        )

    def _gateway_api(self) -> tuple[pulumi.Resource, ...]:
        if not self._args.mesh.gateway_api:
            return ()
        args = DefinitionsArgs(project="gateway-api", after=self._args.after)
        return Definitions("gateway-api", args, pulumi.ResourceOptions(parent=self)).ready

    def _control_plane(
        self, revision: str, after: tuple[pulumi.Resource, ...], *, as_it_is: bool = False
    ) -> pulumi.Resource:
        args = self._args
        values = istio_values.istiod(args.mesh.mode, revision, replicas=args.replicas, login=args.login)
        return self._chart(f"istiod-{revision}", "istiod", values, after, as_it_is=as_it_is)

    def _chart(
        self,
        release: str,
        chart: str,
        values: dict[str, Any],
        after: tuple[pulumi.Resource, ...],
        *,
        as_it_is: bool = False,
    ) -> pulumi.Resource:
        made: pulumi.Resource = Chart(
            release,
            ChartArgs(chart=chart, namespace=NAMESPACE, values=values, after=after, site=self._args.site),
            pulumi.ResourceOptions(parent=self, transformations=[_untouched] if as_it_is else []),
        ).release
        return made


_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_WHAT_UPGRADES_CHANGE: Final = ["chart", "repositoryOpts", "values", "version"]


def _untouched(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Leaves a release at the version and values that it has; one that is not there is made as any other."""
    if args.type_ != _RELEASE:
        return None
    left = pulumi.ResourceOptions(ignore_changes=_WHAT_UPGRADES_CHANGE)
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, left))
