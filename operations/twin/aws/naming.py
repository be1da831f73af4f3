"""Names of resources whose program gives none, as pulumi-aws and the Terraform AWS provider make them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from operations.twin.aws.table import Name
from operations.twin.backend import UNKNOWN

DEFAULTED: Final = "__defaults"
"""Input in which the engine's state remembers which inputs the provider chose, as bridged providers do."""

_RANDOM: Final = 7
"""Hexadecimal digits after a generated name."""
_UNIQUE: Final = 26
"""Characters that Terraform appends to a prefix (helper/id: time and a counter)."""

_counter = itertools.count(1)


def generated(
    name: Name, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes
) -> str | None:
    """Returns the name that `check` adds to the inputs; None when the program names the resource.

    A name generated before stays. Without a seed the name is not known yet.
    """
    if name.property in news or (name.prefix is not None and name.prefix in news):
        return None
    if name.property in olds.get(DEFAULTED, ()):
        return str(olds[name.property])
    logical = urn.rpartition("::")[2]
    text = name.form.format(f"{logical}-{seed.hex()[:_RANDOM]}")
    return text.lower() if name.lower else text


def problems(name: Name, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns (property, reason) for a name or prefix that is too long."""
    limits = {name.property: name.limit}
    if name.prefix is not None:
        limits[name.prefix] = name.limit - _UNIQUE
    return [
        (key, f"{inputs[key]!r} has {len(inputs[key])} characters, AWS takes {limit}")
        for key, limit in limits.items()
        if inputs.get(key) not in (None, UNKNOWN) and len(inputs[key]) > limit
    ]


def completed(prefix: str) -> str:
    """Returns a name that starts with a prefix and is unlike any other."""
    moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:18]
    return f"{prefix}{moment}{next(_counter):08x}"
