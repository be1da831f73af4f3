"""Pools of every kind, those of the how-to page, from nothing to nothing on the twin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lifecycle.conftest import ROOT, Project, project_on

pytestmark = pytest.mark.engine

PAGE = ROOT / "docs" / "how-to" / "gpu-pools.md"
OFFERED = {
    "serve": {"nvidia.com/mig-1g.10gb": "7"},
    "sprint": {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "16"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root: Path = tmp_path_factory.mktemp("project")
    with project_on("lab", root) as opened:
        found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert found is not None
        (root / "stacks" / "Pulumi.lab.yaml").write_text(found[1])
        yield opened


def test_up_makes_pools_of_every_kind(project: Project) -> None:
    result = project.run("up", "lab")
    assert (result.result, list(result.errors)) == ("succeeded", [])
    kinds = {(item.service, item.type) for item in project.items()}
    assert {("ec2", "placement-group"), ("eks", "nodegroup"), ("ec2", "launch-template")} <= kinds


@pytest.mark.parametrize("pool", sorted(OFFERED))
def test_nodes_offer_what_their_pool_says(project: Project, pool: str) -> None:
    nodes = project.kubernetes().list("v1", "Node")
    own = [node for node in nodes if node["metadata"]["labels"]["mlcluster.io/pool"] == pool]
    devices = [
        {name: count for name, count in node["status"]["allocatable"].items() if ".com/" in name}
        for node in own
    ]
    assert devices
    assert all(one == OFFERED[pool] for one in devices)


def test_another_up_has_nothing_to_do(project: Project) -> None:
    result = project.run("up", "lab")
    assert (result.result, list(result.errors)) == ("succeeded", [])
    assert {op for op, count in result.changes.items() if count} == {"same"}


def test_down_leaves_nothing(project: Project) -> None:
    result, left = project.down("lab")
    assert (result.result, list(result.errors), left) == ("succeeded", [], ())
