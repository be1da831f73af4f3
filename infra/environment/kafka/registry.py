"""Schemas of what is in topics."""

from __future__ import annotations

from typing import Literal

from infra.environment.section import Section

Compatibility = Literal["none", "backward", "backward-transitive", "forward", "forward-transitive", "full"]


class Registry(Section):
    """Apicurio Registry: keeps the schemas of records, and refuses what would break readers.

    They are in a topic of its own. It is spoken to within the cluster alone, at its own API and at the one of
    Confluent's registry.
    """

    compatibility: Compatibility = "backward"
    """What a new version of a schema must be able to do: `backward`: read what the last one wrote;
    `forward`: be read by the last one; `full`: both; `…-transitive`: of all before, not the last alone;
    `none`: nothing."""
