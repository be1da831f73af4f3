"""What AWS asks for each type of resource in us-east-1 (figures, sources and dates: prices.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from infra.catalog import lookup

Kind = Literal["hourly", "monthly", "control_plane", "node_group", "node_pool", "claims", "free", "usage"]

HOURS_PER_MONTH = 730
"""Hours in a month as AWS's own calculator counts them: 365 days of 24 hours over 12 months."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What else a resource is charged by, in a month."""

    item: str
    unit: str
    usd: float
    """For each unit and month."""
    count: str
    """The input that says how many units there are."""
    times: str = ""
    """The input that this is multiplied by, as the disks of several instances; empty: nothing."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """How one type of resource is charged."""

    kind: Kind
    """What the resource is charged by; prices.yaml explains each kind."""
    item: str = ""
    """What is paid for, for people: "NAT gateway"."""
    unit: str = ""
    """What is counted: "gateway"."""
    usd: float = 0.0
    """For each unit and hour (month, where the kind is monthly)."""
    count: str = ""
    """The input that says how many units there are, a number or a list of them; empty: one."""
    extended_usd: float = 0.0
    """The same for a Kubernetes version in extended support."""
    also: tuple[Charge, ...] = ()
    """What else an hourly or monthly resource is charged by."""
    usage: str = ""
    """What is charged by use, and hence is in no sum; empty where nothing is."""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class VolumeCharge:
    """One of the things that a volume is charged by."""

    unit: str
    input: str
    """The argument of a block device that says how much of it there is."""
    included: float
    """How much of it costs nothing."""
    usd: float
    """For each unit above that and month."""


def price(type_token: str, inputs: Mapping[str, Any] | None = None) -> Price | None:
    """How a resource is charged.

    Args:
        type_token: Pulumi's token, such as ``aws:ec2/natGateway:NatGateway``.
        inputs: What the resource is asked to be: some inputs are charged otherwise.

    Returns:
        None where the catalog does not know the type.
    """
    facts = _facts()
    entry = facts["types"].get(type_token) or facts["packages"].get(type_token.partition(":")[0])
    if entry is None:
        return None
    fields = lookup.fitting(entry, inputs or {})
    also = tuple(Charge(**charge) for charge in fields.get("also", ()))
    return Price(
        **{key: value for key, value in fields.items() if key not in {"cases", "when", "also"}}, also=also
    )


def volume(kind: str) -> tuple[VolumeCharge, ...]:
    """What a volume of a kind such as ``gp3`` is charged by; empty where the kind is not known."""
    return tuple(VolumeCharge(**charge) for charge in _facts()["volumes"].get(kind, ()))


def spot(instance_type: str) -> float | None:
    """USD an hour that a spot instance cost on the day `spot_as_of`; None where that is not known."""
    found = _spot()["usd_per_hour"].get(instance_type)
    return None if found is None else float(found)


def spot_as_of() -> date:
    """The day of the spot prices."""
    looked_up: date = _spot()["as_of"]
    return looked_up


def block(instance_type: str) -> float | None:
    """USD an hour and instance in a Capacity Block for ML, paid in advance; None where it is not known."""
    found = _facts()["blocks"].get(instance_type)
    return None if found is None else float(found)


def region() -> str:
    """The region whose prices these are."""
    return str(_facts()["region"])


def as_of() -> date:
    """The day on which the prices were looked up."""
    looked_up: date = _facts()["as_of"]
    return looked_up


def known() -> tuple[str, ...]:
    """The types that have an entry of their own, sorted."""
    return tuple(sorted(_facts()["types"]))


@cache
def _facts() -> Mapping[str, Any]:
    return MappingProxyType(lookup.data("prices.yaml"))


@cache
def _spot() -> Mapping[str, Any]:
    return MappingProxyType(lookup.data("spot.yaml"))
