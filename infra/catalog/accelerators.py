"""How GPUs can be cut into smaller ones and shared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from infra.catalog import lookup
from infra.catalog.instances import Shape

_NONE: Mapping[str, int] = MappingProxyType({})


def mig_profiles(shape: Shape) -> Mapping[str, int]:
    """The profiles that the GPUs of a shape can be cut into, and how many instances of each one GPU holds.

    Empty where they cannot be cut.
    """
    by_memory = _data()["mig"].get(shape.gpu_name, {})
    return MappingProxyType(by_memory[shape.gpu_memory_mib]) if shape.gpu_memory_mib in by_memory else _NONE


def mps_clients() -> int:
    """Processes that may share one GPU by NVIDIA's Multi-Process Service."""
    return int(_data()["mps_clients"])


@cache
def _data() -> Mapping[str, Any]:
    return lookup.data("accelerators.yaml")
