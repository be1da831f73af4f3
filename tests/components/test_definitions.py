"""Kinds that no chart brings are resources like any other."""

import pulumi
import pytest
import yaml

from components.definitions import Definitions, DefinitionsArgs
from infra.catalog import definitions as catalog
from infra.catalog import kinds
from infra.problems import BadInput
from tests.components.chart_values import UPSTREAM
from tests.components.support import record_component


@pytest.mark.parametrize("project", catalog.PROJECTS)
def test_definitions_are_recorded_as_they_are(project: str) -> None:
    found = record_component(lambda opts: Definitions("kinds", DefinitionsArgs(project=project), opts))
    made = {one.name: one.inputs for one in found.all("CustomResourceDefinition")}
    assert made.keys() == {kind.definition for kind in kinds.projects()[project]}
    for one in catalog.definitions(project):
        assert made[one["metadata"]["name"]]["spec"] == one["spec"]


@pytest.mark.parametrize("project", catalog.PROJECTS)
def test_they_serve_what_the_catalog_says(project: str) -> None:
    served = {
        one["metadata"]["name"]: {each["name"] for each in one["spec"]["versions"] if each["served"]}
        for one in catalog.definitions(project)
    }
    assert served == {kind.definition: set(kind.versions) for kind in kinds.projects()[project]}


@pytest.mark.parametrize("project", catalog.PROJECTS)
def test_they_are_those_of_upstream(project: str) -> None:
    folder = UPSTREAM / project / "crds"
    if not folder.is_dir():
        pytest.skip(f"the kinds of {project} are not in ../shared/upstream")
    upstream = {}
    for file in folder.glob("*.yaml"):
        for document in yaml.safe_load_all(file.read_text()):
            upstream[document["metadata"]["name"]] = _bare(document["spec"])
    assert {one["metadata"]["name"]: one["spec"] for one in catalog.definitions(project)} == upstream


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _bare(inner)
            for key, inner in value.items()
            if not (key == "description" and isinstance(inner, str))
        }
    return [_bare(inner) for inner in value] if isinstance(value, list) else value


def test_a_project_without_definitions_is_refused() -> None:
    with pytest.raises(BadInput, match="gateway-api"):
        catalog.definitions("gateway-apis")


def test_what_makes_objects_can_wait_for_them() -> None:
    made: list[Definitions] = []

    def build(opts: pulumi.ResourceOptions) -> None:
        made.append(Definitions("kinds", DefinitionsArgs(project="gateway-api"), opts))

    record_component(build)
    assert len(made[0].ready) == len(catalog.definitions("gateway-api"))
