"""Teams in files of their own, beside the file of the environment whose cluster they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.environment import Environment, load, parse, shards
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput
from tests.infra.environment.samples import ON_PREMISES, SMALL, changed

Write = Callable[..., Path]

OWN = {"owner": "search", "account": "111122223333", "teams_of": "dev"}
SEARCH = {"members": ["oidc:search"], "gpus": 1, "cpu": 6, "memory": "16GiB"}
ROLE = "arn:aws:iam::111122223333:role/science"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the file of a stack; the platform's is there."""

    def written(name: str, section: Mapping[str, Any], region: str | None = "us-east-1") -> Path:
        path = tmp_path / f"Pulumi.{name}.yaml"
        config = {**({} if region is None else {REGION: region}), SECTION: dict(section)}
        path.write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
        return path

    written("dev", SMALL)
    return written


def teams(**given: Any) -> dict[str, Any]:
    return {**OWN, "teams": given or {"search": SEARCH}}


def problems(path: Path) -> list[str]:
    """What is said of a file, without the file's name."""
    try:
        load(path)
    except BadInput as bad:
        return [str(problem).partition(": ")[2] for problem in bad.problems]
    return []


def test_all_but_who_the_teams_are_comes_from_the_platforms_file(write: Write) -> None:
    made, platform = load(write("dev-teams-1", teams())), load(write("dev", SMALL))
    assert (made.name, made.owner, made.home) == ("dev-teams-1", "search", "dev")
    assert list(made.teams) == ["search"]
    assert made.pools == platform.pools
    assert made.cluster == platform.cluster
    assert made.storage == platform.storage
    assert (platform.home, platform.teams_of) == ("dev", None)


def test_every_stack_knows_the_teams_of_the_others(write: Write) -> None:
    first = write("dev-teams-1", teams())
    second = write("dev-teams-2", teams(vision=SEARCH | {"gpus": 0, "cpu": 1}))
    assert {stack: list(found) for stack, found in load(first).others.items()} == {
        "dev": ["fraud"],
        "dev-teams-2": ["vision"],
    }
    platform = load(second.parent / "Pulumi.dev.yaml")
    assert set(platform.all_teams) == {"fraud", "search", "vision"}
    assert list(platform.teams) == ["fraud"]


def test_it_is_read_for_pulumi_as_from_the_file(write: Write, tmp_path: Path) -> None:
    path = write("dev-teams-1", teams())
    config = {REGION: "us-east-1", SECTION: teams()}
    assert parse("dev-teams-1", config, tmp_path) == load(path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"teams_of": "dve"}, "teams_of: dve does not exist; did you mean dev?"),
        ({"teams_of": "dev-data"}, "teams_of: dev-data has no cluster; write one of dev"),
        ({"teams_of": "other"}, "teams_of: other is itself a stack of teams, those of dev; write one of dev"),
        ({"teams_of": "new"}, "teams_of: new is this very stack; write one of dev"),
        ({"account": "999988887777"}, 'account: "999988887777" is not dev\'s, which is 111122223333'),
        ({"account": None}, "account: is missing, which is 111122223333"),
        ({"state": {}}, "state: is elsewhere than dev's (where Pulumi is logged in to)"),
        ({"pools": {}}, "pools: is dev's, and these are but teams of it; write it in Pulumi.dev."),
        ({"teems": {}}, "teems: is not a key that is known here; did you mean teams or teams_of?"),
        ({"others": {}}, "others: {} does not belong here; the files of the stacks that have those"),
    ],
)
def test_each_mistake_has_one_clear_error(write: Write, given: dict[str, Any], said: str) -> None:
    write("dev-data", {"owner": "me", "account": "111122223333", "storage": {"lake": {}}})
    write("other", {**OWN, "teams": {}})
    section = {key: value for key, value in {**teams(), **given}.items() if value is not None}
    found = problems(write("new", section))
    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_another_region_is_refused(write: Write) -> None:
    (found,) = problems(write("dev-teams-1", teams(), region="eu-west-1"))
    assert found == "aws:region: eu-west-1 is not dev's, which is us-east-1; write us-east-1"


def test_a_platform_with_problems_is_told_of_by_name(write: Write) -> None:
    write("dev", changed(SMALL, {"pools.gpu.max": -1}))
    (found,) = problems(write("dev-teams-1", teams()))
    assert found == "teams_of: dev has a file that is not right itself; run mlcluster validate dev"


def test_without_a_folder_there_is_no_platform() -> None:
    with pytest.raises(BadInput, match="teams_of: dev does not exist"):
        parse("dev-teams-1", {REGION: "us-east-1", SECTION: teams()})


def test_teams_of_all_stacks_share_the_pools(write: Write) -> None:
    platform = write("dev", changed(SMALL, {"teams.fraud.cpu": 5}))
    first = write("dev-teams-1", teams(search=SEARCH | {"gpus": 1, "cpu": 8}))
    assert problems(first) == problems(platform) == []
    write("dev-teams-2", teams(vision=SEARCH | {"gpus": 1, "cpu": 1}))
    for path, others in ((platform, "dev-teams-1, dev-teams-2"), (first, "dev, dev-teams-2")):
        (found,) = problems(path)
        assert f"teams: may use 3 gpus together with those of {others}, above 2 GPUs, all that" in found
    leaving = SEARCH | {"gpus": 1, "cpu": 1, "offboard": True}
    write("dev-teams-2", teams(vision=leaving))
    assert problems(first) == problems(platform) == []


def test_teams_of_all_stacks_share_the_nodes_of_an_existing_cluster(write: Write) -> None:
    nodes = {"main": {"count": 2, "cpu": 8, "memory": "32GiB", "gpus": 1}}
    write("lab", changed(ON_PREMISES, {"cluster.nodes": nodes}), region=None)
    own = {"owner": "me", "teams_of": "lab"}
    path = write("lab-teams", {**own, "teams": {"search": SEARCH}}, region=None)
    assert problems(path) == []
    write("lab-teams", {**own, "teams": {"search": SEARCH | {"cpu": 11}}}, region=None)
    assert "teams: may use 17 cpu together" in problems(path)[0]


def test_a_team_is_in_one_stack(write: Write) -> None:
    (found,) = problems(write("dev-teams-1", teams(fraud=SEARCH | {"gpus": 0, "cpu": 1})))
    assert found == (
        "teams.fraud: is a team of dev too; give it another name, or remove it from one of the files"
    )


def test_an_iam_role_is_in_one_stack(write: Write) -> None:
    write("dev", changed(SMALL, {"teams.fraud.members": ["oidc:fraud", ROLE]}))
    (found,) = problems(write("dev-teams-1", teams(search=SEARCH | {"members": [ROLE]})))
    assert found.startswith(f"teams.search.members[0]: {ROLE} is a member of fraud in dev too")
    assert "have search and fraud in one file" in found


def test_a_stack_of_teams_is_not_larger_than_the_engine_likes(write: Write) -> None:
    platform = load(write("dev", changed(SMALL, {"pools.system.instances": ["m7i.48xlarge"]})))
    room, small = shards.room(platform), {"cpu": 1, "memory": "1GiB"}
    assert 10 <= room <= 20
    fitting, too_many = (
        {f"t{n}": {"members": [f"oidc:{n}"], **small} for n in range(count)} for count in (room, room + 1)
    )
    assert problems(write("dev-teams-1", teams(**fitting))) == []
    (found,) = problems(write("dev-teams-1", teams(**too_many)))
    assert found.startswith(f"teams: are {room + 1}, about {shards.of_a_team(platform)} resources each")
    assert f"leave {room} of them here" in found


def test_what_is_wrong_in_other_files_is_told_by_those(write: Write, tmp_path: Path) -> None:
    path = write("dev-teams-1", teams())
    write("dev-teams-2", teams(vision={"members": []}))
    (tmp_path / "Pulumi.broken.yaml").write_text("config: [", encoding="utf-8")
    (tmp_path / "Pulumi.empty.yaml").write_text("", encoding="utf-8")
    (tmp_path / "Pulumi.bytes.yaml").write_bytes(b"\xff\xfe\x00")
    assert list(load(path).others) == ["dev"]


def test_alerts_and_homes_may_be_of_teams_in_other_stacks(write: Write) -> None:
    home = {"people": {"ada": {"team": "search", "uid": 1001}}}
    path = write("dev", changed(SMALL, {"storage.shared.home": home}))
    assert problems(path) == [
        "storage.shared.home.people.ada.team: search is not a team of this environment; write one of fraud"
    ]
    write("dev-teams-1", teams())
    assert problems(path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"notify": ["a@example.com"]}, "says who is told (notify), and has no budget"),
        ({"neurons": 1}, "is above 0 Neuron devices, all that the pools hold at their largest"),
        ({"budget": 100}, "teams.search.budget: 100.0 runs out, and nobody is told; write notify beside it"),
        ({"offboard": "yes"}, "is neither true nor false"),
    ],
)
def test_teams_say_nothing_that_means_nothing(write: Write, change: dict[str, Any], said: str) -> None:
    (found,) = problems(write("dev-teams-1", teams(search=SEARCH | change)))
    assert said in found


def test_it_is_no_stack_of_data(write: Write) -> None:
    made: Environment = load(write("dev-teams-1", teams()))
    assert not made.is_data
    assert made.state_place is None
