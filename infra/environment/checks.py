"""Rules that hold between sections. Rules within one section are validators of its model.

A check says which fields of the environment it reads, so that it still runs when others are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from math import ceil
from typing import Final, NamedTuple

from infra import addressing
from infra.catalog import regions
from infra.catalog.instances import Shape
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.environment.section import Section, dotted
from infra.environment.teams import Team
from infra.problems import ABSENT, BadInput, Problem, did_you_mean
from infra.units import ByteSize, Cpu, GiB


class Check(NamedTuple):
    """A rule, and the fields that it reads."""

    rule: Callable[[Environment], Iterable[Problem]]
    reads: frozenset[str]


def run(environment: Environment, broken: Iterable[str] = ()) -> list[Problem]:
    """Everything that the checks find wrong.

    Args:
        environment: The environment.
        broken: Fields whose values do not count, since they were wrong in themselves.
    """
    ignored = frozenset(broken)
    return [problem for rule, reads in CHECKS if not reads & ignored for problem in rule(environment)]


_REQUIRED: Final[Mapping[str, Mapping[str, str]]] = {
    "aws": {
        "aws:region": "the region, such as us-east-1, under config",
        "account": 'the number of the only account that may be touched, such as "111122223333"',
        "cluster.version": 'a Kubernetes version, such as "1.35"',
    },
    "kubernetes": {"cluster.context": "the context in the kubeconfig that leads to the existing cluster"},
}
_ONLY: Final[Mapping[str, Sequence[str]]] = {
    "aws": (
        *("aws:region", "account", "data", "network", "pools", "storage.lake", "budget"),
        *("cluster.version", "cluster.api_access", "cluster.admins", "cluster.log_retention"),
    ),
    "kubernetes": ("cluster.context",),
}


def _required(environment: Environment) -> Iterator[Problem]:
    """What each platform cannot do without."""
    for path, words in _REQUIRED[environment.platform].items():
        section, _ = _owner(environment, path)
        if section is not None and not _says(environment, path):
            yield Problem(
                path, ABSENT, f"is missing, which platform {environment.platform} needs", f"write {words}"
            )


def _of_the_platform(environment: Environment) -> Iterator[Problem]:
    """Nothing is written that the platform would ignore."""
    for platform, paths in _ONLY.items():
        for path in paths:
            if platform != environment.platform and _says(environment, path):
                yield Problem(
                    path,
                    ABSENT,
                    f"is only for platform {platform}",
                    f"remove it, or write platform: {platform}",
                )


def _says(environment: Environment, path: str) -> bool:
    """Whether the file says something at a path of at most a section and a field."""
    section, field = _owner(environment, path)
    return section is not None and field in section.model_fields_set and bool(getattr(section, field))


def _owner(environment: Environment, path: str) -> tuple[Section | None, str]:
    """The section that a path's last field is in, if the environment has it, and that field."""
    section, _, field = path.removeprefix("aws:").rpartition(".")
    return (getattr(environment, section) if section else environment), field


def _something(environment: Environment) -> Iterator[Problem]:
    """A stack has a cluster, or data to keep; what a cluster is made of does not come without it."""
    if environment.cluster is not None:
        return
    if environment.storage.lake is None:
        hint = "write a cluster, or storage.lake for a stack that only keeps data"
        yield Problem("cluster", ABSENT, "is missing, and there is no storage.lake either", hint)
    for path in ("network", "pools", "teams", "data"):
        if _says(environment, path):
            yield Problem(path, ABSENT, "needs a cluster", f"write the cluster, or remove {path}")


def _lake(environment: Environment) -> Iterator[Problem]:
    """Data lives in one place."""
    if environment.data == environment.name:
        yield Problem("data", environment.data, "is this very stack", "write the stack that keeps the data")
    if environment.data and environment.storage.lake:
        hint = "remove storage.lake to use that stack's, or data to have a lake of its own"
        yield Problem(
            "data", environment.data, "keeps the lake already, and storage.lake is a second one", hint
        )


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


def _zones_exist(environment: Environment) -> Iterator[Problem]:
    """Zones are the region's."""
    if environment.network is None or environment.region is None:
        return
    known, chosen = regions.zones(environment.region), environment.network.zones
    if isinstance(chosen, int):
        if chosen > len(known):
            message = f"is more than the {len(known)} zones that {environment.region} has for EKS"
            yield Problem("network.zones", chosen, message, f"write {len(known)} or fewer")
        return
    for index, zone in enumerate(chosen):
        if zone not in known:
            yield Problem(
                f"network.zones[{index}]",
                zone,
                f"is not a zone of {environment.region} that EKS can use",
                did_you_mean(zone, known),
            )


def _pools_in_zones(environment: Environment) -> Iterator[Problem]:
    """A pool's zone is one of the network's."""
    if environment.network is None or environment.region is None:
        return
    for name, pool in environment.pools.items():
        if pool.zone is not None and pool.zone not in environment.zones:
            hint = did_you_mean(pool.zone, environment.zones)
            yield Problem(dotted(("pools", name, "zone")), pool.zone, "is not a zone of the network", hint)


def _addresses(environment: Environment) -> Iterator[Problem]:
    """The nodes and pods of all pools at their largest fit the private subnets."""
    if environment.network is None or not environment.zones:
        return
    cidr, zones = environment.network.cidr, environment.zones
    try:
        plan = addressing.plan(cidr, zones)
    except BadInput as small:
        yield from small.problems
        return
    needs = {zone: _needed(environment.pools, zone, len(zones)) for zone in zones}
    zone = max(zones, key=lambda zone: sum(needs[zone].values()))
    need, room = sum(needs[zone].values()), addressing.usable(plan.private[zone])
    if need > room:
        hungry = max(needs[zone], key=lambda name: needs[zone][name])
        message = f"leaves {room} addresses in {zone}, where the pools at their largest need {need}"
        yield Problem("network.cidr", str(cidr), message, _more_room(cidr, zones, need, hungry))


def _needed(pools: Mapping[str, Pool], zone: str, zones: int) -> dict[str, int]:
    """Addresses that each pool needs in a zone; one without a zone of its own is spread evenly."""
    return {
        name: max(
            addressing.addresses_needed(
                shape,
                pool.max if pool.zone else ceil(pool.max / zones),
                reserved=pool.accelerated and bool(pool.effective_taints),
                efa_interfaces=pool.efa_interfaces,
            )
            for shape in pool.shapes
        )
        for name, pool in pools.items()
        if pool.zone in {None, zone}
    }


def _more_room(cidr: IPv4Network, zones: Sequence[str], need: int, hungry: str) -> str:
    """What to do for more addresses: the next larger range that has them, or a smaller pool."""
    for length in range(cidr.prefixlen - 1, 15, -1):
        wider = cidr.supernet(new_prefix=length)
        if addressing.usable(addressing.plan(wider, zones).private[zones[0]]) >= need:
            return f"write a /{length} or larger, such as {wider}"
    return f"lower pools.{hungry}.max, or spread the pool over more zones"


def _memory(size: int) -> object:
    """A size as the file would have it, in whole GiB where there are any."""
    return ByteSize(size - size % GiB or size).written()


class _Measure(NamedTuple):
    """Something that quotas are about, in whole units of its smallest part."""

    field: str
    unit: str
    of_team: Callable[[Team], int]
    of_node: Callable[[Shape], int]
    written: Callable[[int], object]


_MEASURES: Final = (
    _Measure("gpus", " GPUs", lambda team: team.gpus, lambda shape: shape.gpu_count, int),
    _Measure(
        "cpu",
        " vCPUs",
        lambda team: team.cpu.millis,
        lambda shape: round(shape.allocatable_cpu * 1000),
        lambda millis: Cpu(f"{millis}m").written(),
    ),
    _Measure("memory", "", lambda team: team.memory, lambda shape: shape.allocatable_memory, _memory),
)


def _quotas(environment: Environment) -> Iterator[Problem]:
    """What teams may use, each and together, the pools can hold at their largest."""
    if environment.platform != "aws" or not environment.pools:
        return
    for measure in _MEASURES:
        yield from _quota(measure, environment.teams, environment.pools)


def _quota(measure: _Measure, teams: Mapping[str, Team], pools: Mapping[str, Pool]) -> Iterator[Problem]:
    field, written = measure.field, measure.written
    shares = {name: measure.of_team(team) for name, team in teams.items()}
    # Of alternatives the smallest counts: it is what the pool holds for certain.
    room = sum(pool.max * min(measure.of_node(shape) for shape in pool.shapes) for pool in pools.values())
    largest = f"above {written(room)}{measure.unit}, all that the pools hold at their largest"
    above = {name: share for name, share in shares.items() if share > room}
    for name, share in above.items():
        path = dotted(("teams", name, field))
        yield Problem(path, written(share), f"is {largest}", "lower it, or raise max of a pool")
    total = sum(shares.values())
    if total > room and not above:
        hint = f"lower {field} of some, or raise max of a pool"
        yield Problem("teams", ABSENT, f"may use {written(total)} {field} together, {largest}", hint)


def _check(rule: Callable[[Environment], Iterable[Problem]], *reads: str) -> Check:
    return Check(rule, frozenset(reads))


CHECKS: Final = (
    _check(_required, "platform"),
    _check(_of_the_platform, "platform"),
    _check(_something, "cluster", "storage"),
    _check(_lake, "data", "storage"),
    _check(_nodes, "platform", "cluster", "network", "pools"),
    _check(_zones_exist, "region", "network"),
    _check(_pools_in_zones, "region", "network", "pools"),
    _check(_addresses, "region", "network", "pools"),
    _check(_quotas, "platform", "pools", "teams"),
)


def together(environments: Sequence[Environment]) -> list[Problem]:
    """What is wrong between environments of one project.

    Args:
        environments: All of the project's environments.

    Returns:
        Networks that overlap (they could never be connected), and data stacks that are not there, keep no
        lake, or are in another account or region. Paths begin with the environment's name.
    """
    return [*_overlaps(environments), *_data_stacks(environments)]


def _overlaps(environments: Sequence[Environment]) -> Iterator[Problem]:
    networks = [(one.name, one.network.cidr) for one in environments if one.network]
    for (name, cidr), (other, taken) in combinations(networks, 2):
        if cidr.overlaps(taken):
            message = f"overlaps {cidr}, the network of {name}"
            yield Problem(f"{other}: network.cidr", str(taken), message, "write a range of its own")


def _data_stacks(environments: Sequence[Environment]) -> Iterator[Problem]:
    lakes = {one.name: one for one in environments if one.is_data}
    for one in environments:
        if one.data is None:
            continue
        stack = lakes.get(one.data)
        if stack is None:
            yield Problem(
                f"{one.name}: data", one.data, "is not a stack that keeps data", did_you_mean(one.data, lakes)
            )
        elif (stack.account, stack.region) != (one.account, one.region):
            message = f"is in account {stack.account} and region {stack.region}"
            hint = f"write a stack of account {one.account} and region {one.region}"
            yield Problem(f"{one.name}: data", one.data, message, hint)
