"""The network against the region, and one that exists against what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from infra.catalog import regions
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import Problem, did_you_mean

_OF_ITS_OWN: Final = ("zones", "nat", "pods", "endpoints", "flow_logs", "peers", "transit")
"""What only a VPC of our own can be given."""


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


def _existing_stays(environment: Environment) -> Iterator[Problem]:
    """Nothing is asked of a network that exists."""
    network = environment.network
    if network is None or network.existing is None:
        return
    for name in _OF_ITS_OWN:
        if name in network.model_fields_set:
            yield Problem(
                f"network.{name}",
                getattr(network, name) if name in {"zones", "nat"} else f"{name}",
                "cannot be had in an existing VPC, which stays as it is",
                "remove it, and ask the VPC's owner for it, or remove network.existing",
            )


def _existing_subnets(environment: Environment) -> Iterator[Problem]:
    """Subnets that exist lie in zones of the region, apart from each other, and are named once."""
    network = environment.network
    if network is None or network.existing is None or environment.region is None:
        return
    known, subnets = regions.zones(environment.region), network.existing.subnets
    for path, subnet in subnets.items():
        kind, zone = path.split(".")
        where = f"network.existing.{path}"
        if zone not in known:
            message = f"is not a zone of {environment.region} that EKS can use"
            yield Problem(where, zone, message, did_you_mean(zone, known))
        if kind != "pods" and not subnet.cidr.subnet_of(network.cidr):
            hint = "write the subnet's range, and in network.cidr the VPC's"
            yield Problem(f"{where}.cidr", str(subnet.cidr), f"is not within {network.cidr}", hint)
    for (path, one), (other_path, other) in combinations(subnets.items(), 2):
        where = f"network.existing.{other_path}"
        if one.id == other.id:
            yield Problem(f"{where}.id", other.id, f"is {path} too", "write a subnet for each")
        elif one.cidr.overlaps(other.cidr):
            message = f"overlaps {one.cidr} of {path}, which subnets of a VPC cannot"
            yield Problem(f"{where}.cidr", str(other.cidr), message, "write the range that AWS shows")


CHECKS: Final = (
    check(_zones_exist, "region", "network"),
    check(_existing_stays, "network"),
    check(_existing_subnets, "region", "network"),
)
