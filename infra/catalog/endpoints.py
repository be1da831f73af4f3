"""AWS services that interface endpoints lead to (facts: endpoints.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from infra.catalog import lookup


@cache
def _services() -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType(lookup.data("endpoints.yaml")["services"])


def services() -> tuple[str, ...]:
    """Names of all services, sorted: ``ec2``, ``ecr.api``."""
    return tuple(sorted(_services()))


def takes_policy(service: str) -> bool:
    """Whether the endpoint of a service can say who may use it.

    Raises:
        BadInput: The service is not known.
    """
    found = _services().get(service)
    if found is None:
        raise lookup.unknown("service with an interface endpoint", service, services())
    return bool(found.get("policy", True))
