"""The software of devices, where pools have such devices, and what it stands on."""

from typing import Any

import pytest

from operations.recorder import record
from tests.components.support import Found
from tests.stacks.test_platform import SETTINGS, parsed

SYSTEM = {"system": SETTINGS["pools"]["system"]}
NEURON = {"instances": ["trn1.32xlarge"], "max": 2, "zone": "eu-west-1b"}
BOTTLEROCKET = {"instances": ["g6.xlarge"], "max": 2, "image": {"family": "bottlerocket"}}


def releases(**pools: Any) -> set[str]:
    teams = {"fraud": {**SETTINGS["teams"]["fraud"], "gpus": 0}}
    found = Found(record(parsed(pools={**SYSTEM, **pools}, teams=teams)))
    return {one.inputs["name"] for one in found.all("Release")} - {"cluster-autoscaler"}


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ({}, set()),
        ({"train": SETTINGS["pools"]["train"]}, {"gpu-operator", "efa-device-plugin"}),
        ({"serve": {"instances": ["g6.xlarge"], "max": 2}}, {"gpu-operator"}),
        ({"neuron": NEURON}, {"efa-device-plugin", "neuron-device-plugin"}),
        ({"bottle": BOTTLEROCKET}, set()),
        ({"hpc": {"instances": ["c6i.32xlarge"], "efa": True, "zone": "eu-west-1b"}}, {"efa-device-plugin"}),
    ],
)
def test_only_what_a_pool_needs_is_there(pools: dict[str, Any], expected: set[str]) -> None:
    assert releases(**pools) == expected


@pytest.fixture(scope="module")
def found() -> Found:
    cut = {"instances": ["p5.4xlarge"], "max": 2, "sharing": {"mig": "1g.10gb"}}
    fraud = {**SETTINGS["teams"]["fraud"], "mig": {"1g.10gb": 8}}
    return Found(record(parsed(pools={**SETTINGS["pools"], "cut": cut}, teams={"fraud": fraud})))


@pytest.mark.parametrize("release", ["gpu-operator", "efa-device-plugin"])
def test_it_comes_after_nodes_and_names_and_goes_before_them(found: Found, release: str) -> None:
    before = found.before(found.one("Release", release))
    assert {"NodeGroup::system", "Addon::system-addons-coredns", "Addon::node-addons-vpc-cni"} <= before


def test_a_team_has_as_many_instances_of_gpus_as_it_is_given(found: Found) -> None:
    hard = found.inputs("ResourceQuota", "fraud-training")["spec"]["hard"]
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "4"


def test_priorities_are_there_whatever_the_pools_are(found: Found) -> None:
    assert found.names("PriorityClass") == [
        "priorities-exploration",
        "priorities-serving",
        "priorities-training",
    ]
