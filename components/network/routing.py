"""Which way traffic leaves a network, and what its parts are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Final

from infra import naming
from infra.labels import Scope

COMPONENT: Final = "network"
ANYWHERE: Final = "0.0.0.0/0"


def exits(nat: str, zones: Sequence[str]) -> Mapping[str, str]:
    """For each zone, the zone whose NAT gateway its private subnet uses.

    That is its own with `per-zone`, and the first with `single`. One gateway costs less, but its zone's
    failure cuts off all, and traffic from other zones pays for crossing over.
    """
    return {zone: zone if nat == "per-zone" else zones[0] for zone in zones}


def endpoint_service(region: str, service: str) -> str:
    """The name by which a VPC endpoint asks for an AWS service."""
    return f"com.amazonaws.{region}.{service}"


def part(cidr: IPv4Network | str) -> str:
    """A range as a part of a logical name: ``10.0.0.0-8``."""
    return str(cidr).replace("/", "-")


def tags(scope: Scope, *parts: str) -> dict[str, str]:
    """Tags, with a name for people's eyes; the same subnet in two zones is told apart by its zone."""
    return scope.tags(COMPONENT, name="-".join((naming.physical(scope.environment), *parts)))
