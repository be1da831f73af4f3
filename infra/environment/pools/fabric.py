"""Elastic Fabric Adapters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Strict, Tag

from infra.environment.fields import Flag


def _kind(value: object) -> str:
    return "number" if isinstance(value, int) and not isinstance(value, bool) else "flag"


Efa = Annotated[
    Annotated[Flag, Tag("flag")] | Annotated[int, Strict(), Field(ge=1), Tag("number")],
    Discriminator(_kind),
]
"""Whether nodes have EFAs, or how many."""
