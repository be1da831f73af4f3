"""What people use in an environment (facts: services.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class Service:
    """A thing that people use, or that works for them."""

    name: str
    title: str
    group: str
    what: str
    """What it is, in a sentence."""
    use: str
    """How to use it; ``{env}`` stands for the environment's name."""
    docs: str
    """Its documentation: an address, or a page below docs/."""
    chart: str | None = None
    """The chart whose release it is."""
    component: str | None = None
    """The type of resource that it is; there is a chart or a component."""
    host: str | None = None
    """The first label of its host name, where the gateway may lead to it."""
    forward: str | None = None
    """How to reach it without a gateway."""


@cache
def services() -> Mapping[str, Service]:
    """All by name, in the order in which people are shown them."""
    facts = lookup.data("services.yaml")
    found = {name: Service(name=name, **fact) for name, fact in facts["services"].items()}
    order = list(facts["groups"])
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: order.index(item[1].group))))


@cache
def groups() -> Mapping[str, str]:
    """Titles of the groups, in their order."""
    return MappingProxyType(lookup.data("services.yaml")["groups"])
