"""Names that Pulumi generates: the logical name, a hyphen and eight hexadecimal digits."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from operations.twin.backend import Unknown
from operations.twin.kubernetes.values import lookup

AUTONAMED: Final = "pulumi.com/autonamed"


def generate(urn: str, seed: bytes) -> str:
    """Returns a name for a resource; the same seed gives the same name, an empty one a random name."""
    logical = urn.rsplit("::", 1)[-1]
    suffix = hashlib.sha256(seed + logical.encode()).hexdigest()[:8] if seed else secrets.token_hex(4)
    return f"{logical}-{suffix}"


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    """Whether Pulumi generated the object's name."""
    return str(lookup(inputs, ("metadata", "annotations", AUTONAMED))) == "true"


def named(urn: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes) -> dict[str, Any]:
    """Returns the inputs with a name: their own, the one generated earlier, or a new one."""
    metadata = news.get("metadata") or {}
    if isinstance(metadata, Unknown) or metadata.get("name"):
        return dict(news)
    name = lookup(olds, ("metadata", "name")) if is_autonamed(olds) else None
    annotations = metadata.get("annotations") or {}
    marked = annotations if isinstance(annotations, Unknown) else {**annotations, AUTONAMED: "true"}
    return {**news, "metadata": {**metadata, "name": name or generate(urn, seed), "annotations": marked}}
