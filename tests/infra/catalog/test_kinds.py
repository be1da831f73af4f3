"""The kinds that charts bring, against the definitions that they were taken from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import kinds
from infra.catalog.kinds import Kind

UPSTREAM = Path(__file__).parents[4] / "shared" / "upstream"
ELSEWHERE = {"argo-cd", "external-secrets-generators", "fluid", "plugin-barman-cloud", "velero"}
"""Projects whose definitions are not there; those that we use are judged in tests/components/storage."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

needs_upstream = pytest.mark.skipif(
    not UPSTREAM.is_dir(),
    reason="the projects' definitions are not beside the checkout, in ../shared/upstream",
)


def _kind(project: str, definition: dict[str, Any]) -> Kind:
    spec = definition["spec"]
    stored = [version["name"] for version in spec["versions"] if version["storage"]]
    served = [version["name"] for version in spec["versions"] if version["served"]]
    return Kind(
        project=project,
        group=spec["group"],
        kind=spec["names"]["kind"],
        plural=spec["names"]["plural"],
        scope=spec["scope"],
        versions=(*stored, *(name for name in served if name not in stored)),
    )


def _without_schemas(text: str) -> str:
    """A definition without what is in its schemas: megabytes that would take long to parse."""
    kept, inside = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if inside is not None and (not line.strip() or indent > inside):
            continue
        inside = indent if line.strip() == "schema:" else None
        if inside is None:
            kept.append(line)
    return "\n".join(kept)


def _defined(folder: Path) -> list[Kind]:
    return [
        _kind(folder.name, definition)
        for file in folder.glob("crds/*.yaml")
        for definition in yaml.load_all(_without_schemas(file.read_text()), Loader=LOADER)
    ]


@needs_upstream
def test_the_catalog_has_exactly_the_kinds_of_the_projects() -> None:
    upstream = {folder.name: sorted(_defined(folder)) for folder in UPSTREAM.iterdir() if folder.is_dir()}
    catalog = {
        project: sorted(found) for project, found in kinds.projects().items() if project not in ELSEWHERE
    }
    assert catalog == {project: found for project, found in upstream.items() if found}


@needs_upstream
def test_every_chart_of_the_projects_is_known() -> None:
    files = (*UPSTREAM.glob("*/Chart.yaml"), *UPSTREAM.glob("*/*/Chart.yaml"))
    names = {yaml.load(file.read_text(), Loader=LOADER)["name"] for file in files}
    assert names <= kinds.charts().keys()


@needs_upstream
def test_switches_have_the_charts_own_defaults() -> None:
    for file in UPSTREAM.glob("*/Chart.yaml"):
        name = yaml.load(file.read_text(), Loader=LOADER)["name"]
        values = yaml.load((file.parent / "values.yaml").read_text(), Loader=LOADER)
        for part in kinds.charts()[name]:
            for path, default in part.switches.items():
                found: Any = values
                for key in path.split("."):
                    found = found[key]
                assert found is default, (name, path)


def test_definitions_have_one_name_each() -> None:
    counted = Counter(kind.definition for found in kinds.projects().values() for kind in found)
    assert counted.most_common(1)[0][1] == 1


def test_every_chart_brings_kinds_or_has_an_empty_list() -> None:
    for name, parts in kinds.charts().items():
        assert all(part.kinds for part in parts), name


def test_a_chosen_kind_exists() -> None:
    (part,) = kinds.charts()["kserve-llmisvc-crd"]
    assert {kind.kind for kind in part.kinds} == {"LLMInferenceService", "LLMInferenceServiceConfig"}


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({}, 0),
        ({"crds": {"enabled": True}}, 6),
        ({"installCRDs": True}, 6),
        ({"crds": {"enabled": False}, "installCRDs": True}, 6),
        ({"crds": None}, 0),
    ],
)
def test_values_switch_kinds_on(values: dict[str, Any], count: int) -> None:
    parts = kinds.brought("cert-manager", values) or ()
    assert sum(len(part.kinds) for part in parts) == count


def test_a_chart_brings_those_of_its_subcharts() -> None:
    both = kinds.brought("kubeflow-trainer", {}) or ()
    assert {kind.project for part in both for kind in part.kinds} == {"trainer", "jobset"}
    alone = kinds.brought("kubeflow-trainer", {"jobset": {"install": False}}) or ()
    assert {kind.project for part in alone for kind in part.kinds} == {"trainer"}


def test_skip_crds_leaves_out_what_lies_in_the_crds_folder() -> None:
    assert kinds.brought("kuberay-operator", {}, skip_crds=True) == ()
    assert kinds.brought("kueue", {}, skip_crds=True) == kinds.brought("kueue", {})


def test_no_kinds_and_not_known_are_different() -> None:
    assert kinds.brought("mlflow", {}) == ()
    assert kinds.brought("a-chart-of-mine", {}) is None
