"""The addresses of a network, against what the pools need at their largest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from ipaddress import IPv4Network
from math import ceil
from typing import Final

from infra import addressing
from infra.addressing import AddressPlan, Need, NodeNeed, PodAddresses
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.network import Network
from infra.environment.pools import Pool
from infra.environment.pools.pool import EFA
from infra.problems import ABSENT, BadInput, Problem

_OWN_RANGE: Final = tuple(IPv4Network(f"100.64.0.0/{length}") for length in (16, 15, 14))
"""Ranges to propose for pods."""

Pools = Mapping[str, Pool]


def plan_of(network: Network, zones: Sequence[str]) -> AddressPlan:
    """The subnets of a network, of its own or that exist.

    Raises:
        BadInput: One of its ranges is too small for so many zones.
    """
    if network.existing is None:
        return addressing.plan(network.cidr, zones, network.pods)
    kinds = (network.existing.private, network.existing.intra, network.existing.pods)
    private, intra, pods = ({zone: one.cidr for zone, one in kind.items()} for kind in kinds)
    return AddressPlan(private=private, public={}, intra=intra, pods=pods)


def needs(pools: Pools, zones: Sequence[str], how: PodAddresses) -> dict[str, dict[str, NodeNeed]]:
    """What each pool needs at its largest, by zone and pool.

    A pool without a zone of its own is spread evenly, as far as there are instances to be had.
    """
    one = {name: _of_a_node(pool, how) for name, pool in pools.items()}
    return {
        zone: {
            name: one[name] * (pool.max if pool.zone else ceil(pool.max / len(zones)))
            for name, pool in pools.items()
            if pool.zone in {None, zone}
        }
        for zone in zones
    }


def _of_a_node(pool: Pool, how: PodAddresses) -> NodeNeed:
    """The most that one of the pool's alternatives needs."""
    found = (
        addressing.need(
            shape,
            how,
            reserved=pool.accelerated and bool(pool.effective_taints),
            tenants=max(sum(n for kind, n in pool.devices_of(shape).items() if kind != EFA), 1),
            efa=pool.efa_interfaces,
        )
        for shape in pool.shapes
    )
    return reduce(NodeNeed.most, found)


@dataclass(frozen=True)
class _Shortage:
    """A subnet that is too small."""

    zone: str
    of_pods: bool
    need: Need
    room: Need
    hungry: str
    """The pool that takes most of it."""


def _shortages(network: Network, zones: Sequence[str], pools: Pools) -> Iterator[_Shortage]:
    how, subnets = network.pod_addresses, plan_of(network, zones)
    for zone, by_pool in needs(pools, zones, how).items():
        total = sum(by_pool.values(), NodeNeed(node=Need(single=addressing.OTHERS)))
        kinds = [(False, subnets.private[zone], total.node)]
        kinds += [(True, subnets.pods[zone], total.pods)] if how.apart else []
        for of_pods, subnet, wanted in kinds:
            blocks = how.blocks and of_pods == how.apart
            if not addressing.fits(wanted, subnet, blocks=blocks):
                there = addressing.room(subnet, blocks=blocks)
                yield _Shortage(zone, of_pods, wanted, there, _hungriest(by_pool, of_pods))


def _hungriest(by_pool: Mapping[str, NodeNeed], of_pods: bool) -> str:
    return max(by_pool, key=lambda name: (by_pool[name].pods if of_pods else by_pool[name].node).addresses)


def _room(environment: Environment) -> Iterator[Problem]:
    """The nodes and pods of all pools at their largest fit the subnets."""
    network, zones, pools = environment.network, environment.zones, environment.pools
    if network is None or not zones or not pools:
        return
    try:
        short = list(_shortages(network, zones, pools))
    except BadInput as small:
        yield from small.problems
        return
    for of_pods in (False, True):
        worst = max((s for s in short if s.of_pods == of_pods), key=lambda s: s.need.addresses, default=None)
        if worst is not None:
            yield _problem(worst, network, zones, pools)


def _problem(short: _Shortage, network: Network, zones: Sequence[str], pools: Pools) -> Problem:
    if network.existing is not None:
        path = f"network.existing.{'pods' if short.of_pods else 'private'}.{short.zone}.cidr"
        value = str((network.existing.pods if short.of_pods else network.existing.private)[short.zone].cidr)
    else:
        path = "network.pods" if short.of_pods else "network.cidr"
        value = str(network.pods if short.of_pods else network.cidr)
    others = "" if short.of_pods else f" and {addressing.OTHERS} others"
    message = (
        f"leaves {_said(short.room)} in {short.zone}, "
        f"where the pools at their largest{others} need {_said(short.need)}"
    )
    return Problem(path, value, message, _remedy(short, network, zones, pools))


def _said(need: Need) -> str:
    return f"{need.single} addresses" + (f" and {need.blocks} blocks of 16" if need.blocks else "")


def _remedy(short: _Shortage, network: Network, zones: Sequence[str], pools: Pools) -> str:
    """What to do for more addresses; whatever is proposed has been tried."""

    def enough(changed: Network, others: Pools = pools) -> bool:
        try:
            return not any(_shortages(changed, zones, others))
        except BadInput:
            return False

    proposals = [proposal for propose in _PROPOSALS if (proposal := propose(short, network, enough))]
    if proposals:
        return ", or ".join(proposals[:2])
    return _smaller_pool(short.hungry, network, pools, enough)


_Enough = Callable[..., bool]


def _wider(short: _Shortage, network: Network, enough: _Enough) -> str | None:
    """The next larger range that has the room."""
    if network.existing is not None:
        return None
    if short.of_pods and network.pods is not None:
        shortest, cidr, field = _OWN_RANGE[-1].prefixlen, network.pods, "pods"
    else:
        shortest, cidr, field = 16, network.cidr, "cidr"
    for length in range(cidr.prefixlen - 1, shortest - 1, -1):
        wider = cidr.supernet(new_prefix=length)
        if enough(network.model_copy(update={field: wider})):
            return f"write a /{length} or larger, such as {wider}"
    return None


def _own_range(_: _Shortage, network: Network, enough: _Enough) -> str | None:
    """A range of their own for pods."""
    if network.existing is not None or network.pods is not None:
        return None
    for blocks in dict.fromkeys((network.prefixes, False)):
        for cidr in _OWN_RANGE:
            if enough(network.model_copy(update={"pods": cidr, "prefixes": blocks})):
                more = "" if blocks == network.prefixes else " with prefixes: false"
                return f"give pods a range of their own, network.pods: {cidr}{more}"
    return None


def _one_by_one(_: _Shortage, network: Network, enough: _Enough) -> str | None:
    """Addresses one by one instead of in blocks."""
    if network.prefixes and enough(network.model_copy(update={"prefixes": False})):
        return "write network.prefixes: false"
    return None


_PROPOSALS: Final = (_wider, _own_range, _one_by_one)


def _smaller_pool(name: str, network: Network, pools: Pools, enough: _Enough) -> str:
    """The largest that the pool which takes most may be."""
    pool, fitting, too_many = pools[name], 0, pools[name].max
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        smaller = {**pools, name: pool.model_copy(update={"max": middle})}
        fitting, too_many = (middle, too_many) if enough(network, smaller) else (fitting, middle)
    where = ", or larger subnets" if network.existing is not None else ", or spread it over more zones"
    return f"lower pools.{name}.max to {fitting}{where}" if fitting else f"lower pools.{name}.max{where}"


def _pods_have_an_interface(environment: Environment) -> Iterator[Problem]:
    """Where pods have subnets of their own, each node has a network interface left for them."""
    network = environment.network
    if network is None or not network.pod_addresses.apart:
        return
    path = "network.pods" if network.existing is None else "network.existing.pods"
    for name, pool in environment.pools.items():
        for shape in pool.shapes:
            if not addressing.has_room_for_pods(shape, network.pod_addresses, efa=pool.efa_interfaces):
                message = f"leaves {shape.name} of pools.{name} no network interface for pods"
                message += ": the node itself has one, EFA the other" if pool.efa_interfaces else ""
                hint = f"remove {path}, so that pods share the nodes' subnets"
                hint += f", or write pools.{name}.efa: false" if pool.efa_interfaces else ""
                yield Problem(path, ABSENT, message, hint)


CHECKS: Final = (
    check(_room, "region", "network", "pools"),
    check(_pods_have_an_interface, "network", "pools"),
)
