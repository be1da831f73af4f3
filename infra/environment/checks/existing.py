"""What teams may use, against what an existing cluster is said to have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from infra.environment.checks.check import check
from infra.environment.existing import Nodes
from infra.environment.model import Environment
from infra.environment.teams import Team
from infra.problems import ABSENT, Problem
from infra.units import ByteSize, Cpu


class _Measure(NamedTuple):
    """Something that quotas are about, in whole units of its smallest part."""

    field: str
    of: Callable[[Nodes | Team], int]
    written: Callable[[int], object]


_MEASURES: Final = (
    _Measure("gpus", lambda one: one.gpus, int),
    _Measure("cpu", lambda one: one.cpu.millis, lambda millis: Cpu(f"{millis}m").written()),
    _Measure("memory", lambda one: one.memory, lambda size: ByteSize(size).written()),
)


def _quotas(environment: Environment) -> Iterator[Problem]:
    """What all teams may use together, the nodes that the file tells of can hold."""
    cluster = environment.cluster
    if environment.platform != "kubernetes" or cluster is None or not cluster.nodes:
        return
    for field, of, written in _MEASURES:
        room = sum(nodes.count * of(nodes) for nodes in cluster.nodes.values())
        total = sum(of(team) for team in environment.all_teams.values() if not team.offboard)
        if total > room:
            message = f"may use {written(total)} {field} together; cluster.nodes have {written(room)}"
            yield Problem("teams", ABSENT, message, f"lower {field} of some, or write the nodes that lack")


CHECKS: Final = (check(_quotas, "platform", "cluster", "teams"),)
"""Rules on platform `kubernetes`."""
