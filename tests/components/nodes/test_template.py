import base64
from dataclasses import replace
from email import message_from_string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.nodes import template
from infra.catalog.instances import shape, shapes
from infra.environment.pools import Pool


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("m7i.large", "AL2023_x86_64_STANDARD"),
        ("m7g.large", "AL2023_ARM_64_STANDARD"),
        ("p4d.24xlarge", "AL2023_x86_64_NVIDIA"),
        ("trn1.32xlarge", "AL2023_x86_64_NEURON"),
        ("inf2.xlarge", "AL2023_x86_64_NEURON"),
    ],
)
def test_the_image_fits_architecture_and_devices(instance: str, expected: str) -> None:
    assert template.ami_type(shape(instance)) == expected


def test_gpus_beside_arm_have_drivers_too() -> None:
    assert template.ami_type(replace(shape("g6.xlarge"), arch="arm64")) == "AL2023_ARM_64_NVIDIA"


def test_a_fraction_of_a_gpu_needs_drivers_too() -> None:
    assert template.ami_type(replace(shape("g6.xlarge"), gpu_count=0)) == "AL2023_x86_64_NVIDIA"


def test_every_image_is_one_that_eks_has() -> None:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
    known = {
        "AL2023_x86_64_STANDARD",
        "AL2023_ARM_64_STANDARD",
        "AL2023_x86_64_NVIDIA",
        "AL2023_ARM_64_NVIDIA",
        "AL2023_x86_64_NEURON",
    }
    assert {template.ami_type(one) for one in shapes().values()} <= known


@pytest.mark.parametrize("instance", sorted(name for name, one in shapes().items() if one.efa_interfaces))
def test_the_layout_obeys_ec2s_rules_on_every_type_with_efa(instance: str) -> None:
    one = shape(instance)
    layout = list(template.interfaces(one.efa_interfaces, one.network_cards))
    places = [(interface.card, interface.device) for interface in layout]
    assert layout[0] == template.Interface(card=0, device=0, kind="interface")
    assert len(places) == len(set(places))
    assert all(0 <= card < one.network_cards for card, _ in places)
    fabric = [interface.card for interface in layout if interface.kind == "efa-only"]
    assert len(fabric) == len(set(fabric)) == one.efa_interfaces
    assert len(layout) == one.efa_interfaces + 1


def test_where_card_0_takes_no_efa_it_gets_none() -> None:
    one = shape("p6-b300.48xlarge")
    assert (one.efa_interfaces, one.network_cards) == (16, 17)
    layout = list(template.interfaces(one.efa_interfaces, one.network_cards))
    assert [(interface.card, interface.device) for interface in layout[1:]] == [
        (card, 0) for card in range(1, 17)
    ]


def test_where_card_0_takes_one_it_shares_the_card_with_the_address() -> None:
    assert [(one.card, one.device, one.kind) for one in template.interfaces(4, 4)] == [
        (0, 0, "interface"),
        (0, 1, "efa-only"),
        (1, 0, "efa-only"),
        (2, 0, "efa-only"),
        (3, 0, "efa-only"),
    ]


def test_security_groups_go_into_the_interfaces_each_its_own() -> None:
    pool = Pool.model_validate({"instances": ["p4d.24xlarge"], "zone": "us-east-1a"})
    first, *fabric = template.network_interfaces(pool, "sg-cluster", "sg-fabric")
    assert first["security_groups"] == ["sg-cluster"]
    assert {tuple(one["security_groups"]) for one in fabric} == {("sg-fabric",)}
    assert not any("subnet_id" in one or "associate_public_ip_address" in one for one in [first, *fabric])


@given(st.integers(min_value=20 * 1024, max_value=16 * 1024**2))
def test_the_root_disk_is_never_smaller_than_asked(size: int) -> None:
    ebs = template.root_disk(Pool.model_validate({"instances": ["m7i.large"], "disk": f"{size}MiB"}))["ebs"]
    assert 0 <= ebs["volume_size"] * 1024 - size < 1024
    assert (ebs["encrypted"], ebs["volume_type"]) == ("true", "gp3")


def part_of(user_data: str | None) -> dict[str, Any]:
    message = message_from_string(base64.b64decode(user_data or "").decode())
    assert message.is_multipart()
    _, part = message.walk()
    assert part.get_content_type() == "application/node.eks.aws"
    config: dict[str, Any] = yaml.safe_load(str(part.get_payload()))
    return config


def test_local_disks_are_used_where_there_are_some() -> None:
    config = part_of(template.start_up([shape("p4d.24xlarge")]))
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"] == {"instance": {"localStorage": {"strategy": "RAID0"}}}
    assert template.start_up([shape("m7i.large")]) is None


def test_taints_are_spelt_as_eks_spells_them() -> None:
    taints = [{"key": "a", "effect": effect} for effect in ("NoSchedule", "PreferNoSchedule", "NoExecute")]
    pool = Pool.model_validate({"instances": ["m7i.large"], "taints": taints})
    assert [one["effect"] for one in template.node_taints(pool)] == [
        "NO_SCHEDULE",
        "PREFER_NO_SCHEDULE",
        "NO_EXECUTE",
    ]
