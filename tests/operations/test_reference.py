from __future__ import annotations

from pathlib import Path

import pytest

from infra.environment import json_schema
from operations import reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted(reference.pages()))
def test_the_committed_page_is_what_the_code_says(path: str) -> None:
    committed = (ROOT / path).read_text()
    assert committed == reference.pages()[path], "run `make docs` and commit what it writes"


def test_the_command_line_page_tells_every_command() -> None:
    page = reference.command_line()
    for command in (
        "envs",
        "validate",
        "schema",
        "plan",
        "preview",
        "up",
        "down",
        "refresh",
        "outputs",
        "twin status",
    ):
        assert f"## `mlcluster {command}`" in page


def test_the_environment_page_tells_every_field_with_its_meaning() -> None:
    page = reference.environment(json_schema())
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    assert [row for row in rows if row.endswith("|  |")] == []
