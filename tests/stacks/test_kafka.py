"""Kafka in a stack: what exists, what comes first, and what goes last."""

from __future__ import annotations

from typing import Any

import pytest

from operations.cost import cost
from operations.recorder import record
from tests.components.support import Found
from tests.stacks.test_edge import on_premises
from tests.stacks.test_platform import SETTINGS, parsed

TEAM = SETTINGS["teams"]["fraud"]
KAFKA: dict[str, Any] = {
    "storage": "50GiB",
    "pool": "idle",
    "keep": "destroy",
    "topics": {
        "events": {"partitions": 24, "team": "fraud", "readers": ["search"]},
        "left": {"team": "leaving"},
        "audit": {},
    },
}
TEAMS = {
    "fraud": {**TEAM, "gpus": 0},
    "search": {**TEAM, "gpus": 0},
    "leaving": {**TEAM, "gpus": 0, "offboard": True},
}


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(kafka=KAFKA, teams=TEAMS, secrets={}, monitoring={})))


def test_a_section_that_is_absent_brings_nothing() -> None:
    plain = Found(record(parsed(secrets={})))
    assert not [one for one in plain.resources if "kafka" in f"{one.type}{one.name}".lower()]


def test_brokers_are_on_their_pool_and_its_disks(found: Found) -> None:
    spec = found.inputs("KafkaNodePool", "kafka-KafkaNodePool-brokers")["spec"]
    required = spec["template"]["pod"]["affinity"]["nodeAffinity"]
    (term,) = required["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "mlcluster.io/pool", "operator": "In", "values": ["idle"]}]
    assert spec["storage"]["volumes"][0]["class"] == "gp3"
    assert found.inputs("Kafka")["spec"]["kafka"]["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}


def test_a_tainted_pool_is_tolerated() -> None:
    taint = {"key": "example.com/kafka", "effect": "NoSchedule"}
    pools = {**SETTINGS["pools"], "idle": {**SETTINGS["pools"]["idle"], "taints": [taint]}}
    made = Found(record(parsed(kafka=KAFKA, teams=TEAMS, secrets={}, pools=pools)))
    pods = made.inputs("KafkaNodePool", "kafka-KafkaNodePool-controllers")["spec"]["template"]["pod"]
    assert pods["tolerations"] == [{"key": "example.com/kafka", "operator": "Exists", "effect": "NoSchedule"}]


def test_the_operator_has_nodes_and_disks_as_long_as_it_is_there(found: Found) -> None:
    before = found.before(found.one("Release", "strimzi-kafka-operator"))
    assert {"NodeGroup::system", "Addon::system-addons-aws-ebs-csi-driver"} <= before


def test_topics_and_users_go_before_who_takes_them_down(found: Found) -> None:
    needed = {"Kafka::kafka-Kafka-main", "Release::strimzi-kafka-operator"}
    for kind in ("KafkaTopic", "KafkaUser"):
        for one in found.all(kind):
            assert needed <= found.before(one), one.name
    for one in found.all("ExternalSecret"):
        if one.name.startswith("kafka-"):
            before = found.before(one)
            assert {
                "Release::external-secrets",
                f"Namespace::{one.inputs['metadata']['namespace']}",
            } <= before


def test_metrics_wait_for_what_reads_them(found: Found) -> None:
    assert "Release::monitoring" in found.before(found.one("PodMonitor", "kafka-kafka"))
    assert "Release::monitoring" not in found.before(found.one("Kafka"))


def test_each_topic_is_its_teams_or_the_platforms(found: Found) -> None:
    teams = {
        one.inputs["metadata"]["name"]: one.inputs["metadata"]["labels"].get("mlcluster.io/team")
        for one in found.all("KafkaTopic")
    }
    assert teams == {"events": "fraud", "left": "leaving", "audit": None}


def test_who_leaves_has_no_way_in_any_more_and_its_topics_stay(found: Found) -> None:
    assert found.names("KafkaUser") == ["kafka-fraud", "kafka-search"]
    assert not [one for one in found.all("ExternalSecret") if one.name.startswith("kafka-leaving")]


def test_an_existing_cluster_has_its_own_disks_and_racks() -> None:
    made = on_premises(kafka={"brokers": 1, "controllers": 1, "keep": "destroy"}, secrets={})
    spec = made.inputs("KafkaNodePool", "kafka-KafkaNodePool-brokers")["spec"]
    assert "class" not in spec["storage"]["volumes"][0]
    assert "rack" not in made.inputs("Kafka")["spec"]["kafka"]
    assert made.names("KafkaUser") == ["kafka-fraud"]


def test_volumes_that_strimzi_makes_are_paid_for(found: Found) -> None:
    lines = {one.resource: one for one in cost(found.resources, parsed()).lines}
    assert lines["kafka-KafkaNodePool-brokers"].quantity == 3 * 50
    assert lines["kafka-KafkaNodePool-controllers"].quantity == 3 * 20
