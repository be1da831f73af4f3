"""What an environment's life begins with; the life itself is in tests/lifecycle."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations import lifecycle
from operations.engine import ladder
from operations.engine.backend import of_twin
from operations.progress import Silent
from operations.twin import plugins
from operations.twin.manager import Running, Twin
from tests.infra.environment.samples import on_premises, small

RUNNING = Running(
    env={plugins.DEBUG_PROVIDERS: "aws:1,kubernetes:2"},
    aws_endpoint="http://127.0.0.1:3",
    pid=4,
    ports={"aws": 1, "kubernetes": 2},
)
PLUGIN = {plugins.DEBUG_PROVIDERS: "aws:1", "PATH": "/somewhere"}


@pytest.fixture(autouse=True)
def _twin_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "started", lambda *_: RUNNING)
    monkeypatch.setattr(plugins, "variables", lambda *_: PLUGIN)


def test_a_rehearsal_never_follows_a_context_to_somebodys_cluster(tmp_path: Path) -> None:
    twin, engine = Twin("lab", tmp_path), ladder.Engine(tmp_path / "pulumi", "3.250.0", "PATH")
    there = of_twin(tmp_path, dict(RUNNING.env), checkpoints=False)
    assert lifecycle._on_twin(twin, on_premises(), engine, Silent()) == there
    at_aws = of_twin(tmp_path, PLUGIN, checkpoints=False)
    assert lifecycle._on_twin(twin, small(), engine, Silent()) == at_aws
    assert there != at_aws
