"""`mlcluster services`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.problems import BadInput, Problem
from operations import lifecycle
from operations.engine import ladder
from tests.operations.cli.conftest import Run


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """These are about what the environment's file tells."""
    monkeypatch.setattr(ladder, "at_hand", lambda: None)


def test_services_are_listed(run: Run) -> None:
    document = json.loads(run("services", "dev", "--json").stdout)
    found = {one["name"]: one for one in document["services"]}
    assert document["environment"] == "dev"
    assert {"kubernetes", "teams", "cluster-autoscaler"} <= set(found)
    assert found["cluster-autoscaler"]["version"]
    assert {one["state"] for one in found.values()} == {"unknown"}
    assert {"title", "what", "use", "owner", "docs", "address"} <= set(found["kubernetes"])


def test_one_service_is_told_in_full(run: Run) -> None:
    answer = run("services", "dev", "kubernetes")
    assert answer.exit_code == 0
    assert "mlcluster kubeconfig dev > kubeconfig" in answer.stdout


def test_an_unknown_service_is_bad_input(run: Run) -> None:
    answer = run("services", "dev", "kubernets")
    assert answer.exit_code == 2
    assert "did you mean kubernetes?" in answer.stderr


def test_a_page_is_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "services.html"
    assert run("services", "dev", "--html", str(file)).exit_code == 0
    assert file.read_text().startswith("<!doctype html>")
    answer = run("services", "dev", "--html", str(tmp_path / "nowhere" / "services.html"))
    assert answer.exit_code == 1
    assert "cannot be written" in answer.stderr


def test_a_backend_that_cannot_be_used_is_no_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BadInput([Problem("backend", "s3://a", "cannot be reached", "log in")])

    monkeypatch.setattr(ladder, "at_hand", object)
    monkeypatch.setattr(lifecycle, "opened", refused)
    answer = run("services", "dev")
    assert answer.exit_code == 0
    assert "cannot be reached" in answer.stderr
    assert "unknown" in answer.stdout
