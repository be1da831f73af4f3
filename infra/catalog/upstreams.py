"""Registries of container images that Amazon ECR pulls through (sources: upstreams.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Somebody else's registry."""

    host: str
    """What references to its images begin with: ``docker.io``."""
    url: str
    """What ECR knows it by."""
    credentials: bool
    """Whether it serves nobody without."""


@cache
def _upstreams() -> Mapping[str, Upstream]:
    return MappingProxyType(
        {name: Upstream(**facts) for name, facts in lookup.data("upstreams.yaml").items()}
    )


def names() -> tuple[str, ...]:
    """The names of all, sorted."""
    return tuple(sorted(_upstreams()))


def upstream(name: str) -> Upstream:
    """The registry of a name.

    Raises:
        BadInput: there is none; the hint names the nearest.
    """
    found = _upstreams().get(name)
    if found is None:
        raise lookup.unknown("upstream registry", name, _upstreams())
    return found
