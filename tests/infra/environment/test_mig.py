"""Teams' shares of GPUs that are cut by MIG."""

from typing import Any

import pytest

from components.tenancy import manifests
from infra.environment.pools import Pool
from infra.environment.pools.devices import Devices
from infra.environment.pools.sharing import mig_resource, profiles
from infra.environment.teams import PHASES, Team
from tests.infra.environment.samples import problems_of

CUT = {"instances": ["p5.4xlarge"], "max": 2, "sharing": {"mig": "1g.10gb"}}
"""At most two GPUs, cut into seven each."""


def problems(mig: dict[str, Any], **changes: Any) -> list[str]:
    return problems_of({"pools.serve": CUT, "teams.fraud.mig": mig, **changes})


def test_what_pools_hold_may_be_used() -> None:
    assert problems({"1g.10gb": 14}) == []


def test_more_than_pools_hold_is_refused() -> None:
    (only,) = problems({"1g.10gb": 15})
    assert only.startswith("teams: may use 15 of 1g.10gb together, above 14, all that the pools hold")


def test_teams_are_counted_together() -> None:
    other = {"members": ["oidc:b"], "cpu": 1, "memory": "1GiB", "mig": {"1g.10gb": 8}}
    (only,) = problems({"1g.10gb": 7}, **{"teams.search": other})
    assert only.startswith("teams: may use 15 of 1g.10gb together")


def test_a_profile_that_no_pool_has_is_refused_with_the_nearest() -> None:
    (only,) = problems({"1g.20gb": 1})
    assert only == (
        'teams.fraud.mig["1g.20gb"]: 1 is of a profile that no pool cuts its GPUs into; did you mean 1g.10gb?'
    )


def test_without_such_a_pool_there_is_nothing_to_use() -> None:
    (only,) = problems_of({"teams.fraud.mig": {"1g.10gb": 1}})
    assert "no pool cuts its GPUs into; write sharing: {mig: …} of a pool" in only


@pytest.mark.parametrize("mig", [{"10gb": 1}, {"1g.10gb": 0}, {"1g.10gb": True}, {"1g.10gb": "4"}, 4])
def test_nonsense_is_refused(mig: Any) -> None:
    (only,) = problems(mig)
    assert only.startswith("teams.fraud.mig")


def test_instances_are_divided_like_the_rest_and_none_is_lost() -> None:
    parts = Team.model_validate(
        {"members": ["oidc:a"], "cpu": 4, "memory": "4GiB", "mig": {"1g.10gb": 7}}
    ).split()
    assert [parts[phase].mig["1g.10gb"] for phase in PHASES] == [2, 3, 2]


def test_without_a_share_a_team_has_none_of_what_pools_cut() -> None:
    share = Team.model_validate({"members": ["oidc:a"], "cpu": 4, "memory": "4GiB"}).split()["training"]
    hard = manifests.quota(share, Devices(profiles=("1g.10gb", "1g.10gb+me")))
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "0"
    assert hard["requests.nvidia.com/mig-1g.10gb.me"] == "0"
    assert not [name for name in manifests.quota(share) if "mig" in name]


def test_a_share_is_in_the_quota_of_its_phase() -> None:
    written = {"members": ["oidc:a"], "cpu": 4, "memory": "4GiB", "mig": {"1g.10gb": 8}}
    parts = Team.model_validate(written).split()
    there = Devices(profiles=("1g.10gb", "2g.20gb"))
    hard = {phase: manifests.quota(parts[phase], there) for phase in PHASES}
    assert [one["requests.nvidia.com/mig-1g.10gb"] for one in hard.values()] == ["2", "4", "2"]
    assert {one["requests.nvidia.com/mig-2g.20gb"] for one in hard.values()} == {"0"}


def test_pools_tell_what_they_are_cut_into() -> None:
    pools = [Pool.model_validate(one) for one in (CUT, CUT, {"instances": ["g6.xlarge"]})]
    assert profiles(pool.sharing for pool in pools) == ("1g.10gb",)
    assert mig_resource("1g.10gb+me") == "nvidia.com/mig-1g.10gb.me"
