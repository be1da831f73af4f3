"""The CNI is configured as the plan counts."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from infra.addressing import PodAddresses
from infra.cni import ZONE_LABEL, configuration, environment

SUBNETS = {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"}
WAYS = [PodAddresses(blocks=blocks, apart=apart) for blocks, apart in product((False, True), repeat=2)]


def configured(how: PodAddresses) -> dict[str, object]:
    return configuration(how, region="us-east-1", subnets=SUBNETS, security_group="sg-1")


@pytest.mark.parametrize("how", WAYS)
def test_every_value_is_text_and_targets_always_hold(how: PodAddresses) -> None:
    found = environment(how)
    assert all(isinstance(value, str) for value in found.values())
    assert {"WARM_IP_TARGET": "4", "MINIMUM_IP_TARGET": "16"}.items() <= found.items()
    assert "WARM_PREFIX_TARGET" not in found


def test_blocks_and_a_range_of_their_own_are_switched_on_where_they_are_planned() -> None:
    switches = ("ENABLE_PREFIX_DELEGATION", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG")
    found = {how: tuple(environment(how).get(name) == "true" for name in switches) for how in WAYS}
    assert found == {how: (how.blocks, how.apart) for how in WAYS}


def test_zones_have_their_own_configuration_of_interfaces_found_by_the_nodes_label() -> None:
    found = configured(PodAddresses(apart=True))
    assert found["eniConfig"] == {
        "create": True,
        "region": "us-east-1",
        "subnets": {
            "us-east-1a": {"id": "subnet-a", "securityGroups": ["sg-1"]},
            "us-east-1b": {"id": "subnet-b", "securityGroups": ["sg-1"]},
        },
    }
    assert found["env"]["ENI_CONFIG_LABEL_DEF"] == ZONE_LABEL  # type: ignore[index]


def test_pods_among_nodes_need_no_such_configuration() -> None:
    assert configured(PodAddresses(blocks=True)).keys() == {"env"}


def test_the_components_use_nothing_else_of_the_cni() -> None:
    """Whoever sets another of the CNI's targets would have the plan count wrongly."""
    source = Path(__file__).parents[2] / "components"
    targets = re.compile(r"(WARM|MINIMUM)_(IP|PREFIX|ENI)_TARGET")
    assert [str(file) for file in source.rglob("*.py") if targets.search(file.read_text("utf-8"))] == []
