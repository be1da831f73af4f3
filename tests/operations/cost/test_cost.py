"""What resources cost: sums that explain themselves, and invariants of the ceiling and the floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog import instances, prices
from infra.resources import RecordedResource
from operations.cost import Cost, cost
from tests.infra.catalog.aws_types import AWS_TYPES

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CLUSTER = "aws:eks/cluster:Cluster"
PRICED = sorted(s.name for s in instances.shapes().values() if s.usd_per_hour is not None)


@dataclass(frozen=True)
class Somewhere:
    region: str | None = "us-east-1"


def resource(
    type_: str,
    name: str = "x",
    inputs: Mapping[str, Any] | None = None,
    needs: tuple[str, ...] = (),
    *,
    custom: bool = True,
) -> RecordedResource:
    return RecordedResource(
        urn=f"urn::{type_}::{name}",
        type=type_,
        name=name,
        inputs=inputs or {},
        dependencies=needs,
        custom=custom,
    )


def pool(
    name: str,
    types: list[str],
    fewest: float,
    most: float,
    disk: Mapping[str, Any] | None = None,
    **inputs: Any,
) -> list[RecordedResource]:
    """A node group and its launch template as a recording has them: their ids are made up."""
    ebs = disk or {"volumeSize": 100, "volumeType": "gp3"}
    template = resource(TEMPLATE, name, {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": ebs}]})
    group = resource(
        NODE_GROUP,
        name,
        {
            "instanceTypes": types,
            "scalingConfig": {"minSize": fewest, "maxSize": most, "desiredSize": fewest},
            "launchTemplate": {"id": f"{name}_id", "version": "1"},
            **inputs,
        },
        ("urn::gone", template.urn),
    )
    return [group, template]


def price(*resources: RecordedResource, on: date | None = None) -> Cost:
    return cost(resources, Somewhere(), on)


def test_nothing_costs_nothing() -> None:
    assert price() == Cost(month=0, idle_month=0, unpriced=(), lines=(), notes=())
    assert price().hour == 0


def test_a_pool_at_its_most_and_its_fewest() -> None:
    found = price(*pool("train", ["p4d.24xlarge"], 1, 4))
    nodes, disks = found.lines
    assert nodes.what == "train: p4d.24xlarge, 4 nodes at 21.957642 USD/hour"
    assert nodes.month == pytest.approx(4 * 21.957642 * 730)
    assert nodes.idle_month == pytest.approx(21.957642 * 730)
    assert disks.what == "train: gp3 volumes, 400 GiB at 0.08 USD/month"
    assert (disks.month, disks.idle_month) == (32, 8)
    assert found.month == pytest.approx(nodes.month + 32)
    assert found.hour == pytest.approx(4 * 21.957642 + 32 / 730)
    assert found.unpriced == ()


def test_each_line_and_the_sum_of_a_small_cluster() -> None:
    found = price(
        resource(CLUSTER, "dev", {"version": "1.35"}),
        resource("aws:ec2/natGateway:NatGateway", "nat"),
        resource("aws:ec2/eip:Eip", "nat"),
        resource("aws:kms/key:Key", "secrets"),
        *pool("system", ["m7i.large"], 2, 3),
    )
    assert [line.what for line in found.lines] == [
        "dev: EKS control plane, 1 cluster at 0.1 USD/hour",
        "nat: NAT gateway, 1 gateway at 0.045 USD/hour",
        "nat: public IPv4 address, 1 address at 0.005 USD/hour",
        "secrets: KMS key, 1 key at 1 USD/month",
        "system: m7i.large, 3 nodes at 0.1008 USD/hour",
        "system: gp3 volumes, 300 GiB at 0.08 USD/month",
    ]
    assert found.month == pytest.approx((0.1 + 0.045 + 0.005 + 3 * 0.1008) * 730 + 1 + 24)
    assert found.idle_month == pytest.approx((0.1 + 0.045 + 0.005 + 2 * 0.1008) * 730 + 1 + 16)


def test_volumes_beyond_the_baseline() -> None:
    disk = {"volumeSize": 500, "volumeType": "gp3", "iops": 6000, "throughput": 250}
    _, size, iops, throughput = price(*pool("fast", ["m7i.large"], 0, 2, disk)).lines
    assert size.month == 2 * 500 * 0.08
    assert iops.month == pytest.approx(2 * 3000 * 0.005)
    assert throughput.month == pytest.approx(2 * 125 * 0.04)
    assert (size.idle_month, iops.idle_month, throughput.idle_month) == (0, 0, 0)


def test_several_instance_types_are_priced_as_the_dearest() -> None:
    found = price(*pool("spark", ["r6i.8xlarge", "r7i.8xlarge"], 0, 40))
    assert found.lines[0].item == "r7i.8xlarge"
    assert "spark: priced as r7i.8xlarge, the dearest of its instance types" in found.notes


def test_an_instance_type_may_stand_in_the_template() -> None:
    group, template = pool("train", [], 0, 1)
    typed = resource(TEMPLATE, "train", {**template.inputs, "instanceType": "g6.xlarge"})
    assert price(group, typed).lines[0].item == "g6.xlarge"


def test_what_has_no_price_is_named() -> None:
    found = price(*pool("h200", ["p5e.48xlarge"], 0, 2))
    assert found.unpriced == (NODE_GROUP,)
    assert "h200: the catalog has no on-demand price for p5e.48xlarge" in found.notes
    assert [line.unit for line in found.lines] == ["GiB"]
    half = price(*pool("mixed", ["p5e.48xlarge", "p5en.48xlarge"], 0, 2))
    assert half.unpriced == (NODE_GROUP,)
    assert half.lines[0].item == "p5en.48xlarge"


@pytest.mark.parametrize(
    ("group", "note"),
    [
        (
            resource(NODE_GROUP, "x", {"instanceTypes": ["m7i.large"]}),
            "how many nodes it may have is not recorded",
        ),
        (pool("x", ["m7i.large"], 0, 1)[0], "no price for its None volumes"),
    ],
)
def test_a_node_group_without_its_facts_is_unpriced_not_free(group: RecordedResource, note: str) -> None:
    found = price(group)
    assert found.unpriced == (NODE_GROUP,)
    assert any(note in said for said in found.notes)


def test_types_that_are_charged_by_use_or_unknown_are_in_no_sum_but_named() -> None:
    found = price(
        resource("aws:s3/bucket:Bucket", "raw"),
        resource("aws:s3/bucket:Bucket", "curated"),
        resource("aws:sns/topic:Topic"),
        resource("aws:iam/role:Role"),
        resource("kubernetes:core/v1:Namespace"),
        resource("pulumi:providers:aws"),
        resource("mlcluster:network:Vpc", custom=False),
    )
    assert found.month == 0
    assert found.unpriced == ("aws:s3/bucket:Bucket", "aws:sns/topic:Topic")
    assert len([note for note in found.notes if "0.023 USD per GB-month" in note]) == 1
    assert "the catalog has no price for aws:sns/topic:Topic" in found.notes


@pytest.mark.parametrize(
    ("on", "policy", "usd"),
    [
        (date(2027, 3, 26), None, 0.10),
        (date(2027, 3, 27), None, 0.60),
        (date(2027, 3, 27), "EXTENDED", 0.60),
        (date(2027, 3, 27), "STANDARD", 0.10),
        (None, None, 0.10),
    ],
)
def test_extended_support_costs_more_unless_eks_is_to_upgrade(
    on: date | None, policy: str | None, usd: float
) -> None:
    inputs: dict[str, Any] = {"version": "1.35"}
    if policy:
        inputs["upgradePolicy"] = {"supportType": policy}
    found = price(resource(CLUSTER, "dev", inputs), on=on)
    assert found.month == pytest.approx(usd * 730)
    assert any("extended support on 2027-03-27" in note for note in found.notes) == (policy != "STANDARD")


def test_another_region_is_noted() -> None:
    resources = pool("system", ["m7i.large"], 1, 1)
    here, there = cost(resources, Somewhere()), cost(resources, Somewhere("eu-west-1"))
    assert here.month == there.month
    assert set(there.notes) - set(here.notes) == {"eu-west-1 has prices of its own: expect other sums there"}


def test_no_aws_type_is_unknown() -> None:
    found = price(*(resource(type_, inputs={"version": "1.35"}) for type_ in AWS_TYPES))
    assert not [note for note in found.notes if "has no price for" in note]
    by_use = {one for one in AWS_TYPES if (known := prices.price(one)) and known.kind == "usage"}
    assert by_use | {NODE_GROUP} <= set(found.unpriced)


types = st.lists(st.sampled_from(PRICED), min_size=1, max_size=3, unique=True)
sizes = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(sorted)
pools = st.builds(
    lambda name, names, size, disk: pool(
        name, names, size[0], size[1], {"volumeSize": disk, "volumeType": "gp3"}
    ),
    st.text(min_size=1, max_size=5),
    types,
    sizes,
    st.integers(1, 16_384),
)


@given(st.lists(pools, max_size=4))
def test_the_floor_is_below_the_ceiling_and_both_are_sums_of_their_lines(
    several: list[list[RecordedResource]],
) -> None:
    found = price(*(r for group in several for r in group))
    assert 0 <= found.idle_month <= found.month
    assert found.month == pytest.approx(sum(line.month for line in found.lines))
    assert found.idle_month == pytest.approx(sum(line.idle_month for line in found.lines))
    assert all(line.idle_month <= line.month for line in found.lines)
    assert found.unpriced == ()


@given(types, sizes, st.integers(0, 10), st.integers(0, 10))
def test_more_nodes_never_cost_less(names: list[str], size: list[int], more: int, fewer: int) -> None:
    least, most = size
    small = price(*pool("p", names, least, most))
    large = price(*pool("p", names, least, most + more))
    assert large.month >= small.month
    assert (large.month > small.month) == (more > 0)
    assert large.idle_month == small.idle_month
    lower = price(*pool("p", names, max(least - fewer, 0), most))
    assert lower.idle_month <= small.idle_month
    assert lower.month == small.month


@given(types, st.sampled_from(PRICED), sizes)
def test_one_more_instance_type_never_lowers_the_ceiling(
    names: list[str], other: str, size: list[int]
) -> None:
    before = price(*pool("p", names, size[0], size[1]))
    assert price(*pool("p", [*names, other], size[0], size[1])).month >= before.month


def test_brokers_of_kafka_cost_with_their_volumes() -> None:
    volume = {"storageInfo": {"ebsStorageInfo": {"volumeSize": 500}}}
    inputs = {
        "numberOfBrokerNodes": 3,
        "brokerNodeGroupInfo": {"instanceType": "kafka.m7g.xlarge", **volume},
    }
    brokers = RecordedResource(urn="u", type="aws:msk/cluster:Cluster", name="kafka", inputs=inputs)
    found = cost([brokers], Somewhere())
    assert [one.what for one in found.lines] == [
        "kafka: kafka.m7g.xlarge, 3 brokers at 0.408 USD/hour",
        "kafka: volumes of Kafka's brokers, 1500 GiB at 0.1 USD/month",
    ]
    assert found.month == pytest.approx(3 * 0.408 * 730 + 150)
