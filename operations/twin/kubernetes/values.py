"""Pure functions on manifests: merging, comparing, and telling what a user gave from what a server added."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from operations.twin.backend import Unknown

Path = tuple[str, ...]

MISSING: Final = object()
"""Stands for a property that is not there, where None would be a value."""

# Suffixes of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_SCALES: Final = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
    "P": Fraction(10**15), "E": Fraction(10**18),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip
_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE]?)")


def plain(value: Any) -> Any:
    """Returns the value without null members and with whole floats as integers.

    The engine's wire format knows one kind of number, the double, and Kubernetes refuses `replicas: 3.0`.
    """
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def holds_unknown(value: Any) -> bool:
    """Whether a value, at any depth, is known only after something else was created."""
    if isinstance(value, Mapping):
        return any(holds_unknown(member) for member in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unknown(member) for member in value)
    return isinstance(value, Unknown)


def lookup(value: Any, path: Sequence[str], default: Any = None) -> Any:
    """Returns the member at a path of keys, the default where there is none."""
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return default
        value = value[key]
    return value


def merged(base: Any, change: Any) -> Any:
    """Returns `base` with `change` laid over it: mappings merge, everything else is replaced."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    return {**base, **{key: merged(base.get(key), member) for key, member in change.items()}}


def without(value: Any, given_before: Any, given_now: Any) -> Any:
    """Returns `value` less the members that were given before and are given no more."""
    if not all(isinstance(member, Mapping) for member in (value, given_before)):
        return value
    now = given_now if isinstance(given_now, Mapping) else {}
    kept = {}
    for key, member in value.items():
        if key not in given_before or key in now:
            kept[key] = without(member, given_before.get(key), now.get(key))
        elif isinstance(member, Mapping) and isinstance(given_before[key], Mapping):
            rest = without(member, given_before[key], {})
            if rest:
                kept[key] = rest
    return kept


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[Path]:
    """Yields the paths at which two values differ; a list that differs is one difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    elif holds_unknown(new) or not equal(old, new):
        yield path


def equal(old: Any, new: Any) -> bool:
    """Whether two values are equal; True and 1 are not."""
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def quantity(text: Any) -> Fraction | None:
    """Returns the number that a Kubernetes quantity such as "500m" or "4Ti" means; None if it is none."""
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    number, suffix = match.groups()
    scale = _SCALES.get(suffix)
    return Fraction(number) * (Fraction(10) ** int(suffix[1:]) if scale is None else scale)


def as_given(given: Any, live: Any) -> Any:
    """Returns what `live` has of what was `given`: the same shape, with the live values.

    Members that only the server has are left out. A value that means the same in the server's spelling
    ("1000m" and "1"; nothing for an empty list) stays as it was given.
    """
    if isinstance(given, Mapping) and isinstance(live, Mapping):
        pairs = {key: as_given(member, live.get(key, MISSING)) for key, member in given.items()}
        return {key: member for key, member in pairs.items() if member is not MISSING}
    if isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        return [as_given(one, other) for one, other in zip(given, live, strict=True)]
    if live is MISSING:
        return MISSING if given else given
    same_amount = quantity(given) is not None and quantity(given) == quantity(live)
    return given if same_amount else live


def with_encoded_secrets(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a Secret with its `stringData` as the server keeps it: base64 in `data`; others as they are."""
    result = dict(manifest)
    if result.get("kind") != "Secret" or not isinstance(result.get("stringData"), Mapping):
        return result
    texts = result.pop("stringData")
    data = result.get("data")
    encoded = {
        key: text if isinstance(text, Unknown) else base64.b64encode(str(text).encode()).decode()
        for key, text in texts.items()
    }
    result["data"] = {**data, **encoded} if isinstance(data, Mapping) else encoded
    return result
