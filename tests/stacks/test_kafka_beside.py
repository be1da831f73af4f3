"""What runs beside Kafka's brokers, in a whole environment."""

from __future__ import annotations

from typing import Any

import pytest

from infra.policies import judge
from operations.recorder import record
from tests.components.support import Found
from tests.infra.environment.samples import small

PARTS: dict[str, Any] = {
    "registry": {},
    "mirror": {"servers": ["old.example.com:9093"], "secret": "legacy"},
    "connect": {
        "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/connect:1.2.0",
        "sinks": {"clicks": {"topics": ["clicks"], "prefix": "teams/fraud/clicks"}},
    },
}


def everything() -> Found:
    """An environment with all of it."""
    changes = {
        "secrets": {},
        "kafka": {"brokers": 2, "topics": {"clicks": {"team": "fraud"}}, **PARTS},
        "pools": {"system": {"instances": ["m7i.2xlarge"], "min": 2, "max": 4}},
        "teams.fraud.gpus": 0,
    }
    return Found(record(small(changes)))


@pytest.fixture(scope="module")
def found() -> Found:
    made = everything()
    assert judge(made.resources) == ()
    return made


def test_all_of_it_comes_after_kafka_and_goes_before(found: Found) -> None:
    for kind in ("KafkaConnect", "KafkaMirrorMaker2", "Deployment"):
        (one,) = [made for made in found.all(kind) if made.name in {"mirror", "registry", *_connects(found)}]
        assert "Kafka::kafka-Kafka-main" in found.before(one), kind


def _connects(found: Found) -> set[str]:
    return {one.name for one in found.all("KafkaConnect")}


def test_teams_reach_the_registry(found: Found) -> None:
    ways = [one for one in found.all("NetworkPolicy") if one.inputs["metadata"]["name"] == "schemas"]
    spaces = {one.inputs["metadata"]["namespace"] for one in ways}
    assert spaces == {"fraud-exploration", "fraud-training", "fraud-serving"}
    assert all(one.inputs["spec"]["egress"][0]["ports"][0]["port"] == 8080 for one in ways)


def test_absent_parts_bring_nothing() -> None:
    plain = Found(record(small()))
    kinds = {one.type.rpartition(":")[2] for one in plain.resources}
    assert not kinds & {"KafkaConnect", "KafkaConnector", "KafkaMirrorMaker2"}
