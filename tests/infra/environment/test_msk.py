"""Amazon MSK: what may be asked for, and what is said of what may not."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog import brokers
from tests.infra.environment.samples import problems_of, small

CLICKS = {"partitions": 6, "team": "fraud"}
MSK = "kafka.managed"
TOOLS = "111122223333.dkr.ecr.us-east-1.amazonaws.com/kafka:4.3.1"

WRONG: list[tuple[dict[str, Any], str]] = [
    *(
        (
            {MSK: {"kind": "serverless", field: value}},
            f"kafka.managed.{field}: {shown} is what serverless MSK decides; remove it, or write kind: prov",
        )
        for field, value, shown in (
            ("version", "3.9", '"3.9"'),
            ("instance", "kafka.m7g.large", "kafka.m7g.large"),
            ("brokers", 2, "2"),
            ("storage", "10GiB", "10GiB"),
            ("grow_to", "10GiB", "10GiB"),
            ("throughput", 300, "300"),
            ("tiered", True, "true"),
            ("logs", "30d", "30d"),
            ("metrics", "broker", "broker"),
        )
    ),
    (
        {MSK: {"instance": "kafka.m7g.larg"}},
        "kafka.managed.instance: kafka.m7g.larg is not a known size of brokers; did you mean kafka.m7g.large",
    ),
    ({MSK: {"version": "2.8"}}, 'kafka.managed.version: "2.8" is not a known version of Kafka that MSK runs'),
    (
        {MSK: {"brokers": 3}},
        "kafka.managed.brokers: 3 is not a multiple of 2, the zones that brokers are in; write 2 or 4",
    ),
    ({MSK: {"storage": "17TiB"}}, "kafka.managed.storage: 17TiB is above 16TiB; write at most 16TiB"),
    (
        {MSK: {"storage": "1500MiB"}},
        "kafka.managed.storage: 1500MiB is not a whole number of GiB; write GiB, such as 500GiB",
    ),
    (
        {MSK: {"storage": "200GiB", "grow_to": "100GiB"}},
        "kafka.managed.grow_to: 100GiB is not above storage 200GiB; write a larger size, or remove it",
    ),
    (
        {MSK: {"grow_at": 70}},
        "kafka.managed.grow_at: 70 says when volumes grow, and nothing how far; write grow_to too, or",
    ),
    (
        {MSK: {"throughput": 300}},
        "kafka.managed.throughput: 300 cannot be given to brokers of the size kafka.m7g.large; remove it, or",
    ),
    (
        {MSK: {"instance": "kafka.m7g.2xlarge", "throughput": 400}},
        "kafka.managed.throughput: 400 is above the 312 MiB/s of kafka.m7g.2xlarge; write at most 312",
    ),
    (
        {MSK: {"instance": "kafka.m7g.2xlarge", "storage": "5GiB", "throughput": 300}},
        "kafka.managed.throughput: 300 takes volumes of 10GiB at least; write storage: 10GiB or more",
    ),
    (
        {MSK: {"logs": "31d"}},
        "kafka.managed.logs: 31d is not a retention that CloudWatch Logs offers; write 30d",
    ),
    ({MSK: {"metrics": "all"}}, "kafka.managed.metrics: all"),
    (
        {MSK: {}, "kafka.brokers": 3},
        "kafka.brokers: is for brokers in the cluster, and Amazon MSK runs these; remove it",
    ),
    (
        {MSK: {}, "kafka.replication": 3},
        "kafka.replication: 3 is above 2, the brokers that there are; write at most 2, or more kafka.managed",
    ),
    (
        {MSK: {}, "kafka.topics": {"clicks": {**CLICKS, "replication": 5}}},
        "kafka.topics.clicks.replication: 5 is above 2, the brokers that there are; write at most 2",
    ),
    (
        {MSK: {}, "kafka.topics": {"clicks": {**CLICKS, "partitions": 1200}}},
        "kafka.topics: have 2400 partitions with all copies, and 2 brokers of kafka.m7g.large hold 2000 well",
    ),
    (
        {MSK: {}, "kafka.topics": {"clicks": {**CLICKS, "rate": "1MiB"}}},
        "kafka.topics: keep 1,181GiB with all copies, and 2 volumes of 100GiB hold 170GiB of that safely",
    ),
    (
        {MSK: {}, "kafka.topics": {"clicks": {**CLICKS, "local": "1h"}}},
        "kafka.topics.clicks.local: 1h is how long records stay on volumes, and nothing takes them from",
    ),
    (
        {MSK: {"tiered": True}, "kafka.topics": {"clicks": {**CLICKS, "local": "1h", "retention": "2d"}}},
        "kafka.topics.clicks.local: 1h lets records leave volumes that end before 3d, which MSK does",
    ),
    (
        {MSK: {"kind": "serverless"}, "kafka.topics": {"clicks": CLICKS}},
        "kafka.managed.tools: is missing: serverless MSK has no API for topics, and there are some; write an",
    ),
    (
        {MSK: {"tools": TOOLS}},
        f"kafka.managed.tools: {TOOLS} is not needed: provisioned MSK makes topics by itself; remove it",
    ),
    (
        {MSK: {"kind": "serverless"}, "kafka.replication": 3},
        "kafka.replication: 3 is what serverless MSK decides: three copies, of which two must have a record;",
    ),
    (
        {MSK: {}, "kafka.registry": {}},
        "kafka.registry: enters by a certificate of Strimzi's, and MSK takes roles of IAM alone; remove it",
    ),
]


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[said[:60] for _, said in WRONG])
def test_what_is_wrong_is_said_once(changes: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(changes)
    assert problem.startswith(said)


def test_all_that_serverless_lacks_is_said_at_once() -> None:
    given = {"kind": "serverless", "storage": "10GiB", "logs": "30d", "version": "3.9"}
    assert len(problems_of({MSK: given})) == 3


def test_serverless_has_room_for_so_many_partitions() -> None:
    topics = {
        "clicks": {**CLICKS, "partitions": 2401},
        "accounts": {**CLICKS, "compact": True, "partitions": 121},
    }
    said = problems_of({MSK: {"kind": "serverless"}, "kafka.topics": topics})
    assert any("2401 partitions" in one for one in said)
    assert any("121 partitions in compacted topics" in one for one in said)


def test_teams_need_a_lake_for_their_roles() -> None:
    (problem,) = problems_of({MSK: {}, "storage": {}})
    assert problem.startswith("kafka.managed: lets teams in by the roles that their pods have for the lake")


def test_what_is_right() -> None:
    found = small({MSK: {"brokers": 4, "grow_to": "1TiB", "grow_at": 70}, "kafka.topics": {"clicks": CLICKS}})
    assert found.kafka is not None
    assert found.kafka.managed is not None
    assert found.kafka.managed.version == brokers.recommended()
    assert small({MSK: {"kind": "serverless"}}).kafka is not None


def test_every_size_and_version_that_is_known_is_taken() -> None:
    for instance in brokers.brokers():
        assert small({MSK: {"instance": instance}}).kafka
    for version in brokers.versions():
        assert small({MSK: {"version": version}}).kafka
    assert brokers.recommended() in brokers.versions()
