"""What the catalog's modules share: reading data files, and telling helpfully what is not in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

import yaml

from infra.problems import BadInput, Problem, did_you_mean

# The safe loader in C is about ten times as fast as the one in Python; both build plain values only.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def text(file: str) -> str:
    """The text of a data file of this package."""
    return resources.files("infra.catalog").joinpath(file).read_text("utf-8")


def data(file: str) -> dict[str, Any]:
    """The mapping in a YAML file of this package."""
    loaded: dict[str, Any] = yaml.load(text(file), Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    return loaded


def unknown(kind: str, value: str, known: Iterable[str]) -> BadInput:
    """The error for a name that the catalog does not have.

    Args:
        kind: What was looked up, for people: "region", "instance type".
        value: The name that was given.
        known: Every name that there is.

    Returns:
        The error to raise. The path of its problem is the kind: whoever read a file says where in it instead.
    """
    return BadInput([Problem(kind, value, f"is not a known {kind}", did_you_mean(value, known))])


def at(value: object, path: str) -> object:
    """What lies at a dotted path within mappings and lists (``tags.0.value``); None where nothing does."""
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def fitting(entry: Mapping[str, Any], inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry of a data file, overlaid with the first of its `cases` that the inputs match.

    A case matches when at each path of its `when` lies the value it names, or one of those it lists.
    """
    for case in entry.get("cases", ()):
        if all(_has(at(inputs, path), wanted) for path, wanted in case["when"].items()):
            return {**entry, **case}
    return entry


def _has(value: object, wanted: object) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted
