"""A Helm chart of somebody else's, installed as Helm's users expect it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from infra.catalog.charts import ChartPin, chart

_REVISIONS: Final = 5
"""Revisions that Helm keeps, a Secret each: enough to see what changed lately. Left alone it keeps all."""


@dataclass(frozen=True, kw_only=True)
class ChartArgs:
    """What to install, and how."""

    chart: str
    """Its name in the catalog, which pins version and repository."""
    namespace: str
    """Where the release is."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Its values, over the chart's own; outputs may be anywhere in them."""
    create_namespace: bool = False
    """Whether Helm makes the namespace; it never deletes one."""
    timeout_s: int = 600
    """Seconds in which everything in it has to be ready."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before it, and outlives it."""


class Chart(pulumi.ComponentResource):
    """A release of a pinned chart.

    It is atomic: an upgrade that fails is rolled back, an installation that fails is removed, so that the
    next run starts clean. It is done when everything in it is ready.
    """

    release: kubernetes.helm.v3.Release

    def __init__(self, name: str, args: ChartArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:charts:Chart", name, {}, opts)
        self.release = kubernetes.helm.v3.Release(
            name,
            name=name,
            namespace=args.namespace,
            create_namespace=args.create_namespace,
            **source(chart(args.chart)),
            values=dict(args.values),
            atomic=True,
            cleanup_on_fail=True,
            timeout=args.timeout_s,
            max_history=_REVISIONS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.register_outputs({"status": self.release.status})


def source(pin: ChartPin) -> dict[str, Any]:
    """The arguments of a release that say where its chart comes from."""
    where = {} if pin.in_registry else {"repository_opts": {"repo": pin.repository}}
    return {"chart": pin.reference, "version": pin.version, **where}
