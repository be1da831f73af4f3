from __future__ import annotations

import pulumi

from components.tenancy import manifests
from components.tenancy.members import Members, MembersArgs, entries
from infra.environment.teams import Team
from tests.components.support import SCOPE, Found, cluster, record_component

ROLE = "arn:aws:iam::111122223333:role/science/fraud"
OTHER = "arn:aws:iam::111122223333:user/me"


def team(*members: str) -> Team:
    return Team.model_validate({"members": list(members), "cpu": 1, "memory": "1GiB"})


TEAMS = {"fraud": team("oidc:fraud", ROLE), "search": team(ROLE, OTHER), "plain": team("oidc:plain")}


def recorded() -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        Members("members", MembersArgs(scope=SCOPE, cluster=cluster(), teams=TEAMS), opts)

    return record_component(build)


def test_whoever_is_in_two_teams_has_one_entry_with_the_groups_of_both() -> None:
    assert entries(TEAMS) == {ROLE: ("mlcluster:fraud", "mlcluster:search"), OTHER: ("mlcluster:search",)}
    found = {one.inputs["principalArn"]: one.inputs for one in recorded().all("AccessEntry")}
    assert found.keys() == {ROLE, OTHER}
    assert found[ROLE]["kubernetesGroups"] == ["mlcluster:fraud", "mlcluster:search"]
    assert all(one["type"] == "STANDARD" for one in found.values())


def test_nobody_of_a_team_that_leaves_comes_in() -> None:
    leaving = {name: one.model_copy(update={"offboard": name == "search"}) for name, one in TEAMS.items()}
    assert entries(leaving) == {ROLE: ("mlcluster:fraud",)}
    assert manifests.member_groups("search", leaving["search"]) == ()


def test_an_entry_gives_no_rights_by_itself() -> None:
    assert recorded().all("AccessPolicyAssociation") == []


def test_the_groups_of_entries_are_those_that_rights_are_bound_to() -> None:
    assert manifests.member_groups("fraud", TEAMS["fraud"]) == ("oidc:fraud", "mlcluster:fraud")
    assert manifests.member_groups("search", TEAMS["search"]) == ("mlcluster:search",)
    assert manifests.member_groups("plain", TEAMS["plain"]) == ("oidc:plain",)
