"""The environments of this repository."""

import re

import pytest
import yaml

from infra.environment import Environment, available, find, load
from infra.environment.checks.together import together
from tests.infra.environment.samples import ROOT

NAMES = available(ROOT)
HOURS_A_MONTH = 730
EKS_AN_HOUR = 0.10  # https://aws.amazon.com/eks/pricing/, standard support


def environments() -> list[Environment]:
    return [load(find(name, ROOT)) for name in NAMES]


def test_which_there_are() -> None:
    assert NAMES == (
        "dev",
        "hyperscale",
        "hyperscale-data",
        "prod",
        "prod-data",
        "prod-teams-1",
        "staging",
        "staging-data",
    )
    assert [env.name for env in environments() if env.teams_of == "prod"] == ["prod-teams-1"]
    assert [env.name for env in environments() if env.is_data] == [
        "hyperscale-data",
        "prod-data",
        "staging-data",
    ]


def test_they_go_together() -> None:
    assert together(environments()) == []


@pytest.mark.parametrize("name", NAMES)
def test_editors_find_their_schema(name: str) -> None:
    path = find(name, ROOT)
    pointed = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
    assert pointed is not None
    assert (path.parent / pointed[1]).resolve() == ROOT / "docs" / "environment.schema.json"


@pytest.mark.parametrize("env", environments(), ids=lambda env: env.name)
def test_budgets_are_above_what_is_always_there(env: Environment) -> None:
    nodes = sum(
        pool.min * max(shape.usd_per_hour or 0 for shape in pool.shapes) for pool in env.pools.values()
    )
    if env.budget is not None:
        assert env.budget.monthly > (nodes + EKS_AN_HOUR) * HOURS_A_MONTH


def test_production_is_guarded_and_development_is_not() -> None:
    by_name = {env.name: env for env in environments()}
    assert by_name["prod"].lifetime.protect
    assert by_name["prod-data"].lifetime.protect
    lake = by_name["dev"].storage.lake
    assert lake is not None
    assert lake.keep == "destroy"


def test_production_trains_over_the_fabric() -> None:
    train = load(find("prod", ROOT)).pools["train"]
    assert (train.zone, train.efa_interfaces) == ("us-east-1a", 4)


def test_pulumi_itself_finds_program_environments_and_backend() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert (project["name"], project["main"], project["stackConfigDir"]) == ("mlcluster", "stacks", "stacks")
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    assert project["backend"] == {"url": "file://~"}
