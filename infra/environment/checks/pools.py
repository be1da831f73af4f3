"""Pools, against the network and the cluster that they are in, and against the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem, did_you_mean

DRAINED: Final = timedelta(minutes=40)
"""How long before a capacity block ends EKS begins to take its nodes away:
https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"""


def _nodes(environment: Environment) -> Iterator[Problem]:
    """A cluster of ours has a network, and nodes on which its own add-ons can run."""
    if environment.cluster is None or environment.platform != "aws":
        return
    if environment.network is None:
        yield Problem(
            "network", ABSENT, "is missing, and the cluster needs one", "write network: {cidr: 10.40.0.0/16}"
        )
    always = (pool for pool in environment.pools.values() if pool.min and pool.scaling == "managed")
    if all(pool.effective_taints for pool in always):
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


def _releases(environment: Environment) -> Iterator[Problem]:
    """Images are for the Kubernetes version of the cluster, where their release tells it."""
    version = None if environment.cluster is None else environment.cluster.version
    for name, pool in environment.pools.items():
        if version is not None and pool.image.minor not in {None, version}:
            yield Problem(
                dotted(("pools", name, "image", "release")),
                pool.image.release,
                f"is for Kubernetes {pool.image.minor}, and the cluster is {version}",
                f"write a release that begins with {version}, or leave it out",
            )


def ended(environment: Environment, now: datetime) -> Iterator[Problem]:
    """Capacity blocks that are over, or so nearly that no node would stay.

    This is no part of `CHECKS`: a file that was right yesterday must still be read today, if only to take the
    environment down. Whoever is about to make nodes asks, with the time at hand.

    Args:
        environment: The environment.
        now: The present moment, with its time zone.
    """
    for name, pool in environment.pools.items():
        if pool.ends is not None and now >= pool.ends - DRAINED:
            yield Problem(
                dotted(("pools", name, "capacity", "ends")),
                f"{pool.ends:%Y-%m-%dT%H:%M:%SZ}",
                "is when the capacity block ends, and EKS drains its nodes 40 minutes before: it is over",
                "write a block that lasts, or remove the pool",
            )


CHECKS: Final = (
    check(_nodes, "platform", "cluster", "network", "pools"),
    check(_pools_in_zones, "region", "network", "pools"),
    check(_releases, "cluster", "pools"),
)
