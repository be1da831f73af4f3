"""`mlcluster mirror`, and what an environment's own mirror does to `up`, `validate` and `doctor`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.environment import load, project_root
from infra.problems import BadInput, Problem
from operations.doctor import charts as doctor
from operations.doctor.patient import Patient
from operations.mirror import check, copying
from operations.mirror import registry as registries
from operations.mirror.copying import Outcome
from operations.mirror.registry import Helm
from tests.operations.cli.conftest import Run

Edit = Callable[..., str]
OWNER = "    owner:"
MIRROR = "oci://registry.example.com/mirror"
WITH = f"    mirror: {MIRROR}\n{OWNER}"


def test_what_is_needed_is_listed_without_a_network(run: Run) -> None:
    answer = run("mirror", "staging", "--list", "--json")
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    assert document["result"] == "listed"
    assert {"karpenter", "velero"} <= {one["name"] for one in document["charts"]}
    assert all(one["version"] and one["from"] and one["licence"] for one in document["charts"])
    assert all(one["told_by"] for one in document["images"])
    people = run("mirror", "staging").stdout
    assert "public.ecr.aws/karpenter/controller" in people
    assert "images unknown until they are pulled" in people


@pytest.mark.parametrize(
    ("outcome", "result", "code"),
    [
        (Outcome(charts=["velero 1"]), "mirrored", 0),
        (Outcome(commands=["crane copy a b"]), "incomplete", 0),
        (Outcome(missing={"velero": "no such host"}), "incomplete", 1),
    ],
)
def test_what_became_of_it_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, result: str, code: int
) -> None:
    asked: list[str] = []

    def carry(_helm: Helm, _needs: object, to: str, _say: object) -> Outcome:
        asked.append(to)
        return outcome

    monkeypatch.setattr(copying, "carry", carry)
    monkeypatch.setattr(registries, "at_hand", lambda _listener: Helm(Path("helm")))
    answer = run("mirror", "dev", "--to", MIRROR, "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["result"], asked) == (code, result, [MIRROR])
    people = run("mirror", "dev", "--to", MIRROR)
    for words in (*outcome.commands, *outcome.missing.values()):
        assert words in people.output


def test_the_environment_s_own_mirror_is_the_one_to_fill(
    run: Run, edited: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "carry", lambda _helm, _needs, to, _say: Outcome(charts=[f"to {to}"]))
    monkeypatch.setattr(registries, "at_hand", lambda _listener: Helm(Path("helm")))
    document = json.loads(run("mirror", edited("dev", OWNER, WITH), "--json").stdout)
    assert (document["to"], document["charts"]) == (MIRROR, [f"to {MIRROR}"])


def test_up_changes_nothing_where_the_mirror_lacks_a_chart(
    run: Run, edited: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(*_: object) -> None:
        raise BadInput([Problem("mirror", MIRROR, "lacks the chart velero 1", "fill it")])

    monkeypatch.setattr(check, "complete", lacks)
    monkeypatch.setattr("operations.lifecycle.opened", lambda *_, **__: pytest.fail("it began"))
    answer = run("up", edited("dev", OWNER, WITH), "--yes")
    assert answer.exit_code == 2
    assert f"mirror: {MIRROR} lacks the chart velero 1; fill it" in answer.stderr


def test_a_misspelt_value_of_a_chart_is_a_warning(run: Run, edited: Edit) -> None:
    values = f"    extra_values: {{karpenter: {{logLevl: debug}}}}\n{OWNER}"
    answer = run("validate", edited("dev", OWNER, values))
    assert answer.exit_code == 0
    assert "did you mean logLevel?" in answer.stderr


def findings(path: str) -> list[tuple[str, str]]:
    environment = load(Path(path))
    patient = Patient(environment, datetime(2026, 11, 23, tzinfo=UTC), project_root(Path(__file__)))
    return [(one.status, one.words) for one in doctor.check(patient)]


def test_doctor_looks_into_the_mirror(edited: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    path = edited("dev", OWNER, f"    extra_values: {{velero: {{imag: {{}}}}}}\n{WITH}")
    monkeypatch.setattr(doctor, "complete", lambda *_: None)
    doubt, fine = findings(path)
    assert doubt[0] == "warning"
    assert "extra_values.velero.imag" in doubt[1]
    assert fine == ("passed", f"{MIRROR} has them all")


def test_doctor_tells_what_the_mirror_lacks_or_that_nobody_knows(
    edited: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited("dev", OWNER, WITH)

    def lacks(*_: object) -> None:
        raise BadInput([Problem("mirror", MIRROR, "lacks the chart velero 1", "fill it")])

    def silent(*_: object) -> None:
        raise check.Unasked("it wants a login")

    monkeypatch.setattr(doctor, "complete", lacks)
    assert findings(path) == [("failed", f"{MIRROR} lacks the chart velero 1")]
    monkeypatch.setattr(doctor, "complete", silent)
    assert findings(path) == [("warning", "it wants a login")]
