"""How long AWS and Kubernetes take over each type of resource (figures and sources: latencies.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds from a provider's call until it returns."""

    create_s: float
    update_s: float
    delete_s: float
    source: str
    """What the figures are, and how many were seen; the reasoning, for an estimate."""
    estimate: bool
    """True where creation or deletion was not seen anywhere. Updates are always estimates."""


def latency(type_token: str, inputs: Mapping[str, Any] | None = None) -> Latency:
    """The latency of a type of resource.

    Args:
        type_token: Pulumi's token, such as ``aws:eks/cluster:Cluster``.
        inputs: What the resource is asked to be, in the provider's spelling: some inputs take longer (a node
            group with accelerators, a public subnet). Without them the type's ordinary figures count.

    Returns:
        The figures of the type, or of its package where the type has none of its own; never fails.
    """
    entry = _facts()["types"].get(type_token)
    if entry is None:
        return _latency(_default(type_token))
    return _latency(lookup.fitting(entry, inputs or {}))


def known() -> tuple[str, ...]:
    """The types that have figures of their own, sorted."""
    return tuple(sorted(_facts()["types"]))


@cache
def _facts() -> Mapping[str, Any]:
    return MappingProxyType(lookup.data("latencies.yaml"))


def _default(type_token: str) -> Mapping[str, Any]:
    defaults: Mapping[str, Any] = _facts()["defaults"]
    fitting: Mapping[str, Any] = defaults.get(type_token.partition(":")[0], defaults["other"])
    return fitting


def _latency(entry: Mapping[str, Any]) -> Latency:
    return Latency(
        create_s=float(entry["create"]),
        update_s=float(entry["update"]),
        delete_s=float(entry["delete"]),
        source=entry["source"],
        estimate=entry.get("estimate", False),
    )
