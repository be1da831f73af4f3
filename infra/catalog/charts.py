"""The Helm charts that components install, each at one pinned version (facts: charts.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class ChartPin:
    """A chart at the version that is installed."""

    name: str
    repository: str
    """``oci://…``, a registry that holds it under its own name, or a Helm repository's address."""
    version: str
    """The chart's version; what is in it may have another."""
    app: str
    """The version of what it installs."""
    licence: str
    docs: str
    """Address of its documentation."""

    @property
    def reference(self) -> str:
        """What Helm calls it: its address in a registry, or its name within its repository."""
        return f"{self.repository}/{self.name}" if self.in_registry else self.name

    @property
    def in_registry(self) -> bool:
        """Whether it comes from an OCI registry."""
        return self.repository.startswith("oci://")


@cache
def charts() -> Mapping[str, ChartPin]:
    """Every pinned chart by its name."""
    facts: dict[str, dict[str, Any]] = lookup.data("charts.yaml")["charts"]
    return MappingProxyType({name: ChartPin(name=name, **fact) for name, fact in facts.items()})


def chart(name: str) -> ChartPin:
    """The pin of a chart.

    Raises:
        BadInput: The catalog does not have it.
    """
    if name not in charts():
        raise lookup.unknown("chart", name, charts())
    return charts()[name]
