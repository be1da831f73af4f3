from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.environment import find
from operations.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in this process, wide enough that nothing wraps."""
    monkeypatch.setenv("COLUMNS", "240")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    return invoke


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., str]:
    """Writes a copy of an environment's file with one text replaced, and returns its path."""

    def edit(env: str, old: str, new: str) -> str:
        text = find(env).read_text()
        assert old in text, f"{env} has no {old!r} to replace"
        path = tmp_path / f"Pulumi.{env}.yaml"
        path.write_text(text.replace(old, new, 1))
        return str(path)

    return edit
