from pathlib import Path

import pytest

from infra.environment import available, find, project_root
from infra.problems import BadInput
from tests.infra.environment.samples import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: mlcluster\n")
    (tmp_path / "stacks" / "deep").mkdir(parents=True)
    for name in ("dev", "prod", "prod-data"):
        (tmp_path / "stacks" / f"Pulumi.{name}.yaml").touch()
    (tmp_path / "stacks" / "Pulumi.yaml").touch()
    (tmp_path / "stacks" / "other.yaml").touch()
    return tmp_path


def test_the_project_is_the_nearest_above(project: Path) -> None:
    (project / "a" / "b").mkdir(parents=True)
    assert project_root(project / "a" / "b") == project


def test_without_a_project_it_is_our_own(tmp_path: Path) -> None:
    assert project_root(tmp_path) == ROOT


def test_the_project_is_where_one_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert project_root() == project


def test_environments_by_name(project: Path) -> None:
    assert available(project) == ("dev", "prod", "prod-data")


def test_none_are_available_where_there_are_none(tmp_path: Path) -> None:
    assert available(tmp_path) == ()


def test_finding_by_name_and_by_path(project: Path) -> None:
    path = project / "stacks" / "Pulumi.dev.yaml"
    assert find("dev", project) == path
    assert find(str(path), Path("/")) == path


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("prd", "environment: prd does not exist; did you mean prod? there are dev, prod, prod-data"),
        ("nothing-like-it", "environment: nothing-like-it does not exist; there are dev, prod, prod-data"),
        ("", 'environment: "" does not exist; there are dev, prod, prod-data'),
        (
            "../x/Pulumi.dev.yaml",
            "../x/Pulumi.dev.yaml: does not exist; write the path of an environment's file",
        ),
        ("Pulumi.dev.yml", "Pulumi.dev.yml: does not exist; write the path of an environment's file"),
    ],
)
def test_what_does_not_exist(project: Path, env: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        find(env, project)
    assert [str(problem) for problem in caught.value.problems] == [said]


def test_a_project_without_environments(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    with pytest.raises(BadInput, match="environment: dev does not exist; there are none in "):
        find("dev", tmp_path)
