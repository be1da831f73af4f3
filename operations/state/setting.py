"""One thing about the bucket or the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How one thing is, and how it is to be."""

    what: str
    """What it is about: ``bucket versioning``."""
    found: str
    """How it is."""
    becomes: str | None = None
    """How it will be; None: it stays."""
    apply: Callable[[], object] | None = None
    """Puts it right; None where there is nothing to put right."""

    def __str__(self) -> str:
        return f"{self.what}: {self.found}" + (f", becomes {self.becomes}" if self.becomes else "")
