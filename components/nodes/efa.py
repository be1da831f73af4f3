"""What makes Elastic Fabric Adapters usable: their device plugin on the nodes that have some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import scheduling
from components.charts import Chart, ChartArgs, ChartSite
from components.nodes import devices
from infra.catalog.images import eks_registry
from infra.environment.pools import Pool
from infra.labels import POOL_LABEL
from infra.places import Place

_CHART: Final = "aws-efa-k8s-device-plugin"
_NAMESPACE: Final = "kube-system"


@dataclass(frozen=True, kw_only=True)
class EfaPluginArgs:
    """What it needs."""

    place: Place
    pools: Mapping[str, Pool]
    """The environment's, by name; those without EFA do not matter."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before it."""


class EfaPlugin(pulumi.ComponentResource):
    """The daemon that offers the adapters of a node to pods as `vpc.amazonaws.com/efa`."""

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: EfaPluginArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:EfaPlugin", name, {}, opts)
        # A mirror has its images in one place for all regions.
        registry = eks_registry(args.place.region) if args.charts.mirror is None else None
        chart = Chart(
            name,
            ChartArgs(
                chart=_CHART,
                namespace=_NAMESPACE,
                values=values(args.pools, registry=registry),
                after=args.after,
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart,)
        self.register_outputs({})


def values(pools: Mapping[str, Pool], *, registry: str | None = None) -> Mapping[str, Any]:
    """The chart's values.

    By itself it goes to every node of an instance type that may have adapters; ours are on the nodes of pools
    that do have them.

    Args:
        pools: Pools by name.
        registry: The host that its image comes from; None: that of the chart, or of a mirror.
    """
    own = devices.with_fabric(pools)
    return {
        "supportedInstanceLabels": {"keys": [POOL_LABEL], "values": sorted(own)},
        "tolerations": scheduling.tolerations(own.values()),
        "resources": scheduling.resources("10m", "20Mi", most="128Mi"),
        **({"image": {"repository": f"{registry}/eks/{_CHART}"}} if registry else {}),
    }
