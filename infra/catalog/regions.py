"""The regions where EKS runs and the zones that a cluster's subnets may lie in (sources: regions.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    letters: dict[str, list[str]] = lookup.data("regions.yaml")
    return MappingProxyType(
        {region: tuple(region + letter for letter in letters[region]) for region in letters}
    )


def regions() -> tuple[str, ...]:
    """The names of all regions, sorted."""
    return tuple(sorted(_zones()))


def zones(region: str) -> tuple[str, ...]:
    """The names of a region's zones that EKS can use, in order: ``us-east-1a``, ``us-east-1b``, and so on.

    Raises:
        BadInput: the region is unknown; the hint names the nearest that is not.
    """
    found = _zones().get(region)
    if found is None:
        raise lookup.unknown("region", region, _zones())
    return found
