"""How planning grows with the pools of an environment, and how near plans come to their critical paths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operations.bench.commands import Measure

SIZES: Final = (25, 50, 100)
"""Pools of the synthetic environments."""

_KINDS: Final[tuple[dict[str, Any], ...]] = (
    {"instances": ["g6.xlarge"]},
    {"instances": ["r7i.2xlarge", "r6i.2xlarge"], "capacity": "spot"},
    {"instances": ["p4d.24xlarge"], "zone": "us-east-1a", "disk": "500GiB"},
    {"instances": ["g6e.12xlarge"], "sharing": {"time_slices": 4}},
    {"instances": ["c7i.4xlarge"], "labels": {"example.com/tier": "batch"}},
)
"""What pools are made of, in turns."""


def environment(pools: int) -> dict[str, Any]:
    """A stack file of so many pools of every kind, beside the one that add-ons need.

    EKS allows 30 managed node groups in a cluster, so all but a few are Karpenter's.
    """
    made = {
        f"pool-{number}": {**_KINDS[number % len(_KINDS)], "max": 2, "scaling": "karpenter"}
        for number in range(1, pools)
    }
    section = {
        "owner": "bench",
        "account": "111122223333",
        "network": {"cidr": "10.0.0.0/16", "zones": 3},
        "cluster": {"version": "1.35"},
        "pools": {"system": {"instances": ["m7i.large"], "min": 2, "max": 4}, **made},
    }
    return {"config": {"aws:region": "us-east-1", "mlcluster:environment": section}}


def files(folder: Path) -> dict[int, Path]:
    """Writes the synthetic environments; returns their files by the number of pools."""
    found = {size: folder / f"Pulumi.bench-{size}.yaml" for size in SIZES}
    for size, path in found.items():
        path.write_text(json.dumps(environment(size)), encoding="utf-8")  # JSON is YAML without aliases
    return found


@dataclass(frozen=True)
class Readiness:
    """The simulated time of an `up`, beside the least that its dependencies allow."""

    what: str
    minutes: float
    critical: float

    @property
    def ratio(self) -> float:
        """How much longer it takes than its critical path: 1 where nothing waits for a place."""
        return self.minutes / self.critical


def readiness(plans: Sequence[Measure]) -> list[Readiness]:
    """What the plans that were measured say of their time."""
    return [_readiness(run) for run in plans]


def _readiness(run: Measure) -> Readiness:
    minutes = json.loads(run.stdout)["minutes"]
    critical = sum(step["seconds"] for step in minutes["critical_path"]) / 60
    return Readiness(run.what, minutes["up"], critical)
