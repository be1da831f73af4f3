"""Where nodes come from and stand: capacity blocks, placement groups, warm pools, tags of scaling groups."""

from __future__ import annotations

from typing import Any

import pytest

from components.nodes import start_up
from infra.addressing import PodAddresses
from infra.environment.pools import Pool
from infra.units import GiB
from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import TAGS, Bench, Made, Network, cluster, network, node_group, role

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
TAG = "aws:autoscaling/tag:Tag"
BLOCK: dict[str, Any] = {
    "instanceType": "p5.48xlarge",
    "instanceMarketOptions": {"marketType": "capacity-block"},
    "capacityReservationSpecification": {
        "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}
    },
}
OF_BLOCK: dict[str, Any] = {
    "capacityType": "CAPACITY_BLOCK",
    "instanceTypes": None,
    "amiType": "AL2023_x86_64_NVIDIA",
}


@pytest.fixture
def at(bench: Bench) -> Network:
    return network(bench)


@pytest.fixture
def control_plane(bench: Bench, at: Network) -> Made:
    return cluster(bench, at)


def template(bench: Bench, name: str = "pool", **data: Any) -> dict[str, str]:
    made = bench.make(TEMPLATE, name, **data)
    return {"id": made.id, "version": str(made["latestVersion"])}


def test_nodes_come_from_a_capacity_block(bench: Bench, at: Network, control_plane: Made) -> None:
    made = node_group(
        bench,
        at,
        control_plane,
        launchTemplate=template(bench, **BLOCK),
        subnetIds=at.subnet_ids[:1],
        **OF_BLOCK,
    )
    assert made["capacityType"] == "CAPACITY_BLOCK"
    (found,) = bench.package.node_groups()
    assert (found.instance_types, found.zones) == (("p5.48xlarge",), ("us-east-1a",))
    assert bench.diff(made, capacityType="ON_DEMAND")[1] == ("capacityType",)


@pytest.mark.parametrize(
    ("data", "group", "message"),
    [
        ({**BLOCK, "instanceMarketOptions": None}, {}, "go together"),
        (BLOCK, {"capacityType": "ON_DEMAND"}, "go together"),
        ({**BLOCK, "instanceType": None}, {"instanceTypes": ["p5.48xlarge"]}, "must have an instance type"),
        (
            {**BLOCK, "capacityReservationSpecification": None},
            {},
            "must have an instance type and a capacity",
        ),
        (BLOCK, {"subnets": 2}, "must be in the reservation's zone"),
        ({"instanceMarketOptions": {"marketType": "spot"}}, {"capacityType": "SPOT"}, "not request Spot"),
    ],
)
def test_a_block_wants_all_that_eks_wants_of_it(
    bench: Bench,
    at: Network,
    control_plane: Made,
    data: dict[str, Any],
    group: dict[str, Any],
    message: str,
) -> None:
    given = {**OF_BLOCK, **group}
    count = given.pop("subnets", 1)
    launch = template(bench, **{key: value for key, value in data.items() if value is not None})
    with pytest.raises(Refused, match=message):
        node_group(bench, at, control_plane, launchTemplate=launch, subnetIds=at.subnet_ids[:count], **given)


def test_a_placement_group_lives_as_long_as_instances_are_in_it(
    bench: Bench, at: Network, control_plane: Made
) -> None:
    together = bench.make(PLACEMENT, name="close", strategy="cluster", tags=TAGS)
    assert together["placementGroupId"].startswith("pg-")
    assert together["arn"].endswith(":placement-group/close")
    launch = template(bench, placement={"groupName": "close"})
    nodes = node_group(bench, at, control_plane, launchTemplate=launch, subnetIds=at.subnet_ids[:1])
    with pytest.raises(Refused, match="in use by node group"):
        bench.drop(together)
    bench.drop(nodes)
    assert ("placement-group", "close", TAGS) in [
        (item.type, item.id, dict(item.tags)) for item in bench.package.inventory()
    ]
    bench.drop(together)


def test_what_replaces_a_placement_group_and_what_does_not(bench: Bench) -> None:
    made = bench.make(PLACEMENT, name="close", strategy="cluster", tags=TAGS)
    assert bench.diff(made, strategy="spread")[1] == ("strategy",)
    assert bench.diff(made, name="other")[1] == ("name",)
    assert bench.change(made, tags={"Name": "new"})["tags"] == {"Name": "new"}
    with pytest.raises(Refused, match="already exists"):
        bench.make(PLACEMENT, "again", name="close", strategy="cluster")


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"launchTemplate": {"placement": {"groupName": "none"}}}, "is unknown"),
        ({"launchTemplate": {"placement": {"groupName": "close"}}, "subnets": 2}, "in several zones"),
        (
            {"launchTemplate": {**BLOCK, "placement": {"groupName": "close"}}, **OF_BLOCK},
            "cannot hold capacity blocks",
        ),
    ],
)
def test_a_cluster_placement_group_does_not_hold_everything(
    bench: Bench, at: Network, control_plane: Made, group: dict[str, Any], message: str
) -> None:
    bench.make(PLACEMENT, name="close", strategy="cluster")
    given = dict(group)
    launch = template(bench, **given.pop("launchTemplate"))
    subnets = at.subnet_ids[: given.pop("subnets", 1)]
    with pytest.raises(Refused, match=message):
        node_group(bench, at, control_plane, launchTemplate=launch, subnetIds=subnets, **given)


def test_a_warm_pool_comes_and_goes_with_its_block(bench: Bench, at: Network, control_plane: Made) -> None:
    config = {"minSize": 2, "maxGroupPreparedCapacity": 3, "poolState": "STOPPED", "reuseOnScaleIn": True}
    made = node_group(bench, at, control_plane, warmPoolConfig=config)
    assert made["warmPoolConfig"] == config
    smaller = bench.change(made, warmPoolConfig={**config, "minSize": 1})
    assert smaller["warmPoolConfig"]["minSize"] == 1
    without = bench.change(smaller, warmPoolConfig=None)
    assert "warmPoolConfig" not in without.state


def test_bottlerocket_supports_less_of_warm_pools(bench: Bench, at: Network, control_plane: Made) -> None:
    arn = role(bench, "nodes", "ec2.amazonaws.com")["arn"]
    given = {"amiType": "BOTTLEROCKET_x86_64", "nodeRoleArn": arn}
    for config, message in (
        ({"poolState": "HIBERNATED"}, "cannot be hibernated"),
        ({"reuseOnScaleIn": True}, "cannot be reused"),
    ):
        with pytest.raises(Refused, match=message):
            node_group(bench, at, control_plane, warmPoolConfig=config, **given)


def test_a_bottlerocket_release_is_bottlerockets(bench: Bench, at: Network, control_plane: Made) -> None:
    made = node_group(bench, at, control_plane, amiType="BOTTLEROCKET_x86_64")
    assert made["releaseVersion"] == "1.44.0-a1b2c3d4"


@pytest.mark.parametrize("family", ["al2023", "bottlerocket"])
def test_the_twin_reads_what_nodes_set_aside(
    bench: Bench, at: Network, control_plane: Made, family: str
) -> None:
    fields = {"instances": ["m7i.4xlarge"], "huge_pages": "10GiB", "image": {"family": family}}
    user_data = start_up.user_data(Pool.model_validate(fields))
    node_group(bench, at, control_plane, launchTemplate=template(bench, userData=user_data))
    assert bench.package.node_groups()[0].huge_pages == 10 * GiB


@pytest.mark.parametrize("family", ["al2023", "bottlerocket"])
def test_the_twin_reads_how_many_pods_nodes_take(
    bench: Bench, at: Network, control_plane: Made, family: str
) -> None:
    pool = Pool.model_validate({"instances": ["m7i.large"], "image": {"family": family}})
    user_data = start_up.user_data(pool, PodAddresses(apart=True))
    node_group(bench, at, control_plane, launchTemplate=template(bench, userData=user_data))
    assert bench.package.node_groups()[0].max_pods == 20


def test_tags_of_a_scaling_group_live_with_the_node_group(
    bench: Bench, at: Network, control_plane: Made
) -> None:
    nodes = node_group(bench, at, control_plane)
    group = nodes["resources"][0]["autoscalingGroups"][0]["name"]
    key = "k8s.io/cluster-autoscaler/node-template/resources/vpc.amazonaws.com/efa"
    tag = {"key": key, "value": "4", "propagateAtLaunch": False}
    made = bench.make(TAG, autoscalingGroupName=group, tag=tag)
    assert made.id == f"{group},{key}"
    assert bench.change(made, tag={**tag, "value": "8"})["tag"]["value"] == "8"
    assert bench.diff(made, tag={**tag, "key": "other"})[1] == ("tag",)
    bench.drop(made)
    left = bench.make(TAG, autoscalingGroupName=group, tag=tag)
    bench.drop(nodes)
    assert bench.read(left) is None, "it went with the group"


def test_a_tag_needs_its_group(bench: Bench) -> None:
    tag = {"key": "a", "value": "b", "propagateAtLaunch": False}
    with pytest.raises(Refused, match="AutoScalingGroup 'eks-none' not found"):
        bench.make(TAG, autoscalingGroupName="eks-none", tag=tag)
