"""What teams may use, against what pools can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from infra.catalog.instances import Shape
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.environment.pools.pool import NEURON
from infra.environment.pools.sharing import GPU, mig_resource, profiles
from infra.environment.section import dotted
from infra.environment.teams import Team
from infra.problems import ABSENT, Problem, did_you_mean
from infra.units import ByteSize, Cpu, GiB


def _memory(size: int) -> object:
    """A size as the file would have it, in whole GiB where there are any."""
    return ByteSize(size - size % GiB or size).written()


class _Measure(NamedTuple):
    """Something that quotas are about, in whole units of its smallest part."""

    field: str
    unit: str
    of_team: Callable[[Team], int]
    of_node: Callable[[Pool, Shape], int]
    written: Callable[[int], object]


_MEASURES: Final = (
    _Measure(
        "gpus", " GPUs", lambda team: team.gpus, lambda pool, shape: pool.devices_of(shape).get(GPU, 0), int
    ),
    _Measure(
        "neurons",
        " Neuron devices",
        lambda team: team.neurons,
        lambda pool, shape: pool.devices_of(shape).get(NEURON, 0),
        int,
    ),
    _Measure(
        "cpu",
        " vCPUs",
        lambda team: team.cpu.millis,
        lambda _, shape: round(shape.allocatable_cpu * 1000),
        lambda millis: Cpu(f"{millis}m").written(),
    ),
    _Measure(
        "memory",
        "",
        lambda team: team.memory,
        lambda pool, shape: shape.allocatable_memory - (pool.huge_pages or 0),
        _memory,
    ),
)


def _quotas(environment: Environment) -> Iterator[Problem]:
    """What teams may use, each and together, the pools can hold at their largest."""
    if environment.platform != "aws" or not environment.pools:
        return
    for measure in _MEASURES:
        yield from _quota(measure, environment)


def _using(teams: Mapping[str, Team]) -> dict[str, Team]:
    """The teams that may use anything: those that are leaving may not."""
    return {name: team for name, team in teams.items() if not team.offboard}


def _together(environment: Environment) -> str:
    """Who is meant by all teams together, where those of other stacks are among them."""
    return f"together with those of {', '.join(environment.others)}" if environment.others else "together"


def _quota(measure: _Measure, environment: Environment) -> Iterator[Problem]:
    field, written, pools = measure.field, measure.written, environment.pools
    shares = {name: measure.of_team(team) for name, team in _using(environment.teams).items()}
    # Of alternatives the smallest counts: it is what the pool holds for certain.
    room = sum(pool.max * min(measure.of_node(pool, one) for one in pool.shapes) for pool in pools.values())
    largest = f"above {written(room)}{measure.unit}, all that the pools hold at their largest"
    above = {name: share for name, share in shares.items() if share > room}
    for name, share in above.items():
        path = dotted(("teams", name, field))
        yield Problem(path, written(share), f"is {largest}", "lower it, or raise max of a pool")
    total = sum(measure.of_team(team) for team in _using(environment.all_teams).values())
    if total > room and not above:
        hint = f"lower {field} of some, or raise max of a pool"
        message = f"may use {written(total)} {field} {_together(environment)}, {largest}"
        yield Problem("teams", ABSENT, message, hint)


def _instances(environment: Environment) -> Iterator[Problem]:
    """GPU instances that teams may use are of profiles that pools have, and together no more than those."""
    if environment.platform != "aws" or not environment.pools:
        return
    offered = profiles(pool.sharing for pool in environment.pools.values())
    asked: Counter[str] = Counter()
    for name, team in _using(environment.all_teams).items():
        for profile, count in team.mig.items():
            asked[profile] += count
            if profile not in offered and name in environment.teams:
                hint = did_you_mean(profile, offered) if offered else "write sharing: {mig: …} of a pool"
                path = dotted(("teams", name, "mig", profile))
                yield Problem(path, count, "is of a profile that no pool cuts its GPUs into", hint)
    for profile in offered:
        room = sum(
            pool.max * min(pool.devices_of(one).get(mig_resource(profile), 0) for one in pool.shapes)
            for pool in environment.pools.values()
        )
        if asked[profile] > room:
            used = f"{asked[profile]} of {profile} {_together(environment)}"
            message = f"may use {used}, above {room}, all that the pools hold"
            hint = f"lower mig of some, or raise max of a pool with mig: {profile}"
            yield Problem("teams", ABSENT, message, hint)


def _budgets(environment: Environment) -> Iterator[Problem]:
    """Somebody hears when a team's budget at AWS runs out."""
    if environment.platform != "aws" or environment.budget is not None:
        return
    for name, team in environment.teams.items():
        if team.budget is not None and not team.notify:
            hint = "write notify beside it, with e-mail addresses, or the environment's budget"
            path = dotted(("teams", name, "budget"))
            yield Problem(path, team.budget, "runs out, and nobody is told", hint)


CHECKS: Final = (
    check(_budgets, "platform", "budget", "teams"),
    check(_quotas, "platform", "pools", "teams"),
    check(_instances, "platform", "pools", "teams"),
)
