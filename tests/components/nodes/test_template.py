import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.nodes import template
from infra.catalog.instances import shape, shapes
from infra.environment.pools import Pool


@pytest.mark.parametrize("instance", sorted(name for name, one in shapes().items() if one.efa_interfaces))
def test_the_layout_obeys_ec2s_rules_on_every_type_with_efa(instance: str) -> None:
    one = shape(instance)
    layout = list(template.interfaces(one, one.efa_interfaces))
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
    layout = list(template.interfaces(one, one.efa_interfaces))
    assert [(interface.card, interface.device) for interface in layout[1:]] == [
        (card, 0) for card in range(1, 17)
    ]


def test_where_card_0_takes_one_it_shares_the_card_with_the_address() -> None:
    assert [(one.card, one.device, one.kind) for one in template.interfaces(shape("p4d.24xlarge"), 4)] == [
        (0, 0, "interface"),
        (0, 1, "efa-only"),
        (1, 0, "efa-only"),
        (2, 0, "efa-only"),
        (3, 0, "efa-only"),
    ]


@pytest.mark.parametrize(("instance", "first"), [("p5.48xlarge", (0, 1)), ("p6-b300.48xlarge", (1, 0))])
def test_fewer_efas_than_there_could_be_begin_where_all_would(instance: str, first: tuple[int, int]) -> None:
    layout = list(template.interfaces(shape(instance), 2))
    assert [one.kind for one in layout] == ["interface", "efa-only", "efa-only"]
    assert (layout[1].card, layout[1].device) == first


def test_security_groups_go_into_the_interfaces_each_its_own() -> None:
    pool = Pool.model_validate({"instances": ["p4d.24xlarge"], "zone": "us-east-1a"})
    first, *fabric = template.network_interfaces(pool, "sg-cluster", "sg-fabric")
    assert first["security_groups"] == ["sg-cluster"]
    assert {tuple(one["security_groups"]) for one in fabric} == {("sg-fabric",)}
    assert not any("subnet_id" in one or "associate_public_ip_address" in one for one in [first, *fabric])


@given(st.integers(min_value=20 * 1024, max_value=16 * 1024**2))
def test_the_root_disk_is_never_smaller_than_asked(size: int) -> None:
    (disk,) = template.disks(Pool.model_validate({"instances": ["m7i.large"], "disk": f"{size}MiB"}))
    ebs = disk["ebs"]
    assert 0 <= ebs["volume_size"] * 1024 - size < 1024
    assert (ebs["encrypted"], ebs["volume_type"]) == ("true", "gp3")


def test_bottlerocket_has_a_system_disk_and_one_for_the_rest() -> None:
    system, rest = template.disks(
        Pool.model_validate({"instances": ["m7i.large"], "image": {"family": "bottlerocket"}})
    )
    assert (system["device_name"], rest["device_name"]) == ("/dev/xvda", "/dev/xvdb")
    assert "volume_size" not in system["ebs"]
    assert rest["ebs"]["volume_size"] == 100
    assert system["ebs"]["encrypted"] == rest["ebs"]["encrypted"] == "true"


GROUP = "arn:aws:resource-groups:us-east-1:111122223333:group/training"


@pytest.mark.parametrize(
    ("capacity", "target"),
    [
        ({"reservation": "cr-0123456789abcdef0"}, {"capacity_reservation_id": "cr-0123456789abcdef0"}),
        ({"reservation": GROUP}, {"capacity_reservation_resource_group_arn": GROUP}),
    ],
)
def test_a_reservation_is_aimed_at(capacity: dict[str, str], target: dict[str, str]) -> None:
    pool = Pool.model_validate({"instances": ["p5.48xlarge"], "capacity": capacity})
    aimed = {"capacity_reservation_specification": {"capacity_reservation_target": target}}
    assert template.bought(pool) == aimed


def test_a_block_has_market_type_and_reservation_in_the_template() -> None:
    block = {"block": "cr-0123456789abcdef0", "ends": "2027-01-15T11:30:00Z"}
    pool = Pool.model_validate({"instances": ["p5.48xlarge"], "zone": "us-east-1a", "capacity": block})
    bought = template.bought(pool)
    assert bought["instance_type"] == "p5.48xlarge"
    assert bought["instance_market_options"] == {"market_type": "capacity-block"}
    assert template.bought(Pool.model_validate({"instances": ["m7i.large"], "capacity": "spot"})) == {}


def test_taints_are_spelt_as_eks_spells_them() -> None:
    taints = [{"key": "a", "effect": effect} for effect in ("NoSchedule", "PreferNoSchedule", "NoExecute")]
    pool = Pool.model_validate({"instances": ["m7i.large"], "taints": taints})
    assert [one["effect"] for one in template.node_taints(pool)] == [
        "NO_SCHEDULE",
        "PREFER_NO_SCHEDULE",
        "NO_EXECUTE",
    ]
