"""`pulumi up` runs stacks/__main__.py by a language host that cannot be had here; this runs it likewise."""

from __future__ import annotations

import runpy

import pytest

from infra.environment import load
from operations.engine import backend, ladder, run, workspace
from operations.folders import twin as twin_folder
from operations.plan import plan
from tests.lifecycle.conftest import ROOT, Project

pytestmark = pytest.mark.engine


def test_the_file_that_pulumi_runs_declares_what_the_plan_says(project: Project) -> None:
    """The host runs the project's `main` by runpy, as a script, with the stack's configuration in place."""
    place = backend.of_twin(twin_folder(project.twin.name), project.twin.start().env, checkpoints=False)

    def program() -> None:
        runpy.run_path(str(ROOT / "stacks"), run_name="__main__")

    file = project.file("dev")
    with workspace.open_stack(file, project.root, ladder.find(), place, program) as stack:
        result = run.preview(stack)
    assert result.result == "succeeded", result.errors
    planned = {resource.urn for resource in plan(load(file), project.root).resources}
    assert {operation.urn for operation in result.operations} == planned
