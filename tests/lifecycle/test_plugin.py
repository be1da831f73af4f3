"""An engine whose kubernetes plugin is installed uses it: a stand-in that tells of its start, and fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.twin import plugins
from tests.lifecycle.conftest import Project
from tests.operations.twin.test_plugins import SDK, program

pytestmark = pytest.mark.engine


def test_the_engine_starts_the_plugin_with_the_twins_commands_first(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    place = tmp_path / "home" / "plugins" / f"resource-kubernetes-v{SDK}" / plugins.PROGRAM
    program(place, f'echo "$PATH" > {heard}; echo broken >&2; exit 1')
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    result = project.run("preview", "dev")
    assert result.result == "failed"
    assert "kubernetes" in " ".join(result.errors)
    assert heard.read_text().split(":")[0] == str(project.twin.folder / "bin")
