"""What only grows, and what would make it smaller."""

from __future__ import annotations

from typing import Any

import pytest

from components.data.kafka import manifests
from components.data.kafka.topics import topic_spec
from infra.environment.kafka import Kafka
from infra.resources import RecordedResource
from operations import growing
from operations.guards import Refusal

POOL = "kubernetes:kafka.strimzi.io/v1:KafkaNodePool"
TOPIC = "kubernetes:kafka.strimzi.io/v1:KafkaTopic"
SITE = manifests.Site(storage_class="gp3", rack=None)


def urn(type_: str) -> str:
    return f"urn:pulumi:dev::mlcluster::mlcluster:data:Kafka${type_}::it"


def shrunk(type_: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    state = {"resources": [{"type": type_, "urn": urn(type_), "inputs": before}]}
    planned = [RecordedResource(urn=urn(type_), type=type_, name="it", inputs=after)]
    return [str(loss) for loss in growing.shrunk(growing.there(state), planned)]


def pool(storage: str) -> dict[str, Any]:
    kafka = Kafka.model_validate({"storage": storage})
    return {"spec": manifests.node_pool(kafka, manifests.BROKERS, SITE)}


def topic(partitions: int) -> dict[str, Any]:
    kafka = Kafka.model_validate({"topics": {"clicks": {"partitions": partitions}}})
    return {"spec": topic_spec("clicks", kafka.topics["clicks"], kafka)}


def brokers(gib: int) -> dict[str, Any]:
    return {"brokerNodeGroupInfo": {"storageInfo": {"ebsStorageInfo": {"volumeSize": gib}}}}


LESS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (TOPIC, topic(12), topic(6), "KafkaTopic it has 12 partitions, which cannot become 6"),
    (POOL, pool("500GiB"), pool("100GiB"), "KafkaNodePool it has 500Gi, which cannot become 100Gi"),
    (POOL, pool("1TiB"), pool("900GiB"), "KafkaNodePool it has 1Ti, which cannot become 900Gi"),
    (
        "aws:msk/topic:Topic",
        {"partitionCount": 12.0},
        {"partitionCount": 6},
        "Topic it has 12 partitions, which cannot become 6",
    ),
    (
        "aws:msk/cluster:Cluster",
        brokers(500),
        brokers(100),
        "Cluster it has 500 GiB on each broker, which cannot become 100",
    ),
    (
        "aws:rds/instance:Instance",
        {"allocatedStorage": 100},
        {"allocatedStorage": 50},
        "Instance it has 100 GiB, which cannot become 50",
    ),
    (
        "kubernetes:postgresql.cnpg.io/v1:Cluster",
        {"spec": {"storage": {"size": "100Gi"}}},
        {"spec": {"storage": {"size": "50Gi"}}},
        "Cluster it has 100Gi, which cannot become 50Gi",
    ),
]


@pytest.mark.parametrize(("type_", "before", "after", "said"), LESS, ids=[one[3] for one in LESS])
def test_less_is_refused_and_more_is_not(
    type_: str, before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    assert shrunk(type_, before, after) == [said]
    assert shrunk(type_, after, before) == []
    assert shrunk(type_, before, before) == []


def test_every_type_that_only_grows_is_tried_here() -> None:
    assert {one[0] for one in LESS} == growing.GROWING.keys()


def test_what_is_gone_or_not_known_yet_is_no_matter_of_size() -> None:
    assert shrunk(TOPIC, topic(12), {"spec": {}}) == []
    assert shrunk(TOPIC, {}, topic(6)) == []
    state = {"resources": [{"type": TOPIC, "urn": urn(TOPIC), "inputs": topic(12)}]}
    assert growing.shrunk(growing.there(state), []) == ()
    assert growing.there({"resources": [{"type": TOPIC, "urn": "x", "delete": True}]}) == ()
    assert growing.there(None) == ()


def test_the_refusal_says_what_to_do() -> None:
    state = {"resources": [{"type": TOPIC, "urn": urn(TOPIC), "inputs": topic(12)}]}
    planned = [RecordedResource(urn=urn(TOPIC), type=TOPIC, name="it", inputs=topic(6))]
    with pytest.raises(Refusal, match="cannot become 6") as refused:
        growing.refuse("dev", growing.shrunk(growing.there(state), planned))
    assert "make another topic" in refused.value.hint
    growing.refuse("dev", ())
