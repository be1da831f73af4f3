"""Fits arguments to botocore's model of an operation, and judges them by the constraints that it states.

botocore itself checks types and required members only; enumerations, lengths, ranges and patterns are checked
by AWS, and moto checks few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def fit(value: Any, shape: Shape) -> Any:
    """Returns `value` with members spelled as in `shape` (letter case aside) and scalars of its types.

    Members that the shape does not have stay, so that botocore refuses them by name.
    """
    if isinstance(shape, StructureShape):
        return _fit_structure(value, shape)
    if isinstance(shape, ListShape):
        items = value if isinstance(value, list) else [value]
        return [fit(item, shape.member) for item in items]
    if isinstance(shape, MapShape):
        return {str(key): fit(item, shape.value) for key, item in value.items()}
    return _fit_scalar(value, shape.type_name)


def _fit_structure(value: Any, shape: StructureShape) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        return value
    members = {name.lower(): name for name in shape.members}
    fitted = {}
    for key, item in value.items():
        name = members.get(key.lower(), key)
        fitted[name] = fit(item, shape.members[name]) if name in shape.members else item
    return fitted


def _fit_scalar(value: Any, kind: str) -> Any:
    if kind == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else f"{value}"
    if kind in _NUMBERS and isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            return _NUMBERS[kind](value)
        except ValueError:
            return value
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def violations(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Yields what AWS would say of a value: one sentence for each constraint of the model that it breaks."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, item in value.items():
            if name in shape.members:
                yield from violations(item, shape.members[name], f"{path}.{name}".lstrip("."))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _length(len(value), shape.metadata, path, "items")
        for index, item in enumerate(value):
            yield from violations(item, shape.member, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from violations(item, shape.value, f"{path}.{key}")
    else:
        yield from _scalar(value, shape, path)


def _scalar(value: Any, shape: Shape, path: str) -> Iterator[str]:
    facts = shape.metadata
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield from _length(value, facts, path, "")
    elif isinstance(value, str):
        yield from _length(len(value), facts, path, "characters")
        if facts.get("enum") and value not in facts["enum"]:
            yield f"{path}: {value!r} is not one of {', '.join(facts['enum'][:30])}"
        elif not _matches(value, facts.get("pattern")):
            yield f"{path}: {value!r} does not match {facts['pattern']}"


def _length(size: float, facts: Mapping[str, Any], path: str, unit: str) -> Iterator[str]:
    counted = f"{size} {unit}".rstrip()
    if "max" in facts and size > float(facts["max"]):
        yield f"{path}: {counted} is above the most that AWS takes, {facts['max']}"
    if "min" in facts and size < float(facts["min"]):
        yield f"{path}: {counted} is below the least that AWS takes, {facts['min']}"


def _matches(text: str, pattern: str | None) -> bool:
    """Tells whether a text matches a pattern; some patterns are not in Python's dialect and judge nothing."""
    if pattern is None:
        return True
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True
