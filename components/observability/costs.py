"""OpenCost: what namespaces cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.observability import costs_values
from components.observability.costs_values import FILE, NAME, NAMESPACE, PRICE_LIST, Prices
from components.observability.spaces import COMPONENT
from infra import prometheus
from infra.environment.costs import Costs
from infra.handles import Metrics
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class ClusterCostsArgs:
    """What OpenCost reckons from."""

    scope: Scope
    costs: Costs
    metrics: Metrics
    price_list: str | None
    """Prices as `costs_values.price_list` writes them; None: rates of the file, or AWS' own prices."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need; outlives it."""


class ClusterCosts(pulumi.ComponentResource):
    """OpenCost, with its price list."""

    def __init__(self, name: str, args: ClusterCostsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:ClusterCosts", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        # The interface's nginx writes to its image's file system as it starts, and its user is the image's.
        space = namespaces.namespace(
            NAMESPACE,
            NAMESPACE,
            {**args.scope.labels(COMPONENT), **prometheus.READER},
            "baseline",
            parent=self,
            after=args.after,
        )
        ways = [ingress.prometheus_to(costs_values.METRICS)]
        ingress.closed(NAMESPACE, space, args.scope.labels(COMPONENT), ways, parent=self)
        listed: tuple[pulumi.Resource, ...] = ()
        if args.price_list is not None:
            listed = (
                core.ConfigMap(
                    name,
                    metadata={
                        "name": PRICE_LIST,
                        "namespace": NAMESPACE,
                        "labels": args.scope.labels(COMPONENT),
                    },
                    data={FILE: args.price_list},
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
                ),
            )
        Chart(
            NAME,
            ChartArgs(
                chart="opencost",
                namespace=NAMESPACE,
                values=costs_values.values(
                    args.scope.environment,
                    args.metrics.address,
                    Prices(listed=args.price_list is not None, rates=args.costs.rates),
                ),
                after=(space, *listed, *args.metrics.ready, *args.after),
                site=args.site,
            ),
            child,
        )
        self.register_outputs({})
