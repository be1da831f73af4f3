"""Brokers that would go while partitions may be on them."""

from __future__ import annotations

from typing import Any

import pytest

from components.data.kafka import manifests
from infra.environment import Environment
from infra.environment.kafka import Kafka
from infra.resources import RecordedResource
from operations import brokers
from operations.guards import Refusal
from tests.infra.environment.samples import small

POOL = "kubernetes:kafka.strimzi.io/v1:KafkaNodePool"
KAFKA = "kubernetes:kafka.strimzi.io/v1:Kafka"
MSK = "aws:msk/cluster:Cluster"
SITE = manifests.Site(storage_class="gp3", rack=None)


@pytest.fixture(scope="module")
def environment() -> Environment:
    return small()


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::mlcluster::mlcluster:data:Kafka${type_}::{name}"


def resources(**given: Any) -> list[RecordedResource]:
    """Kafka and its pools, as the component asks for them."""
    kafka = Kafka.model_validate(given)
    pools = {
        role: manifests.node_pool(kafka, role, SITE) for role in (manifests.BROKERS, manifests.CONTROLLERS)
    }
    made = [
        RecordedResource(urn=urn(POOL, role), type=POOL, name=role, inputs={"spec": spec})
        for role, spec in pools.items()
    ]
    spec = manifests.cluster(kafka, SITE, monitored=False)
    return [*made, RecordedResource(urn=urn(KAFKA, "main"), type=KAFKA, name="main", inputs={"spec": spec})]


def state(made: list[RecordedResource]) -> dict[str, Any]:
    return {"resources": [{"type": one.type, "urn": one.urn, "inputs": one.inputs} for one in made]}


def going(before: list[RecordedResource], after: list[RecordedResource], of: Environment) -> list[str]:
    return [str(loss) for loss in brokers.going(brokers.there(state(before)), after, of)]


def test_strimzi_moves_what_is_on_brokers_that_go(environment: Environment) -> None:
    assert going(resources(brokers=6), resources(brokers=3), environment) == []
    assert going(resources(brokers=3), resources(brokers=6), environment) == []


def test_without_anything_that_moves_partitions_brokers_stay(environment: Environment) -> None:
    found = going(resources(brokers=6), resources(brokers=3, rebalance=False), environment)
    said = "KafkaNodePool brokers has 6 brokers and would have 3, and nothing moves what is on those that go"
    assert found == [said]
    assert len(going(resources(brokers=3), resources(brokers=1), environment)) == 1


def test_controllers_stay_as_many(environment: Environment) -> None:
    (said,) = going(resources(controllers=5), resources(controllers=3), environment)
    assert said == (
        "KafkaNodePool controllers has 5 controllers, and Strimzi does not change how many there are"
    )


def test_a_pool_does_not_go_as_a_whole(environment: Environment) -> None:
    left = [one for one in resources() if one.name != manifests.BROKERS]
    (said,) = going(resources(), left, environment)
    assert said.endswith("would go as a whole, with 3 nodes and what is on them")


def test_where_kafka_goes_there_is_nothing_to_move(environment: Environment) -> None:
    assert going(resources(), [], environment) == []


def msk(count: int) -> list[RecordedResource]:
    inputs = {"numberOfBrokerNodes": count}
    return [RecordedResource(urn=urn(MSK, "kafka"), type=MSK, name="kafka", inputs=inputs)]


def test_brokers_of_msk_go_once_somebody_has_drained_them() -> None:
    hasty = small({"kafka.managed": {"brokers": 2}})
    (said,) = going(msk(4), msk(2), hasty)
    assert said.endswith("has 4 brokers and would have 2, with partitions on those that go")
    assert going(msk(2), msk(4), hasty) == []
    assert going(msk(4), msk(2), small({"kafka.managed": {"brokers": 2, "drained": True}})) == []
    with pytest.raises(Refusal, match="4 brokers") as refused:
        brokers.refuse("dev", brokers.going(brokers.there(state(msk(4))), msk(2), hasty))
    assert "kafka.managed.drained: true" in refused.value.hint


def test_the_refusal_says_what_to_do(environment: Environment) -> None:
    after = resources(brokers=3, rebalance=False)
    losses = brokers.going(brokers.there(state(resources(brokers=6))), after, environment)
    with pytest.raises(Refusal, match="6 brokers") as refused:
        brokers.refuse("dev", losses)
    assert "leave kafka.rebalance on" in refused.value.hint
    brokers.refuse("dev", ())
