"""Times that come again, as cron writes them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from infra.problems import Wrong

_FIELDS: Final = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
"""Of a schedule, with their bounds: https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format"""


def _schedule(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise Wrong(
            "is not a schedule of five fields", 'write minute, hour, day, month, weekday: "0 3 * * *"'
        )
    for field, (name, least, most) in zip(fields, _FIELDS, strict=True):
        if not all(_within(part, least, most) for part in field.split(",")):
            raise Wrong(
                f"has {field} for the {name}", f"write *, or numbers from {least} to {most}: 5, 1-5, */2"
            )
    return text


def _within(part: str, least: int, most: int) -> bool:
    found = re.fullmatch(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?", part, re.ASCII)
    if not found:
        return False
    first = least if found[1] is None else int(found[1])
    last = (most if found[1] is None else first) if found[2] is None else int(found[2])
    return least <= first <= last <= most and found[3] not in {"0", "00"}


Schedule = Annotated[str, AfterValidator(_schedule), Field(max_length=100)]
"""Minute, hour, day of the month, month, day of the week, in UTC."""
