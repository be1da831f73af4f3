"""What makes AWS' own accelerators usable: Neuron's device plugin on the nodes that have some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import scheduling
from components.charts import Chart, ChartArgs, ChartSite
from components.nodes import devices
from infra.environment.pools import Pool

_CHART: Final = "neuron-helm-chart"
_NAMESPACE: Final = "kube-system"


@dataclass(frozen=True, kw_only=True)
class NeuronPluginArgs:
    """What it needs."""

    pools: Mapping[str, Pool]
    """The environment's, by name; those without Neuron devices do not matter."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before it."""


class NeuronPlugin(pulumi.ComponentResource):
    """The daemon that offers Neuron devices to pods as `aws.amazon.com/neuron`, and cores of them.

    Sick devices are found by EKS' node monitoring agent, so the chart's own problem detector is left out, as
    is its scheduler: it is for pods that take some of a node's devices, which must lie side by side.
    https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: NeuronPluginArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:NeuronPlugin", name, {}, opts)
        chart = Chart(
            name,
            ChartArgs(
                chart=_CHART,
                namespace=_NAMESPACE,
                values=values(args.pools),
                after=args.after,
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart,)
        self.register_outputs({})


def values(pools: Mapping[str, Pool]) -> Mapping[str, Any]:
    """The chart's values; it finds its nodes by their instance types.

    https://github.com/aws-neuron/neuron-helm-charts/blob/1.9.0/charts/neuron-helm-chart/values.yaml
    """
    own = devices.with_neuron(pools)
    return {
        "neuronInstances": sorted({kind for pool in own.values() for kind in pool.instances}),
        "devicePlugin": {
            "tolerations": scheduling.tolerations(own.values()),
            "resources": scheduling.resources("20m", "64Mi", most="256Mi"),
        },
        "npd": {"enabled": False},
        "scheduler": {"enabled": False},
    }
