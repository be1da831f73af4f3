"""What a team has of Kafka: topics, rights, and a password that nobody else is told."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.data.kafka import users
from components.data.kafka.access import TeamAccess, TeamAccessArgs
from components.data.kafka.topics import Topics, TopicsArgs, object_name, topic_spec
from infra.environment.kafka import Kafka, topics_of
from infra.handles import EventStream, TeamSpace
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import SCOPE, Found, record_component

KAFKA = Kafka.model_validate(
    {
        "topics": {
            "events": {"partitions": 24, "retention": "7d", "team": "fraud", "readers": ["search"]},
            "prices": {"compact": True, "writers": ["fraud"]},
            "Audit_Log": {"replication": 2, "size": "300MiB", "keep": "destroy"},
            "old": {"retention": "90d", "local": "1d", "team": "search"},
        },
        "tiered": {"image": "registry.example.com/kafka:tiered"},
        "quota": {"write": "10MiB"},
        "quotas": {"fraud": {"write": "50MiB", "read": "100MiB", "requests": 200}},
    }
)
STREAM = EventStream(kind="strimzi", bootstrap="main-kafka-bootstrap.kafka.svc:9094", auth="scram")
SPACE = TeamSpace(namespaces=("fraud-exploration", "fraud-training", "fraud-serving"), ready=())


@pytest.fixture(scope="module")
def found() -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        Topics("topics", TopicsArgs(scope=SCOPE, kafka=KAFKA, topics=KAFKA.topics), opts)
        args = TeamAccessArgs(
            scope=SCOPE, team="fraud", kafka=KAFKA, stream=STREAM, space=SPACE, refresh_s=3600
        )
        TeamAccess("kafka-fraud", args, opts)

    return record_component(build)


@needs_upstream
def test_the_projects_own_definitions_have_nothing_against_it(found: Found) -> None:
    groups = ("kubernetes:kafka.strimzi.io", "kubernetes:external-secrets.io")
    made = [one for one in found.resources if one.type.startswith(groups)]
    assert {one.inputs["kind"] for one in made} == {
        *("KafkaTopic", "KafkaUser", "ClusterSecretStore", "ExternalSecret")
    }
    for one in made:
        assert complaints(one.inputs) == []


def test_a_team_writes_and_reads_what_topics_say() -> None:
    assert topics_of(KAFKA, "fraud") == {"write": ["events", "prices"], "read": ["events"]}
    assert topics_of(KAFKA, "search") == {"write": ["old"], "read": ["events", "old"]}
    assert topics_of(KAFKA, "others") == {"write": [], "read": []}
    assert topics_of(None, "fraud") == {"write": [], "read": []}


def allowed(team: str) -> set[tuple[str, str, str, str]]:
    return {
        (one["resource"]["type"], one["resource"]["name"], one["resource"]["patternType"], operation)
        for one in users.acls(team, topics_of(KAFKA, team))
        for operation in one["operations"]
        if one["type"] == "allow"
    }


def test_a_team_has_the_rights_of_its_topics_and_no_others() -> None:
    mine = allowed("search")
    assert ("topic", "events", "literal", "Read") in mine
    assert ("topic", "events", "literal", "Write") not in mine
    assert ("topic", "old", "literal", "Write") in mine
    assert not [one for one in mine if one[0] == "cluster" or one[3] in {"All", "Create", "Alter"}]
    patterns = {(kind, name) for kind, name, pattern, _ in mine if pattern == "prefix"}
    assert patterns == {("group", "search."), ("transactionalId", "search.")}


def test_groups_of_a_team_are_not_those_of_another_whose_name_begins_alike() -> None:
    (own,) = {one["resource"]["name"] for one in users.acls("fraud", {"write": (), "read": ()})}
    assert not "fraud-eu.readers".startswith(own)


def test_a_team_is_slowed_down_at_its_own_quota_or_that_of_all(found: Found) -> None:
    quotas = {"producerByteRate": 50 * 2**20, "consumerByteRate": 100 * 2**20, "requestPercentage": 200}
    assert found.inputs("KafkaUser")["spec"]["quotas"] == quotas
    others = users.user("search", topics_of(KAFKA, "search"), KAFKA.quota_of("search"))
    assert others["quotas"] == {"producerByteRate": 10 * 2**20}
    assert "quotas" not in users.user("search", topics_of(KAFKA, "search"), Kafka().quota_of("search"))


def test_the_password_is_made_by_strimzi_and_is_in_no_resource(found: Found) -> None:
    assert found.inputs("KafkaUser")["spec"]["authentication"] == {"type": "scram-sha-512"}
    assert not found.all("Secret")
    for one in found.all("ExternalSecret"):
        data = one.inputs["spec"]["target"]["template"]["data"]
        assert data.keys() == {"username", "password", "bootstrap", "sasl.jaas.config", "ca.crt"}
        assert data["password"] == "{{ .password }}"
        assert (data["username"], data["bootstrap"]) == ("team-fraud", STREAM.bootstrap)


def test_who_copies_the_password_can_read_that_one_and_nothing_else(found: Found) -> None:
    account = found.inputs("ServiceAccount")["metadata"]
    assert (account["namespace"], account["name"]) == ("kafka", "team-fraud")
    assert found.inputs("ServiceAccount")["automountServiceAccountToken"] is False
    rules = {rule["resources"][0]: rule for rule in found.inputs("Role")["rules"]}
    assert rules["secrets"]["resourceNames"] == ["team-fraud", "main-cluster-ca-cert"]
    assert rules["secrets"]["verbs"] == ["get"]
    assert rules["serviceaccounts/token"]["resourceNames"] == ["team-fraud"]
    assert found.inputs("RoleBinding")["metadata"]["namespace"] == "kafka"


def test_the_store_is_for_the_teams_namespaces_alone(found: Found) -> None:
    spec = found.inputs("ClusterSecretStore")["spec"]
    assert spec["conditions"] == [{"namespaces": list(SPACE.namespaces)}]
    kubernetes = spec["provider"]["kubernetes"]
    assert kubernetes["remoteNamespace"] == "kafka"
    assert kubernetes["auth"]["serviceAccount"] == {"name": "team-fraud", "namespace": "kafka"}
    assert kubernetes["server"]["caProvider"]["namespace"] == "kafka"
    secrets = [one.inputs["metadata"] for one in found.all("ExternalSecret")]
    assert sorted(one["namespace"] for one in secrets) == sorted(SPACE.namespaces)
    assert {one["name"] for one in secrets} == {"kafka"}


def test_a_teams_pods_are_let_out_to_brokers_and_to_nothing_else(found: Found) -> None:
    for one in found.all("NetworkPolicy"):
        spec = one.inputs["spec"]
        assert spec["policyTypes"] == ["Egress"]
        (rule,) = spec["egress"]
        assert rule["ports"] == [{"protocol": "TCP", "port": 9094}]
        (to,) = rule["to"]
        assert to["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kafka"}
        assert to["podSelector"]["matchLabels"]["strimzi.io/cluster"] == "main"


def spec(name: str) -> dict[str, Any]:
    return topic_spec(name, KAFKA.topics[name], KAFKA)


def test_a_topic_is_as_the_file_has_it() -> None:
    week = {"cleanup.policy": "delete", "retention.ms": 604_800_000}
    assert spec("events") == {
        "partitions": 24,
        "replicas": 3,
        "config": {"min.insync.replicas": 2, **week},
    }
    assert spec("prices")["config"] == {"min.insync.replicas": 2, "cleanup.policy": "compact"}
    audit = spec("Audit_Log")
    assert (audit["topicName"], audit["replicas"], audit["partitions"]) == ("Audit_Log", 2, 3)
    assert audit["config"] == {"min.insync.replicas": 1, **week, "retention.bytes": 100 * 2**20}
    old = spec("old")["config"]
    assert (old["remote.storage.enable"], old["local.retention.ms"]) == (True, 86_400_000)


def test_names_that_only_kafka_takes_are_written_into_the_topic(found: Found) -> None:
    names = {one.name: one.inputs["metadata"]["name"] for one in found.all("KafkaTopic")}
    assert names["topic-events"] == "events"
    assert names["topic-Audit_Log"].startswith("audit-log-")
    made = {object_name(one) for one in ("a.b", "a..b", "A.b", "a_b", "a" * 249, "a" * 248, "_", "-")}
    assert len(made) == 8
    assert all(len(one) <= 253 and one[0].isalnum() and one == one.lower() for one in made)


def test_topics_are_protected_but_for_those_that_may_go(found: Found) -> None:
    protected = {one.name: one.protect for one in found.all("KafkaTopic")}
    assert protected == {
        "topic-events": True,
        "topic-prices": True,
        "topic-old": True,
        "topic-Audit_Log": False,
    }
