"""One environment from nothing to nothing; each test goes on where the one before it stopped."""

from __future__ import annotations

import pytest

from infra.environment import find
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

POOL = next(line for line in find("dev").read_text().splitlines(keepends=True) if "gpu:" in line)
MORE = POOL + "      extra: {instances: [c7i.large], min: 1, max: 2}\n"


def ops(project: Project, what: str) -> dict[str, int]:
    """What a run did, by operation, resources that stayed the same left out."""
    result = project.run(what, "dev")
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def test_a_preview_changes_nothing(project: Project) -> None:
    changes = ops(project, "preview")
    assert set(changes) == {"create"}
    assert changes["create"] > 100
    assert project.items() == ()


def test_up(project: Project) -> None:
    assert set(ops(project, "up")) == {"create"}
    kinds = {(item.service, item.type) for item in project.items()}
    assert {("ec2", "vpc"), ("eks", "cluster"), ("eks", "nodegroup"), ("kubernetes", "Namespace")} <= kinds
    assert {item.environment for item in project.items()} <= {"dev", None}


def test_another_up_has_nothing_to_do(project: Project) -> None:
    assert ops(project, "up") == {}


def test_an_added_pool_is_all_that_is_created(project: Project) -> None:
    project.edit("dev", POOL, MORE)
    before = set(project.items())
    assert set(ops(project, "up")) == {"create"}
    created = {(item.service, item.type) for item in set(project.items()) - before}
    assert {("ec2", "launch-template"), ("eks", "nodegroup")} <= created
    assert all(
        "nodegroup" in type_ or "template" in type_ or service == "kubernetes" for service, type_ in created
    )


def test_a_removed_pool_is_all_that_is_deleted(project: Project) -> None:
    project.edit("dev", MORE, POOL)
    assert set(ops(project, "up")) == {"delete"}
    assert ops(project, "up") == {}


def test_what_was_deleted_behind_pulumis_back_is_seen_and_made_anew(project: Project) -> None:
    endpoints = project.aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert len(endpoints) == 1
    project.aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoints[0]["VpcEndpointId"]])
    assert ops(project, "refresh") == {"delete": 1}
    assert ops(project, "up") == {"create": 1}
    assert ops(project, "up") == {}


def test_the_twin_survives_a_restart(project: Project) -> None:
    before = project.items()
    project.twin.stop()
    project.twin.start()
    assert project.items() == before
    assert ops(project, "up") == {}


def test_down_leaves_nothing(project: Project) -> None:
    result, left = project.down("dev")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert project.items() == ()
