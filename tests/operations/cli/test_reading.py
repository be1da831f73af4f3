from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from infra.environment import available, project_root
from operations.plan import PlanDocument
from tests.operations.cli.conftest import Run

Edit = Callable[..., str]


def test_envs_lists_every_environment_with_its_kind(run: Run) -> None:
    answer = run("envs", "--json")
    kinds = {row["name"]: row["kind"] for row in json.loads(answer.stdout)["environments"]}
    assert kinds == {
        "dev": "aws",
        "hyperscale": "aws",
        "hyperscale-data": "data",
        "staging": "aws",
        "staging-data": "data",
        "prod": "aws",
        "prod-data": "data",
        "prod-teams-1": "4 teams of prod",
    }
    for name in kinds:
        assert name in run("envs").stdout


@pytest.mark.parametrize("env", available(project_root(Path(__file__))))
def test_the_environments_are_valid(run: Run, env: str) -> None:
    answer = run("validate", env)
    assert (answer.exit_code, answer.stdout) == (0, f"valid {env}\n")


def test_a_path_serves_as_well_as_a_name(run: Run, edited: Edit) -> None:
    path = edited("dev", "max: 2}", "max: 3}")
    assert run("validate", path).exit_code == 0
    planned = json.loads(run("plan", path, "--json").stdout)
    assert planned["environment"] == "dev"
    sizes = {
        r["name"]: r["inputs"]["scalingConfig"]["maxSize"]
        for r in planned["resources"]
        if "scalingConfig" in r["inputs"]
    }
    assert sizes["gpu"] == 3


def test_a_plan_is_what_its_schema_says(run: Run) -> None:
    answer = run("plan", "dev", "--json")
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    jsonschema.validate(document, PlanDocument.model_json_schema())
    urns = {resource["urn"] for resource in document["resources"]}
    assert len(urns) == len(document["resources"])
    for resource in document["resources"]:
        assert set(resource["dependencies"]) <= urns
        assert resource["parent"] is None or resource["parent"] in urns
    path = document["minutes"]["critical_path"]
    waited = document["minutes"]["up"] * 60 - sum(step["seconds"] for step in path)
    assert 0 <= waited < 10, "the rest is waiting for one of the engine's places"
    assert 0 < document["cost"]["idle_month"] < document["cost"]["month"]


def test_the_keys_of_a_plan_only_grow() -> None:
    """Other tools build on these; a key that is gone breaks them."""
    shape = {
        name: set(definition["properties"])
        for name, definition in PlanDocument.model_json_schema()["$defs"].items()
    }
    assert set(PlanDocument.model_json_schema()["properties"]) >= {
        "environment",
        "resources",
        "minutes",
        "cost",
    }
    assert shape["ResourceDocument"] >= {"urn", "type", "name", "parent", "dependencies", "inputs"}
    assert shape["MinutesDocument"] >= {"up", "critical_path", "down"}
    assert shape["CostDocument"] >= {"hour", "month", "idle_month", "unpriced"}


def test_a_plan_for_people_has_tree_counts_time_and_cost(run: Run) -> None:
    text = run("plan", "prod").stdout
    for words in (
        "train  nodes.NodePool",
        "in all",
        "simulated minutes up",
        "critical path:",
        "eks.Cluster",
        "a month",
    ):
        assert words in text


def test_the_schema_is_the_one_in_the_repository(run: Run) -> None:
    committed = Path(__file__).parents[3] / "docs" / "environment.schema.json"
    assert json.loads(run("schema").stdout) == json.loads(committed.read_text())


BAD = {
    "unknown key": ("owner:", "ownr:", "ownr", "owner"),
    "wrong type": ("zones: 2", "zones: [1]", "network.zones", "write a number"),
    "unknown instance type": ("m7i.large", "m7i.lrge", "pools.system.instances[0]", "m7i.large"),
    "unknown region": ("us-east-1", "us-esat-1", "us-esat-1", "us-east-1"),
    "zone not in the region": (
        "min: 0, max: 2}",
        "max: 2, zone: eu-west-1a}",
        "pools.gpu.zone",
        "us-east-1a",
    ),
    "network too small": ("10.10.0.0/16", "10.10.0.0/26", "network.cidr", "/"),
    "min above max": ("min: 2, max: 4", "min: 5, max: 4", "pools.system", "min"),
    "EFA where there is none": (
        "[m7i.large]",
        "[m7i.large], zone: us-east-1a, efa: true",
        "pools.system.efa",
        "efa",
    ),
    "illegal name": ("fraud:", "Fraud_Team:", "Fraud_Team", "small letters"),
    "name too long": ("fraud:", f"{'f' * 70}:", "fff", "character"),
    "two teams with one name": ("      search:", "      fraud:", "fraud", "line"),
    "quota above the pools": ("gpus: 2", "gpus: 64", "gpus", "4"),
    "account not 12 digits": ('"111122223333"', '"1111"', "account", "12"),
    "malformed YAML": ("config:", "config: {", ".yaml:5:24", "not YAML"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_with_path_and_hint(run: Run, edited: Edit, case: str) -> None:
    old, new, path, hint = BAD[case]
    answer = run("plan", edited("dev", old, new))
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert path in answer.stderr
    assert hint in answer.stderr
    assert "Traceback" not in answer.stderr


def test_overlapping_networks_are_bad_input(run: Run, edited: Edit) -> None:
    answer = run(
        "validate",
        edited("dev", "api_access: [203.0.113.0/24]", "api_access: [203.0.113.0/24, 203.0.113.128/25]"),
    )
    assert (answer.exit_code, "api_access" in answer.stderr) == (2, True)


@pytest.mark.parametrize("name", ["nope", "stacks/Pulumi.nope.yaml"])
def test_what_does_not_exist_is_bad_input(run: Run, name: str) -> None:
    answer = run("validate", name)
    assert answer.exit_code == 2
    assert "does not exist" in answer.stderr


def test_an_unknown_environment_lists_those_that_exist(run: Run) -> None:
    assert (
        "dev, hyperscale, hyperscale-data, prod, prod-data, prod-teams-1, staging, staging-data"
        in run("validate", "nope").stderr
    )


def test_bad_input_is_machine_readable(run: Run, edited: Edit) -> None:
    answer = run("validate", edited("dev", "min: 2, max: 4", "min: 5, max: 4"), "--json")
    assert answer.exit_code == 2
    document = json.loads(answer.stdout)
    assert document["result"] == "bad-input"
    assert all(set(problem) == {"path", "value", "message", "hint"} for problem in document["problems"])
