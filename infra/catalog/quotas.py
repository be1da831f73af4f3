"""Service quotas of AWS that environments run into (codes and sources: quotas.yaml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from infra.catalog import lookup

Market = Literal["on-demand", "spot"]
"""How an instance was bought, as far as quotas tell them apart."""


@dataclass(frozen=True, order=True)
class Quota:
    """A quota of an account in a region."""

    service: str
    """The service's code at Service Quotas: ``ec2``."""
    code: str
    name: str


def vcpus(instance_type: str, market: Market) -> Quota:
    """The quota that running instances of a type count for, in vCPUs."""
    letters, generation = _family(instance_type)
    for entry in _facts()["vcpus"][market]:
        if not entry["types"] or {letters, f"{letters}{generation}"} & set(entry["types"]):
            return Quota(entry["service"], entry["code"], entry["name"])
    raise ValueError(f"quotas.yaml has no last entry for all types of {market} instances")


def quota(name: str) -> Quota:
    """A quota of something else, by its name in quotas.yaml: ``addresses``."""
    return Quota(**_facts()["others"][name])


@cache
def _facts() -> dict[str, Any]:
    return lookup.data("quotas.yaml")


def _family(instance_type: str) -> tuple[str, str]:
    """The letters and the generation that a type's name begins with: p6-b300.48xlarge is of p, 6."""
    found = re.match(r"([a-z]+)(\d*)", instance_type)
    if found is None:
        raise ValueError(f"{instance_type!r} is no instance type")
    return found[1], found[2]
