"""Judges manifests and Helm values by what their projects publish.

What is in ../shared/upstream is taken from there. For projects that are not, `crds` has the schemas of those
kinds that we use, without their descriptions, and the names of charts' values (both under Apache-2.0; where
they are from stands in them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.catalog import kinds

UPSTREAM = Path(__file__).parents[4] / "shared" / "upstream"
OURS = Path(__file__).parent / "crds"
needs_upstream = pytest.mark.skipif(
    not UPSTREAM.is_dir(), reason="the projects' definitions are not beside the checkout"
)


def complaints(manifest: Mapping[str, Any]) -> list[str]:
    """What a manifest's definition has against it: unknown fields too, which the API server would drop."""
    schema = _schema(manifest["apiVersion"], manifest["kind"])
    found = jsonschema.Draft202012Validator(schema).iter_errors(manifest)
    return [f"{one.json_path}: {one.message}" for one in found]


def unknown_values(chart: str, values: Mapping[str, Any]) -> list[str]:
    """Paths of values that a chart does not have."""
    return list(_unknown(_values(chart), values))


def definition(api_version: str, kind: str) -> dict[str, Any] | None:
    """The definition of one of the kinds in `crds`; None for all others."""
    group, _, version = api_version.partition("/")
    known = {(one.group, one.kind): one for found in kinds.projects().values() for one in found}
    for file in OURS.glob("*.json"):
        ours = json.loads(file.read_text()).get("kinds", {}).get(kind)
        if ours is not None and ours["apiVersion"] == api_version:
            fact = known[group, kind]
            served = {"name": version, "served": True, "storage": True}
            return {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": fact.definition},
                "spec": {
                    "group": group,
                    "names": {"kind": kind, "plural": fact.plural, "listKind": f"{kind}List"},
                    "scope": fact.scope,
                    "versions": [{**served, "schema": {"openAPIV3Schema": ours["schema"]}}],
                },
            }
    return None


_OF_EVERY_OBJECT: dict[str, Any] = {"apiVersion": {}, "kind": {}, "metadata": {}}
"""What the API server knows of every object, whether its definition says so or not."""


@cache
def _schema(api_version: str, kind: str) -> Any:
    for file in OURS.glob("*.json"):
        ours = json.loads(file.read_text()).get("kinds", {}).get(kind)
        if ours is not None and ours["apiVersion"] == api_version:
            return _strict(
                {**ours["schema"], "properties": {**_OF_EVERY_OBJECT, **ours["schema"]["properties"]}}
            )
    group, _, version = api_version.partition("/")
    for file in UPSTREAM.glob(f"*/crds/{group}_*.yaml"):
        definition = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
        if definition["spec"]["names"]["kind"] == kind:
            (found,) = [one for one in definition["spec"]["versions"] if one["name"] == version]
            schema = found["schema"]["openAPIV3Schema"]
            return _strict({**schema, "properties": {**_OF_EVERY_OBJECT, **schema["properties"]}})
    raise AssertionError(f"no definition of {kind} ({api_version})")


_ALTERNATIVES = frozenset({"allOf", "anyOf", "oneOf", "not"})
"""What judges fields that stand beside it: by itself it need not know them all."""


def _strict(schema: Any) -> Any:
    """A structural schema as JSON Schema, under which no field is unknown."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: value if key in _ALTERNATIVES else _strict(value)
        for key, value in schema.items()
        if key not in {"properties", "description"}
    }
    if "properties" in schema:
        made["properties"] = {key: _strict(value) for key, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            made["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made


@cache
def _values(chart: str) -> dict[str, Any]:
    ours = json.loads((OURS / "values.json").read_text())
    if chart in ours:
        keys: dict[str, Any] = ours[chart]["keys"]
        return keys
    loaded: dict[str, Any] = yaml.load(
        (UPSTREAM / chart / "values.yaml").read_text(), Loader=yaml.CSafeLoader
    )
    return loaded


def _unknown(known: Any, values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in values.items():
        if key not in known:
            yield f"{path}{key}"
        elif isinstance(value, Mapping) and isinstance(known[key], Mapping) and known[key]:
            yield from _unknown(known[key], value, f"{path}{key}.")
