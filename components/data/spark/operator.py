"""The Spark operator: makes drivers of SparkApplications, in any namespace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes.rbac import v1 as rbac

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.data.spark import operator_values, rights
from infra.labels import Scope

COMPONENT: Final = "spark"
MEMBER_ROLE: Final = "mlcluster-spark"
"""Name of the ClusterRole that members of teams have in their namespaces."""


@dataclass(frozen=True, kw_only=True)
class SparkOperatorArgs:
    """What the operator needs."""

    scope: Scope
    replicas: int = 1
    monitored: bool = False
    """Whether Prometheus' kinds are there; what brings them is in `after`."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need, and outlives it."""


class SparkOperator(pulumi.ComponentResource):
    """The Kubeflow Spark operator with its webhook, which puts what a job says into its pods.

    It knows no team: it watches all namespaces, so a team that comes later, from another stack too, has jobs
    at once. What teams have of it comes after `ready`, and goes before it.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: SparkOperatorArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:SparkOperator", name, {}, opts)
        labels = args.scope.labels(COMPONENT)
        space = namespaces.namespace(
            name, operator_values.NAMESPACE, labels, operator_values.LEVEL, parent=self, after=args.after
        )
        ingress.closed(name, space, labels, operator_values.ways_in(), parent=self)
        chart = Chart(
            "spark-operator",
            ChartArgs(
                chart="spark-operator",
                namespace=operator_values.NAMESPACE,
                values=operator_values.values(args.replicas, monitored=args.monitored),
                after=(space, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        members = rbac.ClusterRole(
            name,
            metadata={"name": MEMBER_ROLE, "labels": labels},
            rules=rights.member_rules(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart, members)
        self.register_outputs({})
