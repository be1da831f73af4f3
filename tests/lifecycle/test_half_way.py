"""A create that fails half-way: what was made stays known, and the next `up` finishes the job."""

from __future__ import annotations

import pytest

from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

GROUP = "aws:eks/nodeGroup:NodeGroup"


def test_the_next_up_finishes_what_a_failed_create_left(project: Project) -> None:
    project.twin.fail(GROUP, "InsufficientInstanceCapacity")
    failed = project.run("up", "dev")
    assert failed.result == "failed"
    assert any("InsufficientInstanceCapacity" in error and "NodeGroup" in error for error in failed.errors)
    made = {item.id for item in project.items()}
    assert made, "what does not hang on the node group was made"

    finished = project.run("up", "dev")
    assert (finished.result, finished.errors) == ("succeeded", ())
    assert made <= {item.id for item in project.items()}, "and was made once, not again"
    assert project.run("up", "dev").changes.keys() == {"same"}


def test_down_takes_away_what_a_failed_up_left(project: Project) -> None:
    assert project.down("dev")[1] == ()
    project.twin.fail("aws:eks/cluster:Cluster", "ThrottlingException")
    assert project.run("up", "dev").result == "failed"
    assert project.items() != ()
    result, left = project.down("dev")
    assert (result.result, left, project.items()) == ("succeeded", (), ())
