"""Commands on stacks of teams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.infra.environment.samples import SMALL
from tests.operations.cli.conftest import Run

OWN = {"owner": "search", "account": "111122223333", "teams_of": "dev"}
TEAM = {"members": ["oidc:search"], "cpu": 1, "memory": "4GiB"}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with a platform and two stacks of its teams, one of which is wrong."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: mlcluster\nruntime: python\n", encoding="utf-8")
    wrong = {**OWN, "teams": {"search": {**TEAM, "gpus": 1000}}}
    stacks = {"dev": dict(SMALL), "dev-teams-1": {**OWN, "teams": {"search": TEAM}}, "dev-teams-2": wrong}
    for name, section in stacks.items():
        text = yaml.safe_dump({"config": {"aws:region": "us-east-1", "mlcluster:environment": section}})
        (tmp_path / "stacks" / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def right(tmp_path: Path) -> None:
    (tmp_path / "stacks" / "Pulumi.dev-teams-2.yaml").unlink()


def test_environments_are_listed_with_whose_teams_they_are(run: Run, tmp_path: Path) -> None:
    right(tmp_path)
    rows = {row["name"]: row["kind"] for row in json.loads(run("envs", "--json").stdout)["environments"]}
    assert rows == {"dev": "aws", "dev-teams-1": "1 teams of dev"}


def test_each_file_is_validated_beside_the_others(run: Run, tmp_path: Path) -> None:
    answer = run("validate", "dev-teams-2")
    assert answer.exit_code == 2
    assert "teams.search: is a team of dev-teams-1 too" in " ".join(answer.stderr.split())
    right(tmp_path)
    assert run("validate", "dev-teams-1").stdout == "valid dev-teams-1\n"
    assert run("validate", "dev").stdout == "valid dev\n"


def test_a_plan_has_the_teams_alone(run: Run, tmp_path: Path) -> None:
    right(tmp_path)
    planned = json.loads(run("plan", "dev-teams-1", "--json").stdout)
    kinds = {one["type"] for one in planned["resources"]}
    assert "kubernetes:core/v1:Namespace" in kinds
    assert not [kind for kind in kinds if kind.startswith(("aws:eks/cluster", "aws:ec2"))]


def test_services_are_the_platforms(run: Run, tmp_path: Path) -> None:
    right(tmp_path)
    names = [
        [one["name"] for one in json.loads(run("services", env, "--json").stdout)["services"]]
        for env in ("dev", "dev-teams-1")
    ]
    assert names[0] == names[1]
