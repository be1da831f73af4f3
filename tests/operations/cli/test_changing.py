"""What is refused before anything is changed; the changes themselves are in tests/lifecycle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.operations.cli.conftest import Run

Edit = Callable[..., str]


@pytest.fixture(autouse=True)
def _nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCLUSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLCLUSTER_PULUMI", str(tmp_path / "no-such-pulumi"))
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_what_is_over_its_budget_is_refused(run: Run, edited: Edit, tmp_path: Path) -> None:
    answer = run("up", edited("dev", "monthly: 1500", "monthly: 15"), "--twin", "--json")
    assert answer.exit_code == 3
    assert json.loads(answer.stdout)["result"] == "refused"
    assert "its budget is $15" in answer.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("words", [(), ("--name", "staging")])
def test_a_protected_environment_wants_its_name(run: Run, words: tuple[str, ...]) -> None:
    answer = run("down", "prod", "--twin", "--yes", *words)
    assert answer.exit_code == 3
    assert "prod is protected" in answer.stderr
    assert "--name prod" in answer.stderr


def test_data_that_is_kept_is_not_taken_down(run: Run) -> None:
    answer = run("down", "prod-data", "--twin", "--yes", "--name", "prod-data")
    assert answer.exit_code == 3
    assert "storage.lake.keep" in answer.stderr


@pytest.mark.parametrize(
    "words", [("up", "dev"), ("down", "dev"), ("down", "dev", "--twin"), ("refresh", "dev")]
)
def test_what_nobody_can_be_asked_about_is_refused(run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words)
    assert answer.exit_code == 3
    assert "--yes" in answer.stderr


def test_an_engine_that_is_not_there_is_bad_input(run: Run) -> None:
    answer = run("preview", "dev", "--twin")
    assert answer.exit_code == 2
    assert "MLCLUSTER_PULUMI" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_bad_input_comes_before_anything_else(run: Run, edited: Edit, tmp_path: Path) -> None:
    answer = run("up", edited("dev", "max: 4", "max: 1"), "--twin", "--yes")
    assert answer.exit_code == 2
    assert "pools.system.max" in answer.stderr
    assert not (tmp_path / "home").exists()
