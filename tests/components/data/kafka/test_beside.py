"""What runs beside Kafka's brokers: who it is, what it may do, and what it is told."""

from __future__ import annotations

from typing import Any

import pytest

from components.data.kafka import connect, mirror_maker, registry
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.resources import RecordedResource
from tests.components import support
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import PLACE, SCOPE, Found

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/connect:1.2.0"
SINKS = {
    "clicks": {"topics": ["views", "clicks"], "prefix": "teams/fraud/clicks"},
    "orders": {"topics": ["orders"], "prefix": "orders", "format": "parquet", "tasks": 3},
}
TOPICS: dict[str, Any] = {"clicks": {}, "views": {}, "orders": {}}


def kafka(**given: Any) -> Kafka:
    return Kafka.model_validate({"topics": TOPICS, **given})


def of(found: Found, kind: str) -> dict[str, dict[str, Any]]:
    """Specifications of the objects of a kind, by what they are called."""
    return {one.inputs["metadata"]["name"]: one.inputs["spec"] for one in found.all(kind)}


def rights(user: dict[str, Any]) -> dict[tuple[str, str, str], set[str]]:
    return {
        (one["resource"]["type"], one["resource"]["name"], one["resource"]["patternType"]): set(
            one["operations"]
        )
        for one in user["authorization"]["acls"]
    }


@pytest.fixture(scope="module")
def connected() -> Found:
    section = kafka(connect={"image": IMAGE, "sinks": SINKS, "every": "1m"})
    assert section.connect is not None
    args = connect.KafkaConnectArgs(
        scope=SCOPE,
        place=PLACE,
        kafka=section,
        connect=section.connect,
        cluster=support.cluster(),
        lake=support.lake(),
    )
    return support.record_component(lambda opts: connect.KafkaConnect("connect", args, opts))


@pytest.fixture(scope="module")
def mirrored() -> Found:
    section = kafka(mirror={"name": "legacy", "servers": ["old.example.com:9093"], "secret": "legacy"})
    assert section.mirror is not None
    args = mirror_maker.MirrorMakerArgs(scope=SCOPE, kafka=section, mirror=section.mirror)
    return support.record_component(lambda opts: mirror_maker.MirrorMaker("mirror", args, opts))


@pytest.fixture(scope="module")
def registered() -> Found:
    section = kafka(registry={"compatibility": "full"})
    assert section.registry is not None
    args = registry.SchemaRegistryArgs(scope=SCOPE, kafka=section, registry=section.registry, replicas=2)
    return support.record_component(lambda opts: registry.SchemaRegistry("registry", args, opts))


def test_connect_enters_by_a_certificate_and_runs_the_image_that_was_built(connected: Found) -> None:
    spec = of(connected, "KafkaConnect")["connect"]
    assert spec["image"] == IMAGE
    assert spec["bootstrapServers"] == "main-kafka-bootstrap.kafka.svc:9093"
    assert spec["authentication"]["type"] == "tls"
    assert spec["tls"]["trustedCertificates"][0]["secretName"] == names.AUTHORITY
    assert spec["config"]["offset.flush.interval.ms"] == 60_000
    assert spec["config"]["config.storage.replication.factor"] == 3


def test_connect_reads_what_sinks_take_and_writes_its_own_state_alone(connected: Found) -> None:
    found = rights(of(connected, "KafkaUser")["connect"])
    writing = {name for (kind, name, _), operations in found.items() if "Write" in operations}
    assert writing == {"connect-configs", "connect-offsets", "connect-status"}
    assert {name for kind, name, _ in found if kind == "topic"} - writing == {"clicks", "orders", "views"}


def test_each_sink_has_files_of_its_own(connected: Found) -> None:
    clicks = of(connected, "KafkaConnector")["clicks"]
    assert clicks["config"]["topics"] == "clicks,views"
    assert clicks["config"]["file.name.template"] == (
        "teams/fraud/clicks/{{topic}}/date={{timestamp:unit=yyyy}}-{{timestamp:unit=MM}}-{{timestamp:unit=dd}}/"
        "{{partition:padding=true}}-{{start_offset:padding=true}}.jsonl.gz"
    )
    assert not [key for key in clicks["config"] if "key.id" in key or "secret" in key]
    orders = of(connected, "KafkaConnector")["orders"]
    assert orders["config"]["value.converter.schemas.enable"] == "true"
    assert orders["config"]["file.compression.type"] == "none"
    assert orders["tasksMax"] == 3
    for one in connected.all("KafkaConnector"):
        assert one.inputs["metadata"]["labels"][names.CLUSTER_LABEL] == "connect"
        assert "KafkaConnect::connect-KafkaConnect-connect" in connected.before(one)


def test_pods_write_below_the_prefixes_of_sinks_and_nowhere_else(connected: Found) -> None:
    association = connected.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("kafka", "connect-connect")
    found = {one["Sid"]: one for one in support.statements(connected.inputs("RolePolicy")["policy"])}
    assert found["Files"]["Resource"] == [
        "arn:aws:s3:::a-raw/orders/*",
        "arn:aws:s3:::a-raw/teams/fraud/clicks/*",
    ]
    assert "s3:GetObject" not in found["Files"]["Action"]


def test_copies_are_called_after_the_other_cluster(mirrored: Found) -> None:
    spec = of(mirrored, "KafkaMirrorMaker2")["mirror"]
    (one,) = spec["mirrors"]
    assert one["source"]["alias"] == "legacy"
    assert one["source"]["tls"] == {"trustedCertificates": []}
    assert one["source"]["authentication"]["certificateAndKey"]["secretName"] == "legacy"
    assert spec["target"]["alias"] == "here"
    found = rights(of(mirrored, "KafkaUser")["mirror"])
    writing = {name for (kind, name, _), operations in found.items() if "Write" in operations}
    assert not writing & set(TOPICS)
    assert "legacy." in writing


def test_the_other_cluster_by_a_password_and_its_own_authority() -> None:
    given = {
        "servers": ["a.example.com:9093", "b.example.com:9093"],
        "secret": "legacy",
        "user": "copier",
        "authorities": "legacy-ca",
    }
    section = kafka(mirror=given).mirror
    assert section is not None
    found = mirror_maker.source(section)
    assert found["bootstrapServers"] == "a.example.com:9093,b.example.com:9093"
    assert found["tls"]["trustedCertificates"] == [{"secretName": "legacy-ca", "certificate": "ca.crt"}]
    assert found["authentication"]["type"] == "scram-sha-512"
    assert found["authentication"]["username"] == "copier"


def test_schemas_are_in_topics_that_never_end_and_stay(registered: Found) -> None:
    topics = of(registered, "KafkaTopic")
    assert set(topics) == set(registry.TOPICS)
    for spec in topics.values():
        assert (spec["partitions"], spec["replicas"], spec["config"]["retention.ms"]) == (1, 3, -1)
    assert all(one.protect for one in registered.all("KafkaTopic"))


def test_the_registry_is_closed(registered: Found) -> None:
    pod = registered.inputs("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]
    env = {one["name"]: one.get("value") for one in container["env"]}
    assert env["APICURIO_RULES_GLOBAL_COMPATIBILITY"] == "FULL"
    assert env["APICURIO_KAFKA_COMMON_SECURITY_PROTOCOL"] == "SSL"
    assert env["APICURIO_KAFKA_COMMON_SSL_KEYSTORE_KEY"] is None, "keys come from a Secret"
    (rule,) = registered.inputs("NetworkPolicy")["spec"]["ingress"]
    assert rule["from"] == [names.teams(), {"podSelector": {}}]
    assert len(registered.all("PodDisruptionBudget")) == 1


def test_the_registry_starts_when_its_user_and_topics_are_there(registered: Found) -> None:
    before = registered.before(registered.one("Deployment"))
    assert {"KafkaUser::registry-user", "KafkaTopic::registry-kafkasql-journal"} <= before


@needs_upstream
@pytest.mark.parametrize("which", ["connected", "mirrored", "registered"])
def test_strimzi_takes_all_of_it(which: str, request: pytest.FixtureRequest) -> None:
    found: Found = request.getfixturevalue(which)
    objects: list[RecordedResource] = [one for one in found.resources if "kafka.strimzi.io" in one.type]
    assert objects
    assert [said for one in objects for said in complaints(dict(one.inputs))] == []
