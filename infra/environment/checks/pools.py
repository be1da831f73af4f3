"""Pools, against the network and the cluster that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem, did_you_mean


def _nodes(environment: Environment) -> Iterator[Problem]:
    """A cluster of ours has a network, and nodes on which its own add-ons can run."""
    if environment.cluster is None or environment.platform != "aws":
        return
    if environment.network is None:
        yield Problem(
            "network", ABSENT, "is missing, and the cluster needs one", "write network: {cidr: 10.40.0.0/16}"
        )
    if not any(pool.min and not pool.effective_taints for pool in environment.pools.values()):
        hint = "write one such as system: {instances: [m7i.large], min: 2}"
        yield Problem(
            "pools", ABSENT, "has no pool with min of at least 1 and no taints, for the add-ons", hint
        )


def _pools_in_zones(environment: Environment) -> Iterator[Problem]:
    """A pool's zone is one of the network's."""
    if environment.network is None or environment.region is None:
        return
    for name, pool in environment.pools.items():
        if pool.zone is not None and pool.zone not in environment.zones:
            hint = did_you_mean(pool.zone, environment.zones)
            yield Problem(dotted(("pools", name, "zone")), pool.zone, "is not a zone of the network", hint)


CHECKS: Final = (
    check(_nodes, "platform", "cluster", "network", "pools"),
    check(_pools_in_zones, "region", "network", "pools"),
)
