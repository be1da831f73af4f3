"""Pools of Karpenter among the rest: what comes before what, and so what goes after what."""

from typing import Any

import pytest

from operations.recorder import record
from tests.components.support import Found
from tests.stacks.test_platform import SETTINGS, parsed


@pytest.fixture(scope="module")
def found() -> Found:
    pools: dict[str, Any] = {
        **SETTINGS["pools"],
        "train": {**SETTINGS["pools"]["train"], "min": 0, "scaling": "karpenter"},
        "batch": {"instances": ["r7i.8xlarge"], "max": 9, "capacity": "spot", "scaling": "karpenter"},
    }
    return Found(record(parsed(pools=pools)))


def test_a_pool_has_the_nodes_of_one_kind_only(found: Found) -> None:
    assert {one.name for one in found.all("NodePool")} == {"train-nodepool", "batch-nodepool"}
    assert not {"train", "batch"} & set(found.names("NodeGroup"))


def test_karpenter_runs_on_nodes_that_are_always_there(found: Found) -> None:
    controller = found.one("Release", "karpenter")
    assert {"NodeGroup::system", "Addon::system-addons-coredns"} <= found.before(controller)
    values = controller.inputs["values"]
    terms = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchExpressions"][1]["values"] == ["system"]
    assert values["replicas"] == 2


@pytest.mark.parametrize("pool", ["train", "batch"])
def test_nodes_can_join_and_leave_as_long_as_their_pool_is_there(found: Found, pool: str) -> None:
    before = found.before(found.one("NodePool", f"{pool}-nodepool"))
    assert {
        f"EC2NodeClass::{pool}-ec2nodeclass",
        "Release::karpenter",
        "Release::karpenter-crd",
        "Queue::karpenter-interruptions",
        "InstanceProfile::karpenter",
        "Role::nodes",
        "RolePolicyAttachment::nodes-AmazonEKS_CNI_Policy",
        "NodeGroup::system",
        "Addon::node-addons-vpc-cni",
        "Addon::system-addons-aws-ebs-csi-driver",
        "Route::network-private-eu-west-1a",
    } <= before


def test_what_people_run_goes_before_the_nodes_that_it_runs_on(found: Found) -> None:
    for one in found.all("Namespace"):
        if one.name.startswith("fraud-"):
            assert {"NodePool::train-nodepool", "NodePool::batch-nodepool"} <= found.before(one)


def test_without_such_pools_there_is_no_karpenter() -> None:
    without = Found(record(parsed()))
    assert not [one for one in without.resources if "arpenter" in one.urn]
    assert without.all("Queue") == []
