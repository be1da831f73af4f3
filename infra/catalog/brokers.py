"""Brokers and versions of Kafka that Amazon MSK offers (sources and dates: brokers.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A size of standard brokers."""

    name: str
    """As MSK calls it: ``kafka.m7g.large``."""
    partitions: int
    """Partitions, replicas included, that one should have at most."""
    throughput: int | None
    """MiB a second that can be provisioned for its volume at most; None: none can."""


@cache
def brokers() -> Mapping[str, Broker]:
    """Every size by name."""
    sizes = lookup.data("brokers.yaml")["sizes"]
    return MappingProxyType(
        {
            name: Broker(name=name, partitions=facts["partitions"], throughput=facts.get("throughput"))
            for name, facts in sizes.items()
        }
    )


@cache
def versions() -> tuple[str, ...]:
    """Minor versions of Apache Kafka, newest first."""
    return tuple(lookup.data("brokers.yaml")["versions"])


@cache
def recommended() -> str:
    """The version that MSK recommends."""
    return str(lookup.data("brokers.yaml")["recommended"])
