"""Pure functions over property values: comparing, completing and renaming them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from operations.twin.backend import UNKNOWN


def prune(value: Any) -> Any:
    """Returns `value` without None, and without objects that held nothing else; empty lists stay."""
    if isinstance(value, Mapping):
        kept = {key: prune(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    if isinstance(value, list):
        return [prune(item) for item in value if item is not None]
    return value


def given(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the inputs that have a value; None means absent at any depth."""
    return {key: _without_none(value) for key, value in inputs.items() if value is not None}


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return given(value)
    if isinstance(value, list):
        return [_without_none(item) for item in value if item is not None]
    return value


def unknown(value: Any) -> bool:
    """Tells whether `UNKNOWN` occurs anywhere in a value."""
    if isinstance(value, Mapping):
        return any(unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(unknown(item) for item in value)
    return value is UNKNOWN


def same(left: Any, right: Any, *, ordered: bool = False) -> bool:
    """Compares as AWS would: lists are sets unless `ordered`, JSON by content, unknown equals nothing."""
    if unknown(left) or unknown(right):
        return False
    return bool(_canonical(left, ordered) == _canonical(right, ordered))


def _canonical(value: Any, ordered: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(item, ordered) for key, item in value.items()}
    if isinstance(value, list):
        items = [_canonical(item, ordered) for item in value]
        return items if ordered else sorted(items, key=_sort_key)
    return _canonical_text(value) if isinstance(value, str) else value


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _canonical_text(text: str) -> Any:
    """A JSON document as one comparable text, anything else as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return "json:" + json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def changed_paths(old: Any, new: Any, path: str = "", *, ordered: bool = False) -> tuple[str, ...]:
    """Returns the dotted paths of the properties that differ; lists count as one property."""
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        old, new = ({} if side is None else side for side in (old, new))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return tuple(
            found
            for key in sorted(old.keys() | new.keys())
            for found in changed_paths(
                old.get(key), new.get(key), f"{path}.{key}".lstrip("."), ordered=ordered
            )
        )
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1:
        return changed_paths(old[0], new[0], path, ordered=ordered)
    return () if same(old, new, ordered=ordered) else (path,)


def under(path: str, prefixes: frozenset[str]) -> bool:
    """Tells whether a dotted path is one of `prefixes`, lies below one, or contains one."""
    return any(
        path == prefix or path.startswith(f"{prefix}.") or prefix.startswith(f"{path}.")
        for prefix in prefixes
    )


def covers(have: Any, want: Any) -> bool:
    """Tells whether what exists has all that was wanted; more, such as defaults, is fine in objects."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return all(covers(have.get(key), item) for key, item in want.items())
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(any(covers(item, wanted) for item in have) for wanted in want)
    if have is None:  # AWS leaves out what is off or empty
        return want in (None, False, "", [], {})
    return same(have, want) or (_is_scalar(have) and _is_scalar(want) and _text(have) == _text(want))


def reconcile(have: Any, want: Any) -> Any:
    """Returns what exists, spelled as it was wanted where the two agree (order, JSON layout, number)."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return {key: reconcile(item, want[key]) if key in want else item for key, item in have.items()}
    if isinstance(want, list) and isinstance(have, list) and covers(have, want):
        return _reorder(have, want)
    return want if covers(have, want) and not isinstance(want, Mapping) else have


def observed(have: Any, want: Any) -> Any:
    """Returns what exists, cut down to what was wanted, so that defaults of AWS do not look like changes."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        seen = {key: observed(have.get(key), item) for key, item in want.items()}
        return {key: item for key, item in seen.items() if item is not None}
    return want if covers(have, want) else have


def _reorder(have: list[Any], want: list[Any]) -> list[Any]:
    left = list(have)
    ordered = []
    for wanted in want:
        match = next((item for item in left if covers(item, wanted)), None)
        if match is None:
            return have
        left.remove(match)
        ordered.append(reconcile(match, wanted))
    return ordered


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def decapitalised(value: Any) -> Any:
    """Returns AWS' "VolumeSize" as the SDK's "volumeSize", at every depth."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: decapitalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decapitalised(item) for item in value]
    return value


def tag_map(tags: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Returns tags as a mapping without those that AWS itself sets, from a list of pairs or a mapping."""
    pairs = tags.items() if isinstance(tags, Mapping) else [(tag[key], tag[value]) for tag in tags or ()]
    return {name: text for name, text in pairs if not name.startswith("aws:")}


def text_of_document(document: Any) -> str:
    """Returns a policy as text; boto3 gives some back parsed."""
    return document if isinstance(document, str) else json.dumps(document)
