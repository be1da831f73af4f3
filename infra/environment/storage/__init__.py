"""Where data lives, a module for each store."""

from __future__ import annotations

from infra.environment.section import Section
from infra.environment.storage.lake import Lake


class Storage(Section):
    """Data stores."""

    lake: Lake | None = None
    """The lake, where it is part of this environment. Where another stack keeps it, name that stack in
    `data`."""
