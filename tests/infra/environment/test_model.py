from ipaddress import IPv4Network

import pytest
from pydantic import ValidationError

from infra.environment import Environment, parse
from infra.environment.loading import REGION, SECTION
from infra.labels import Scope
from infra.problems import BadInput
from infra.units import DAY, ByteSize
from tests.infra.environment.samples import SMALL, changed, on_premises, small


def test_defaults_are_worth_having() -> None:
    env = small({"network": {"cidr": "10.10.0.0/16"}, "pools.gpu": {"instances": ["g6.xlarge"]}})
    assert env.platform == "aws"
    assert env.network is not None
    assert (env.network.cidr, env.network.zones, env.network.nat) == (
        IPv4Network("10.10.0.0/16"),
        3,
        "single",
    )
    assert env.cluster is not None
    assert (env.cluster.api_access, env.cluster.log_retention) == ((), 90 * DAY)
    gpu = env.pools["gpu"]
    assert (gpu.min, gpu.max, gpu.capacity, gpu.disk) == (0, 1, "on-demand", ByteSize("100GiB"))
    assert not env.lifetime.protect
    assert env.budget is None


def test_max_follows_min() -> None:
    assert small({"pools.system": {"instances": ["m7i.large"], "min": 5}}).pools["system"].max == 5


def test_an_environment_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        small().owner = "somebody"  # type: ignore[misc]


def test_zones_are_the_first_of_the_region() -> None:
    assert small().zones == ("us-east-1a", "us-east-1b")


def test_zones_are_those_that_were_named() -> None:
    assert small({"network.zones": ["us-east-1c", "us-east-1a"]}).zones == ("us-east-1c", "us-east-1a")


def test_an_existing_cluster_has_no_zones_of_ours() -> None:
    assert on_premises().zones == ()


def test_whose_its_resources_are() -> None:
    assert small().scope == Scope("dev", "ml-platform")
    assert small({"lifetime": {"ttl": "12h"}}).scope.ttl == 43200


def test_a_stack_with_a_lake_and_no_cluster_keeps_data() -> None:
    data = {"owner": "ml-platform", "account": "111122223333", "storage": {"lake": {}}}
    assert parse("dev-data", {REGION: "us-east-1", SECTION: data}).is_data
    assert not small().is_data


def test_a_lake_is_not_required() -> None:
    assert small({"storage": {}}).storage.lake is None


def test_parsing_leaves_what_it_is_given_alone() -> None:
    config = {REGION: "us-east-1", SECTION: changed(SMALL, {})}
    parse("dev", config)
    assert config == {REGION: "us-east-1", SECTION: SMALL}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 25, "is 25 characters long; write at most 24"),
        ("Dev", "name: Dev is not a name for an environment; write small letters, digits and hyphens"),
        ("", 'name: "" is not a name for an environment; write small letters, digits and hyphens'),
    ],
)
def test_names_that_no_environment_can_have(name: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        parse(name, {REGION: "us-east-1", SECTION: SMALL})


def test_what_is_written_back_is_the_same_environment() -> None:
    env = small({"lifetime": {"ttl": "12h", "hibernate": "weekdays 20:00-07:00 Europe/Madrid"}})
    written = env.model_dump(mode="json", exclude_unset=True, exclude={"name", "region"})
    assert parse("dev", {REGION: "us-east-1", SECTION: written}) == env


def test_it_can_be_made_in_python_too() -> None:
    assert Environment(name="dev", owner="me").pools == {}
