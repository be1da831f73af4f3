"""What nodes offer that a team's quota has to name, for Kubernetes limits only what a quota names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction

from infra.environment.pools.pool import EFA, NEURON, Pool
from infra.environment.pools.sharing import profiles


@dataclass(frozen=True, kw_only=True)
class Devices:
    """Devices of an environment's pools, besides GPUs."""

    profiles: tuple[str, ...] = ()
    """Profiles of MIG that GPUs are cut into."""
    neuron: bool = False
    """Whether there are Neuron devices."""
    efa: Fraction | None = None
    """EFA interfaces for each accelerator, in the pool that has most. None: there are none, or some are on
    nodes without accelerators, where pods need nothing else to have them."""


def devices(pools: Collection[Pool]) -> Devices:
    """The devices of pools."""
    fabrics = [(pool.efa_interfaces, _accelerators(pool)) for pool in pools if pool.efa_interfaces]
    return Devices(
        profiles=profiles(pool.sharing for pool in pools),
        neuron=any(NEURON in pool.devices for pool in pools),
        efa=_for_each(fabrics),
    )


def _for_each(fabrics: Iterable[tuple[int, int]]) -> Fraction | None:
    """EFA interfaces for each accelerator, of nodes that have so many of both."""
    known = list(fabrics)
    if not all(accelerators for _, accelerators in known):
        return None
    return max((Fraction(*one) for one in known), default=None)


def _accelerators(pool: Pool) -> int:
    """Accelerators of a node, or shares of them."""
    return sum(count for resource, count in pool.devices.items() if resource != EFA)
