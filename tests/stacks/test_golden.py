"""Compares every environment with its golden graph; a difference is either a mistake or to be reviewed."""

import difflib
import os

import pytest

from infra import environment
from tests.stacks.golden import FOLDER, UPDATE, recorded, render

ENVIRONMENTS = environment.available(environment.project_root(FOLDER))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_graph_is_the_one_that_was_reviewed(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    found = render(recorded(name))
    if os.environ.get(UPDATE):
        path.write_text(found)
    reviewed = path.read_text() if path.exists() else ""
    if found != reviewed:
        lines = difflib.unified_diff(
            reviewed.splitlines(), found.splitlines(), "reviewed", "found", lineterm="", n=2
        )
        shown = "\n".join(list(lines)[:80])
        pytest.fail(
            f"{path.name} differs; if it is meant to, run {UPDATE}=1 pytest {__file__}\n{shown}",
            pytrace=False,
        )


def test_there_is_a_golden_graph_for_every_environment_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(ENVIRONMENTS)
    assert {"dev", "staging", "prod", "hyperscale"} <= set(ENVIRONMENTS)
