"""What the tests of pipelines have in common."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml

from infra.handles import TeamSpace
from tests.components.storage import judging

WORKFLOWS = judging.UPSTREAM / "argo-workflows" / "crds-full" / "argoproj.io_workflows.yaml"
needs_schemas = pytest.mark.skipif(
    not WORKFLOWS.is_file(), reason="the whole schemas of Argo Workflows are not beside the checkout"
)


def space(team: str) -> TeamSpace:
    phases = ("exploration", "training", "serving")
    return TeamSpace(namespaces=tuple(f"{team}-{phase}" for phase in phases), ready=())


def complaints(spec: Mapping[str, Any]) -> list[str]:
    """What the schema of workflows has against a specification; that of templates is the same."""
    found = _judge().iter_errors(spec)
    return [f"{one.json_path}: {one.message}" for one in found]


@cache
def _judge() -> jsonschema.Draft202012Validator:
    definition = yaml.load(WORKFLOWS.read_text(), Loader=yaml.CSafeLoader)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return jsonschema.Draft202012Validator(judging._strict(schema))
