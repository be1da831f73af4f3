"""What is known of a resource: the common tongue of recordings, plans, prices and policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RecordedResource:
    """One resource as the program asked for it.

    `inputs` are in the provider's own spelling (camelCase); values that only exist after creation are made up
    by the recording, secrets are masked as ``"[secret]"``.
    """

    urn: str
    type: str
    name: str
    parent: str | None = None
    """URN of the parent; None for the stack's own resource."""
    dependencies: tuple[str, ...] = ()
    """URNs that must exist first, sorted: explicit ones and those that flow through inputs."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    custom: bool = True
    """False for components, which group others and exist nowhere else."""
