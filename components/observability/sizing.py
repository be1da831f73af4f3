"""How large Prometheus has to be for a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.units import DAY, GiB, MiB

SCRAPE_S: Final = 30
"""Seconds between two looks at everything, the chart's own."""
_SERIES: Final = 60_000
"""Of the control plane and the system's own services. An estimate; so are the two below, after clusters with
the kubelet's, cAdvisor's, kube-state-metrics' and the node exporter's metrics."""
_SERIES_PER_NODE: Final = 2_500
_SERIES_PER_GPU: Final = 60
_BYTES_PER_SAMPLE: Final = 2
"""One to two: https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects"""
_BYTES_PER_SERIES: Final = 8_192
"""Of memory, with queries and the index, for a series in the head block. An estimate from others' figures."""
_HEADROOM: Final = 1.3
SHARE: Final = 0.85
"""Of its volume that Prometheus fills before it drops the oldest data: the rest is its log of writes."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one Prometheus takes."""

    series: int
    storage: int
    """Bytes."""
    memory: int
    """Bytes."""
    cpu: float


def size(*, nodes: int, gpus: int, retention_s: int, storage: int | None) -> Size:
    """The size for a cluster at its largest.

    Args:
        nodes: Nodes that it may have.
        gpus: GPUs that they may have.
        retention_s: How long metrics are kept.
        storage: Bytes of the volume where they were chosen.
    """
    series = _SERIES + nodes * _SERIES_PER_NODE + gpus * _SERIES_PER_GPU
    samples = series * max(retention_s, DAY) / SCRAPE_S
    needed = _whole(samples * _BYTES_PER_SAMPLE * _HEADROOM / SHARE, 10 * GiB)
    return Size(
        series=series,
        storage=needed if storage is None else storage,
        memory=_whole(series * _BYTES_PER_SERIES * _HEADROOM, 256 * MiB),
        cpu=max(0.5, round(series / 250_000, 1)),
    )


def _whole(number: float, unit: int) -> int:
    """The number raised to whole units."""
    return -int(-number // unit) * unit
