from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from infra.catalog.instances import shape, shapes
from infra.environment.checks.pools import ended
from infra.environment.fields import LabelValue, PoolName
from infra.environment.pools import GPU_TAINT, NEURON_TAINT, Pool, Taint
from infra.environment.pools.groups import MOST_NODES, groups
from infra.environment.pools.image import Family, ami_type, ssm_parameter
from infra.environment.pools.portion import Portion, PortionOrNone
from infra.environment.pools.sharing import PLUGIN_LABEL, Sharing, named, plugin_configs
from infra.units import GiB
from tests.infra.environment.samples import small


def pool(*instances: str, **fields: object) -> Pool:
    return Pool.model_validate({"instances": instances, **fields})


def test_gpus() -> None:
    train = pool("p4d.24xlarge", max=16)
    assert (train.shape.name, train.gpus_per_node, train.gpus, train.accelerated) == (
        "p4d.24xlarge",
        8,
        128,
        True,
    )


@pytest.mark.parametrize(
    ("instance", "taints"),
    [
        ("m7i.large", ()),
        ("g6.xlarge", (GPU_TAINT,)),
        ("trn1.32xlarge", (NEURON_TAINT,)),
        ("g6f.xlarge", (GPU_TAINT,)),
    ],
)
def test_nodes_with_devices_are_kept_for_them(instance: str, taints: tuple[Taint, ...]) -> None:
    assert pool(instance).effective_taints == taints


def test_taints_are_the_users_where_there_are_any() -> None:
    assert pool("g6.xlarge", taints=[]).effective_taints == ()
    mine = pool("m7i.large", taints=[{"key": "example.com/batch", "effect": "NoExecute"}]).effective_taints
    assert mine == (Taint(key="example.com/batch", value="true", effect="NoExecute"),)


@pytest.mark.parametrize(
    ("fields", "interfaces"),
    [
        ({"zone": "us-east-1a"}, 4),
        ({"zone": "us-east-1a", "efa": True}, 4),
        ({"zone": "us-east-1a", "efa": False}, 0),
        ({}, 0),
    ],
)
def test_efa_is_on_where_it_is_of_use(fields: dict[str, object], interfaces: int) -> None:
    assert pool("p4d.24xlarge", **fields).efa_interfaces == interfaces


def test_efa_does_not_come_by_itself_without_accelerators() -> None:
    assert pool("c6i.32xlarge", zone="us-east-1a").efa_interfaces == 0
    assert pool("c6i.32xlarge", zone="us-east-1a", efa=True).efa_interfaces > 0


def test_efa_interfaces_are_not_counted_by_network_cards() -> None:
    big = pool("p6-b300.48xlarge", zone="us-east-1a")
    assert (big.shape.network_cards, big.efa_interfaces) == (17, 16)


def test_the_shapes_of_alternatives() -> None:
    spark = pool("r7i.8xlarge", "r6i.8xlarge", disk="200GiB")
    assert [shape.name for shape in spark.shapes] == ["r7i.8xlarge", "r6i.8xlarge"]
    assert spark.disk == 200 * GiB


@pytest.mark.parametrize(
    ("capacity", "market", "id_"),
    [
        ("on-demand", "on-demand", None),
        ("spot", "spot", None),
        ({"reservation": "cr-0123456789abcdef0"}, "reservation", "cr-0123456789abcdef0"),
        ({"block": "cr-01234567", "ends": "2027-01-15T12:30:00+01:00"}, "block", "cr-01234567"),
    ],
)
def test_how_nodes_are_bought(capacity: object, market: str, id_: str | None) -> None:
    bought = pool("p5.48xlarge", zone="us-east-1a", capacity=capacity)
    assert (bought.market, bought.reservation_id) == (market, id_)
    ends = datetime(2027, 1, 15, 11, 30, tzinfo=UTC)
    assert bought.ends == (ends if market == "block" else None)
    assert Pool.model_validate(bought.model_dump(mode="json")) == bought


def test_several_reservations_are_a_resource_group() -> None:
    arn = "arn:aws:resource-groups:us-east-1:111122223333:group/training"
    bought = pool("p5.48xlarge", capacity={"reservation": arn})
    assert (bought.market, bought.reservation_id, bought.reservation_group) == ("reservation", None, arn)


def test_where_capacity_is_reserved_old_nodes_go_first() -> None:
    reserved = {"reservation": "cr-01234567"}
    assert pool("p5.48xlarge", capacity=reserved).update_strategy == "minimal"
    assert pool("p5.48xlarge").update_strategy == "default"
    chosen = pool("p5.48xlarge", capacity=reserved, update={"strategy": "default"})
    assert chosen.update_strategy == "default"


def test_so_many_efas_as_are_asked_for() -> None:
    assert pool("p5.48xlarge", zone="us-east-1a", efa=8).efa_interfaces == 8
    assert pool("p5.48xlarge", zone="us-east-1a", efa=1).efa_interfaces == 1


@pytest.mark.parametrize(
    ("instance", "sharing", "devices"),
    [
        ("p5.48xlarge", None, {"nvidia.com/gpu": 8}),
        ("g6.12xlarge", {"time_slices": 4}, {"nvidia.com/gpu": 16}),
        ("g6.xlarge", {"mps": 48}, {"nvidia.com/gpu": 48}),
        ("p4d.24xlarge", {"mig": "1g.5gb"}, {"nvidia.com/mig-1g.5gb": 56}),
        ("p4de.24xlarge", {"mig": "1g.10gb"}, {"nvidia.com/mig-1g.10gb": 56}),
        ("p5.48xlarge", {"mig": "1g.10gb+me"}, {"nvidia.com/mig-1g.10gb.me": 8}),
        ("p5en.48xlarge", {"mig": "3g.71gb"}, {"nvidia.com/mig-3g.71gb": 16}),
        ("p6-b200.48xlarge", {"mig": "2g.45gb"}, {"nvidia.com/mig-2g.45gb": 24}),
        ("p6-b300.48xlarge", {"mig": "7g.269gb"}, {"nvidia.com/mig-7g.269gb": 8}),
        ("g7e.12xlarge", {"mig": "1g.24gb"}, {"nvidia.com/mig-1g.24gb": 8}),
        ("trn1.32xlarge", None, {"aws.amazon.com/neuron": 16}),
        ("m7i.large", None, {}),
        ("g6f.xlarge", None, {}),
    ],
)
def test_what_a_node_offers(instance: str, sharing: object, devices: dict[str, int]) -> None:
    assert pool(instance, sharing=sharing).devices == devices


def test_efas_are_offered_where_there_are_some() -> None:
    assert pool("trn1.32xlarge", zone="us-east-1a").devices == {
        "aws.amazon.com/neuron": 16,
        "vpc.amazonaws.com/efa": 8,
    }


def test_parts_of_gpus_are_kept_for_pods_that_ask_for_them() -> None:
    # Pods tolerate by themselves what they ask for: the taint is called like the resource.
    cut = pool("p5.48xlarge", sharing={"mig": "1g.10gb"})
    assert cut.effective_taints == (Taint(key="nvidia.com/mig-1g.10gb"),)
    assert pool("g6.xlarge", sharing={"time_slices": 4}).effective_taints == (GPU_TAINT,)


SHARINGS: list[dict[str, object]] = [
    {"time_slices": 4},
    {"mps": 8},
    {"mig": "1g.10gb"},
    {"mig": "1g.10gb+me"},
]


@pytest.mark.parametrize("written", SHARINGS)
def test_labels_tell_how_gpus_are_shared(written: dict[str, object]) -> None:
    shared = pool("p5.48xlarge", sharing=written, labels={"tier": "gold"})
    labels = shared.effective_labels
    assert labels["tier"] == "gold"
    assert named(labels) == shared.sharing
    TypeAdapter(LabelValue).validate_python(labels[PLUGIN_LABEL])
    assert named({"tier": "gold"}) is None


def test_the_device_plugin_has_a_configuration_for_each_label() -> None:
    sharings = [Sharing.model_validate(written) for written in SHARINGS]
    configs = plugin_configs([None, *sharings])
    assert configs.keys() == {"default"} | {one.labels[PLUGIN_LABEL] for one in sharings}
    assert configs["default"] == {"version": "v1", "flags": {"migStrategy": "none"}}
    assert configs["mig"]["flags"] == {"migStrategy": "mixed"}
    slices = configs["time-slices-4"]["sharing"]["timeSlicing"]
    assert slices["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
    assert slices["failRequestsGreaterThanOne"]
    assert configs["mps-8"]["sharing"]["mps"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 8}]


@pytest.mark.parametrize(
    ("instance", "family", "expected"),
    [
        ("m7i.large", "al2023", "AL2023_x86_64_STANDARD"),
        ("m7g.large", "al2023", "AL2023_ARM_64_STANDARD"),
        ("p4d.24xlarge", "al2023", "AL2023_x86_64_NVIDIA"),
        ("g6f.xlarge", "al2023", "AL2023_x86_64_NVIDIA"),
        ("trn1.32xlarge", "al2023", "AL2023_x86_64_NEURON"),
        ("inf2.xlarge", "al2023", "AL2023_x86_64_NEURON"),
        ("m7i.large", "bottlerocket", "BOTTLEROCKET_x86_64"),
        ("m7g.large", "bottlerocket", "BOTTLEROCKET_ARM_64"),
        ("p4d.24xlarge", "bottlerocket", "BOTTLEROCKET_x86_64_NVIDIA"),
        ("trn1.32xlarge", "bottlerocket", "BOTTLEROCKET_x86_64"),
    ],
)
def test_the_image_fits_architecture_and_devices(instance: str, family: Family, expected: str) -> None:
    assert ami_type(family, shape(instance)) == expected


@pytest.mark.parametrize("family", ["al2023", "bottlerocket"])
def test_every_image_is_one_that_eks_has(family: Family) -> None:
    model = boto3.session.Session().client("eks", region_name="us-east-1").meta.service_model
    known = model.shape_for("AMITypes").metadata["enum"]
    assert {ami_type(family, one) for one in shapes().values()} <= set(known)
    arm = replace(shape("g6.xlarge"), arch="arm64")
    assert ami_type(family, arm) in known


@pytest.mark.parametrize(
    ("instance", "image", "parameter"),
    [
        (
            "p5.48xlarge",
            {},
            "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/recommended/image_id",
        ),
        (
            "m7g.large",
            {"release": "1.35.2-20260720"},
            (
                "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/"
                "amazon-eks-node-al2023-arm64-standard-1.35-v20260720/image_id"
            ),
        ),
        (
            "p5.48xlarge",
            {"family": "bottlerocket"},
            "/aws/service/bottlerocket/aws-k8s-1.35-nvidia/x86_64/latest/image_id",
        ),
        (
            "trn1.2xlarge",
            {"family": "bottlerocket", "release": "1.44.0-a1b2c3d4"},
            "/aws/service/bottlerocket/aws-k8s-1.35/x86_64/1.44.0/image_id",
        ),
    ],
)
def test_where_the_id_of_an_image_is_found(instance: str, image: dict[str, str], parameter: str) -> None:
    found = pool(instance, image=image)
    assert ssm_parameter(found.image, found.shape, "1.35") == parameter


@given(
    most=st.integers(1, 5000),
    data=st.data(),
    zones=st.integers(2, 6).map(lambda count: tuple(f"us-east-1{'abcdef'[n]}" for n in range(count))),
    pinned=st.booleans(),
)
def test_groups_make_up_their_pool(
    most: int, data: st.DataObject, zones: tuple[str, ...], pinned: bool
) -> None:
    least = data.draw(st.integers(0, most))
    of = pool("m7i.large", min=least, max=most, **({"zone": zones[0]} if pinned else {}))
    made = groups(of, zones)
    assert (sum(one.min for one in made), sum(one.max for one in made)) == (least, most)
    assert all(0 <= one.min <= one.max <= MOST_NODES and one.max for one in made)
    assert max(one.max for one in made) - min(one.max for one in made) <= 1
    assert len({one.name("train") for one in made}) == len(made)
    covered = {zone for one in made for zone in one.zones}
    assert covered == ({zones[0]} if pinned else set(zones))
    if most <= MOST_NODES:
        assert made[0].name("train") == "train"
        assert len(made) == 1
    else:
        assert all(len(one.zones) == 1 for one in made)


def test_no_group_is_named_like_another_pool() -> None:
    made = groups(pool("m7i.large", max=900, zone="us-east-1a"), ())
    assert [one.name("train") for one in made] == ["train", "train.2"]
    with pytest.raises(ValidationError):
        TypeAdapter(PoolName).validate_python("train.2")


NOW = datetime(2027, 1, 15, 10, 49, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "said"), [(timedelta(0), []), (timedelta(minutes=1), ["pools.train.capacity.ends"])]
)
def test_a_block_is_over_when_its_nodes_are_drained(later: timedelta, said: list[str]) -> None:
    block = {"block": "cr-01234567", "ends": "2027-01-15T11:30:00Z"}
    train = {"instances": ["p5.48xlarge"], "zone": "us-east-1a", "capacity": block}
    env = small({"pools.train": train})
    problems = list(ended(env, NOW + later))
    assert [problem.path for problem in problems] == said
    assert all("is over; write a block that lasts" in str(problem) for problem in problems)


def test_portions_read_what_they_write() -> None:
    for written in (1, 5000, "1%", "100%"):
        assert Portion.parse(written).written() == written
    assert PortionOrNone.parse(0).written() == 0
    assert str(PortionOrNone.parse("0%")) == "0%"
