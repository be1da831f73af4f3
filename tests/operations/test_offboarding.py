from __future__ import annotations

from typing import Any

import pytest

from infra.environment import Environment, find, load
from operations import guards, lifecycle, offboarding
from operations.guards import Refusal
from operations.leftovers import on_twin
from operations.twin.backend import Item


def space(team: str, *, leaving: bool = False, **more: Any) -> dict[str, Any]:
    """A team's namespace, as a state has it."""
    labels = {"mlcluster.io/team": team, "mlcluster.io/phase": "training"}
    if leaving:
        labels["mlcluster.io/leaving"] = "true"
    return {"type": "kubernetes:core/v1:Namespace", "inputs": {"metadata": {"labels": labels}}, **more}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    others = [{"type": "pulumi:pulumi:Stack"}, {"type": "kubernetes:core/v1:Namespace", "inputs": {}}]
    return {"resources": [*others, *resources]}


@pytest.fixture
def dev() -> Environment:
    return load(find("dev"))


def shard(environment: Environment) -> Environment:
    return environment.model_copy(update={"name": "dev-teams-1", "teams_of": "dev"})


def test_only_teams_that_left_the_file_are_gone(dev: Environment) -> None:
    there = state(space("fraud"), space("old"), space("older", leaving=True), space("oldest", delete=True))
    assert offboarding.gone(dev, there) == {"old": False, "older": True}
    assert offboarding.gone(dev, None) == {}
    assert offboarding.gone(dev, {}) == {}


def test_a_team_is_offboarded_once_all_its_namespaces_say_so(dev: Environment) -> None:
    assert offboarding.gone(dev, state(space("old", leaving=True), space("old"))) == {"old": False}


def test_who_was_not_offboarded_is_not_removed(dev: Environment) -> None:
    offboarding.refuse(dev, {})
    offboarding.refuse(dev, {"older": True})
    with pytest.raises(Refusal, match="dev has no old any more among its teams") as refused:
        offboarding.refuse(dev, {"old": False, "older": True})
    assert "write offboard: true in teams.old, run `mlcluster up dev`" in refused.value.hint


def test_a_farewell_says_what_is_kept_and_where(dev: Environment) -> None:
    prod = load(find("prod"))
    (line,) = offboarding.farewell(prod, {"old": True})
    assert line.startswith("old goes with its namespaces and the volumes in them; kept: teams/old/ in raw, ")
    assert "of the lake that the stack prod-data keeps" in line
    assert "teams/old/ in the file system scratch" in line
    assert "its folders in the file system home" in line
    assert "each for 30 days after it was taken" in line
    assert "of the lake that dev keeps" in offboarding.farewell(dev, {"old": True})[0]
    bare = dev.model_copy(update={"storage": type(dev.storage)()})
    assert offboarding.farewell(bare, {"old": True})[0].endswith("kept: nothing")


def test_teams_need_their_platform(dev: Environment) -> None:
    guards.platform_stands(shard(dev), {"namespaces": {}})
    with pytest.raises(Refusal, match="dev-teams-1 has teams of dev, which is not up") as refused:
        guards.platform_stands(shard(dev), {})
    assert refused.value.hint == "run `mlcluster up dev` first"


def test_a_platform_is_not_taken_from_under_teams(dev: Environment) -> None:
    guards.no_teams_elsewhere(dev, ())
    with pytest.raises(Refusal, match="dev-teams-1 with teams of dev is still up") as refused:
        guards.no_teams_elsewhere(dev, ("dev-teams-1",))
    assert "`mlcluster down dev-teams-1`" in refused.value.hint


def test_what_the_platform_keeps_does_not_keep_teams_up() -> None:
    kept = load(find("prod-data"))
    with pytest.raises(Refusal, match="says to keep"):
        guards.keeps_no_data(kept)
    guards.keeps_no_data(kept.model_copy(update={"teams_of": "prod"}))


def test_teams_live_on_the_twin_of_their_platform(dev: Environment) -> None:
    assert lifecycle.twin_name(shard(dev).home) == lifecycle.twin_name(dev.home) == "dev"
    assert lifecycle.twin_name("dev-data") == "dev"


def test_of_a_stack_of_teams_only_its_own_is_left_over(dev: Environment) -> None:
    class Holding:
        def inventory(self) -> tuple[Item, ...]:
            label = {"mlcluster.io/environment": "dev-teams-1"}
            own = Item("kubernetes", "Namespace", "search-training", label)
            return (own, Item("kubernetes", "Namespace", "kube-public"))

    twin: Any = Holding()
    assert [one.id for one in on_twin(twin, shard(dev))] == ["search-training"]
    assert [one.id for one in on_twin(twin, dev)] == ["kube-public"]
