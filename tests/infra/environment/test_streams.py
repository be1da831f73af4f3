"""What runs beside Kafka's brokers: what may be asked for, and what is said of what may not."""

from __future__ import annotations

from typing import Any

import pytest

from infra.problems import BadInput
from tests.infra.environment.samples import on_premises, problems_of, small

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/connect:1.2.0"
TOPICS = {"clicks": {"partitions": 3, "team": "fraud"}, "views": {}}
BASE: dict[str, Any] = {
    "secrets": {},
    "kafka.topics": TOPICS,
    "kafka.brokers": 2,
    "pools": {"system": {"instances": ["m7i.2xlarge"], "min": 2, "max": 4}},
    "teams.fraud.gpus": 0,
}


def sinks(**given: Any) -> dict[str, Any]:
    named = {name: {"prefix": "raw", "topics": ["clicks"], **sink} for name, sink in given.items()}
    return {**BASE, "kafka.connect": {"image": IMAGE, "sinks": named}}


def mirror(**given: Any) -> dict[str, Any]:
    return {**BASE, "kafka.mirror": {"servers": ["a.example.com:9093"], "secret": "legacy", **given}}


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        sinks(a={"topics": ["click"]}),
        "kafka.connect.sinks.a.topics[0]: click is not a topic of kafka.topics; did you mean clicks?",
    ),
    (
        sinks(a={}, b={}),
        "kafka.connect.sinks.b.topics[0]: clicks is taken to the lake by a already; remove it from one",
    ),
    (
        sinks(a={"prefix": "teams/frau/x"}),
        "kafka.connect.sinks.a.prefix: teams/frau/x is in the part of a team frau, which there is not; did",
    ),
    (sinks(a={"prefix": "/x"}), "kafka.connect.sinks.a.prefix: /x is not a prefix of the lake; write"),
    (sinks(a={"format": "avro"}), "kafka.connect.sinks.a.format: avro"),
    (
        {
            **BASE,
            "kafka.connect": {"image": "connect", "sinks": {"a": {"prefix": "raw", "topics": ["views"]}}},
        },
        "kafka.connect.image: connect is not an image with its registry and its version; write the host",
    ),
    (
        {**sinks(a={}), "storage": {}},
        "kafka.connect: takes topics to a lake, and there is none; write storage.lake, or data",
    ),
    (
        mirror(servers=["a.example.com"]),
        "kafka.mirror.servers[0]: a.example.com is not the address of a broker; write the host and the port",
    ),
    (mirror(name="Old"), "kafka.mirror.name: Old is not a name for another cluster; write small letters"),
    (mirror(topics=" "), "kafka.mirror.topics: "),
    ({**BASE, "kafka.registry": {"compatibility": "some"}}, "kafka.registry.compatibility: some"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[said[:60] for _, said in WRONG])
def test_what_is_wrong_is_said_once(changes: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(changes)
    assert problem.startswith(said)


def test_what_is_right() -> None:
    assert small(sinks(a={}, b={"topics": ["views"], "prefix": "teams/fraud/views"})).kafka
    assert small(mirror()).kafka
    assert small({**BASE, "kafka.registry": {}}).kafka


def test_sinks_are_at_aws() -> None:
    kafka = {"topics": TOPICS, "connect": sinks(a={})["kafka.connect"]}
    with pytest.raises(BadInput, match=r"kafka\.connect: is only for platform aws"):
        on_premises({"kafka": kafka, "secrets": {}})
