import pytest

from infra.environment.pools import GPU_TAINT, NEURON_TAINT, Pool, Taint
from infra.units import GiB


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
