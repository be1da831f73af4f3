"""The managed node groups that a pool is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from infra.environment.pools.pool import Pool

MOST_NODES: Final = 450
"""Nodes of one managed node group by EKS' default quota "Nodes per managed node group". It can be raised; a
pool stays split all the same, for smaller groups are also updated and scaled sooner:
https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"""


@dataclass(frozen=True)
class Group:
    """One managed node group.

    Attributes:
        number: Which of its pool's, counted from 1.
        of: How many its pool has.
        zones: The availability zones that its nodes may be in.
        min: Nodes that are always there.
        max: Nodes that there may be.
    """

    number: int
    of: int
    zones: tuple[str, ...]
    min: int
    max: int

    def name(self, pool: str) -> str:
        """What it is called: as its pool, the further ones with a number that no pool's name can end in."""
        return pool if self.number == 1 else f"{pool}.{self.number}"

    def parts(self, pool: str) -> tuple[str, ...]:
        """Its name in parts, for physical names."""
        return (pool,) if self.number == 1 else (pool, str(self.number))


def groups(pool: Pool, zones: Sequence[str]) -> tuple[Group, ...]:
    """The managed node groups of a pool: as few as EKS allows, about equally large.

    A pool of one group spans all its zones. That is better for accelerators than a group for each zone: an
    Auto Scaling group goes to another zone when one has no machines left, whereas groups of their own would
    have split `max` among them, and what is missing in one zone could not be had in another. A pool that
    needs several groups has as many in each zone, so that an autoscaler can keep the zones even.

    Args:
        pool: The pool.
        zones: The network's zones; those of a pool with a zone of its own do not count.
    """
    over = (pool.zone,) if pool.zone else tuple(zones)
    count = ceil(pool.max / MOST_NODES)
    if count > 1:
        count = ceil(count / len(over)) * len(over)
    return tuple(
        Group(
            number=index + 1,
            of=count,
            zones=over if count == 1 else (over[index % len(over)],),
            min=share(pool.min, count, index),
            max=share(pool.max, count, index),
        )
        for index in range(count)
    )


def share(nodes: int, count: int, index: int) -> int:
    """What the group with an index has of some nodes, so that the shares of all add up to them."""
    return nodes // count + (index < nodes % count)
