"""The metrics that dashboards and alerts use, and who documents them (facts: metrics.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@cache
def metrics() -> Mapping[str, str]:
    """By metric, what measures it; histograms without the endings that Prometheus adds."""
    exporters = lookup.data("metrics.yaml")["exporters"]
    return MappingProxyType(
        {metric: exporter for exporter, fact in exporters.items() for metric in fact["metrics"]}
    )


@cache
def sources() -> Mapping[str, str]:
    """Where each exporter's metrics are documented."""
    exporters = lookup.data("metrics.yaml")["exporters"]
    return MappingProxyType({exporter: str(fact["source"]) for exporter, fact in exporters.items()})
