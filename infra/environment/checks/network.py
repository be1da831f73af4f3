"""The network, against the region and what is to have room in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from math import ceil
from typing import Final

from infra import addressing
from infra.catalog import regions
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.problems import BadInput, Problem, did_you_mean


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


CHECKS: Final = (
    check(_zones_exist, "region", "network"),
    check(_addresses, "region", "network", "pools"),
)
