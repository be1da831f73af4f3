"""Golden graphs: what every environment's program asks for, as files that people review in diffs."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra import environment
from infra.resources import RecordedResource
from operations.recorder import Recording, record

FOLDER = Path(__file__).parents[1] / "golden"
UPDATE = "MLCLUSTER_UPDATE_GOLDEN"
_LONG = 2500
"""Characters of a text that reviewers still read."""
HEADER = f"""\
# What the program of this environment asks of the engine. Identifiers are made up.
# Written by: {UPDATE}=1 .venv/bin/pytest tests/stacks/test_golden.py
"""


@functools.cache
def recorded(name: str) -> Recording:
    """The recording of one of our environments."""
    return record(environment.load(environment.find(name, FOLDER)))


def render(recording: Recording) -> str:
    """A recording as YAML: a document of resources by short URN, sorted, and the stack's outputs."""
    before = _before(recording)
    graph = {
        "outputs": dict(recording.outputs),
        "resources": {short(one.urn): _resource(one, before) for one in recording.resources},
    }
    return HEADER + yaml.dump(graph, Dumper=_Dumper, sort_keys=True, width=160)


def short(urn: str) -> str:
    """A URN without the stack, the project, and the types of its parents."""
    return "::".join(urn.split("::")[2:]).rpartition("$")[2]


def _before(recording: Recording) -> Mapping[str, frozenset[str]]:
    """By URN, all that a resource comes after, directly or not."""
    direct = {one.urn: one.dependencies for one in recording.resources}

    @functools.cache
    def all_of(urn: str) -> frozenset[str]:
        found = frozenset(direct.get(urn, ()))
        return found.union(*map(all_of, found))

    return {urn: all_of(urn) for urn in direct}


def _after(one: RecordedResource, before: Mapping[str, frozenset[str]]) -> list[str]:
    """What a resource comes after, without what goes without saying: providers, and what those come after."""
    found = {urn for urn in one.dependencies if "::pulumi:providers:" not in urn}
    implied = frozenset().union(*(before.get(urn, frozenset()) for urn in found))
    return sorted(short(urn) for urn in found - implied)


def _resource(one: RecordedResource, before: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    facts = {
        "parent": None if one.parent is None else short(one.parent),
        "after": _after(one, before),
        "inputs": {key: _readable(value) for key, value in _inputs(one).items()},
        "protect": one.protect,
        "retain": one.retain_on_delete,
    }
    return {key: value for key, value in facts.items() if value}


def _inputs(one: RecordedResource) -> Mapping[str, Any]:
    if not one.type.endswith(":CustomResourceDefinition"):
        return one.inputs
    return {**one.inputs, "spec": _digest(json.dumps(one.inputs["spec"], sort_keys=True))}


def _digest(text: str) -> str:
    return f"({len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:16]})"


def _readable(value: Any) -> Any:
    """Policies and configurations are JSON in text; reviewers want to see what is in it.

    What nobody reads in a diff (dashboards, schemas of kinds, whole jobs) is there by its length and digest.
    """
    if isinstance(value, str) and len(value) > _LONG:
        return _digest(value)
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return {"(JSON)": json.loads(value)}
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return {key: _readable(inner) for key, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Without anchors: a reader should not have to look things up."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
