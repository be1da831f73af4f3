"""The Kubernetes objects that our environments declare, and the definitions that custom ones need."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from infra import environment
from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.types import RELEASE, group_of, resolve
from tests.components.storage import judging
from tests.stacks.golden import recorded

ROOT: Final = Path(__file__).parents[2]
UPSTREAM: Final = ROOT.parent / "shared" / "upstream"
"""Charts and definitions as their projects publish them; not part of a clone."""

ENVIRONMENTS: Final = environment.available(ROOT)

_FREE: Final = frozenset({"metadata", "data", "stringData", "binaryData", "parameters"})
"""Fields whose keys are the user's own, and `metadata`, which every object has."""


def declared(name: str) -> tuple[Manifest, ...]:
    """What an environment declares, as it goes to the API server; namespaces first."""
    found = [
        _manifest(one.type, one.inputs)
        for one in recorded(name).resources
        if one.type.startswith("kubernetes:") and one.type != RELEASE
    ]
    return tuple(sorted(found, key=lambda manifest: manifest["kind"] != "Namespace"))


def of_each_kind() -> dict[str, Manifest]:
    """One object of each kind that any environment declares, by "kind.group"."""
    found = (manifest for name in ENVIRONMENTS for manifest in declared(name))
    return {f"{one['kind']}.{group_of(one['apiVersion'])}".strip("."): one for one in found}


def definition(api_version: str, kind: str) -> Manifest | None:
    """The definition of a custom kind as its project publishes it; None where there is none."""
    for path in sorted(UPSTREAM.glob(f"*/crds/{group_of(api_version)}_*.yaml")):
        found: Manifest = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        if found["spec"]["names"]["kind"] == kind:
            return found
    return judging.definition(api_version, kind)


def misspelt(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Manifest]]:
    """The same object with one field's name wrong, in every place of its first levels, and that name."""
    yield "metadata.lables", {**manifest, "metadata": {**manifest["metadata"], "lables": {}}}
    yield "speck", {**manifest, "speck": {}}
    for field in sorted(manifest.keys() - _FREE):
        changed = copy.deepcopy(dict(manifest))
        inner = changed[field]
        part, path = (inner[0], f"{field}[0]") if isinstance(inner, list) else (inner, field)
        if isinstance(part, dict) and part:
            key = min(part)
            part[f"{key}x"] = part.pop(key)
            yield f"{path}.{key}x", changed


def mistyped(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Manifest]]:
    """The same object with a text where it has a mapping or a list, and that field's name."""
    for field in sorted(manifest.keys() - {"metadata"}):
        if isinstance(manifest[field], (dict, list)):
            yield field, {**manifest, field: "wrong"}
    yield "labels", {**manifest, "metadata": {**manifest["metadata"], "labels": ["wrong"]}}


def _manifest(token: str, inputs: Mapping[str, Any]) -> Manifest:
    kind = resolve(token, inputs)
    return {**copy.deepcopy(dict(inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
