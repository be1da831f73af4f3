"""What there is to watch in an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Features:
    """What an environment has, as far as it decides what is watched.

    What people run in it (Kafka, Spark, training, serving) is always watched: what is not there has no
    metrics, and alerts over nothing never fire.
    """

    gpus: bool = False
    """Whether a node may have NVIDIA GPUs."""
    efa: bool = False
    """Whether a node may have EFA interfaces."""
    lustre: Mapping[str, int] = field(default_factory=dict)
    """Sizes of the FSx for Lustre file systems, bytes, by the tag `Name` that they have at AWS; 0: it grows
    by itself."""
    costs: bool = False
    """Whether OpenCost reckons what is spent."""
    archive: bool = False
    """Whether Postgres in the cluster has its backups in the lake."""
