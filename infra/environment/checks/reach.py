"""What a network reaches: peers, a transit gateway, AWS itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final

from infra.environment.checks.check import check
from infra.environment.endpoints import needed
from infra.environment.model import Environment
from infra.environment.network import Network
from infra.problems import Problem

_ROUTES: Final = 50
"""Routes of a table, until the quota is raised:
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""


def _own(network: Network) -> Mapping[str, IPv4Network]:
    """The network's own ranges, by path."""
    pods = {} if network.pods is None else {"network.pods": network.pods}
    return {"network.cidr": network.cidr, **pods}


def _apart_from_peers(environment: Environment) -> Iterator[Problem]:
    """No peer has addresses of the network's, or of another peer's."""
    network = environment.network
    if network is None:
        return
    peers = {f"network.peers.{name}.cidr": peer.cidr for name, peer in network.peers.items()}
    hint = "VPCs whose ranges overlap cannot be peered: write another range for one of them"
    for path, cidr in peers.items():
        for own_path, own in _own(network).items():
            if cidr.overlaps(own):
                yield Problem(path, str(cidr), f"overlaps {own}, the range of {own_path}", hint)
    for (path, one), (other_path, other) in combinations(peers.items(), 2):
        if one.overlaps(other):
            message = f"overlaps {one}, the range of {path.removesuffix('.cidr')}"
            yield Problem(other_path, str(other), message, "write ranges that do not overlap")


def _known_peers(environment: Environment) -> Iterator[Problem]:
    """A VPC is peered once, and another account's tables are its own business."""
    network = environment.network
    if network is None:
        return
    seen: dict[str, str] = {}
    for name, peer in network.peers.items():
        path = f"network.peers.{name}"
        if peer.vpc in seen:
            hint = "write each VPC once"
            yield Problem(f"{path}.vpc", peer.vpc, f"is {seen[peer.vpc]} too", hint)
        seen.setdefault(peer.vpc, path)
        if peer.tables and peer.account not in {None, environment.account}:
            message = f"are in account {peer.account}, which is not touched"
            hint = "remove them, and have the way back written there"
            yield Problem(f"{path}.tables", list(peer.tables), message, hint)


def _routes(environment: Environment) -> Iterator[Problem]:
    """Routes to a transit gateway lead out of the network, and do not contradict others."""
    network = environment.network
    if network is None or network.transit is None:
        return
    peers = {peer.cidr: name for name, peer in network.peers.items()}
    for index, cidr in enumerate(network.transit.routes):
        path = f"network.transit.routes[{index}]"
        for own_path, own in _own(network).items():
            if cidr.subnet_of(own):
                message = f"is within {own}, the range of {own_path}, where traffic stays"
                yield Problem(path, str(cidr), message, "remove it, or write a range outside")
        if cidr in network.transit.routes[:index]:
            yield Problem(path, str(cidr), "is there twice", "write each once")
        if cidr in peers:
            message = f"is the range of network.peers.{peers[cidr]} too"
            yield Problem(path, str(cidr), message, "remove one of them")
        if cidr.prefixlen == 0 and network.nat != "none":
            message = f"leads to the internet, and so does nat: {network.nat}"
            yield Problem(path, str(cidr), message, "write network.nat: none, or remove the route")


def _few_routes(environment: Environment) -> Iterator[Problem]:
    """The routes fit a table, with those of the network, of NAT and of S3."""
    network = environment.network
    if network is None:
        return
    count = len(network.connected) + 3
    if count > _ROUTES:
        message = f"make {count} routes with the network's own, and a table takes {_ROUTES}"
        hint = "write fewer, larger ranges in network.transit.routes"
        yield Problem("network", f"{len(network.connected)} ranges", message, hint)


def _aws_is_reached(environment: Environment) -> Iterator[Problem]:
    """Without a way to the internet, everything that is called has an endpoint."""
    network = environment.network
    if network is None or network.endpoints is None or not network.is_cut_off:
        return
    missing = [service for service in needed(environment) if service not in network.endpoints]
    if missing:
        message = f"lacks {', '.join(missing)}, which cannot be reached without a way to the internet"
        hint = "add them, or leave endpoints out for all that are needed"
        yield Problem("network.endpoints", list(network.endpoints), message, hint)


CHECKS: Final = (
    check(_apart_from_peers, "network"),
    check(_known_peers, "account", "network"),
    check(_routes, "network"),
    check(_few_routes, "network"),
    check(_aws_is_reached, "network", "pools", "storage"),
)
