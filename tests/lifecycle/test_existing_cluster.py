"""Teams in a cluster that somebody else made, from nothing to nothing; the cluster itself stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lifecycle.conftest import Project, project_on

pytestmark = pytest.mark.engine

LAB = """\
config:
  mlcluster:environment:
    owner: ml-platform
    platform: kubernetes
    cluster:
      context: somebody-elses
      nodes:
        gpu: {count: 2, gpus: 8, cpu: 90, memory: 1TiB}
    teams:
      fraud: {members: [scientists], gpus: 16, cpu: 160, memory: 2TiB}
"""
PHASES = ("exploration", "training", "serving")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        root: Path = tmp_path_factory.mktemp("project")
        patch.setenv("KUBECONFIG", str(root / "no-such-file"))  # a rehearsal needs none, and follows none
        with project_on("lab", root) as opened:
            (root / "stacks" / "Pulumi.lab.yaml").write_text(LAB)
            yield opened


def namespaces(project: Project) -> set[str]:
    return {one["metadata"]["name"] for one in project.kubernetes().list("v1", "Namespace")}


def test_up_makes_a_place_for_each_team_and_nothing_at_aws(project: Project) -> None:
    result = project.run("up", "lab")
    assert (result.result, result.errors) == ("succeeded", ())
    assert namespaces(project) >= {f"fraud-{phase}" for phase in PHASES}
    assert {item.service for item in project.items()} == {"kubernetes"}
    assert result.outputs["namespaces"] == {"fraud": [f"fraud-{phase}" for phase in PHASES]}


def test_another_up_has_nothing_to_do(project: Project) -> None:
    assert {op for op, count in project.run("up", "lab").changes.items() if count} == {"same"}


def test_somebody_elses_namespace_stays_when_it_goes(project: Project) -> None:
    metadata = {"name": "somebody-elses", "labels": {"mlcluster.io/environment": "another"}}
    project.kubernetes().apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, manager="somebody"
    )
    result, left = project.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert not {f"fraud-{phase}" for phase in PHASES} & namespaces(project)
    assert "somebody-elses" in namespaces(project)
