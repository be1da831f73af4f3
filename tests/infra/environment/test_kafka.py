"""Mistakes in Kafka's section, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.catalog import kafka as catalog
from infra.catalog.charts import chart
from infra.environment.kafka import OF_BROKERS, Kafka
from infra.problems import BadInput
from tests.infra.environment.samples import SMALL, on_premises, problems_of, small

BASE: Mapping[str, Any] = {"secrets": {}}
TEAM = SMALL["teams"]["fraud"]


def said(kafka: Mapping[str, Any], **more: Any) -> list[str]:
    return [str(problem) for problem in problems_of({**BASE, "kafka": dict(kafka), **more})]


def topics(**fields: Any) -> dict[str, Any]:
    return {"topics": {"events": fields}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"replication": 4}, "kafka.replication: 4 is above 3, the brokers that there are; write at most 3"),
    (
        topics(replication=5),
        "kafka.topics.events.replication: 5 is above 3, the brokers that there are; write",
    ),
    ({"min_in_sync": 3}, "kafka.min_in_sync: 3 is not below 3, the copies that there are"),
    ({"brokers": 1, "min_in_sync": 2}, "kafka.min_in_sync: 2 is above 1, the copies that there are; write 1"),
    ({"controllers": 2}, "kafka.controllers: 2 is even: controllers decide by majority; write 1 or 3"),
    (
        {"version": "3.9.0"},
        "kafka.version: 3.9.0 is not a known version of Kafka that Strimzi runs; did you",
    ),
    (
        {"version": "4.2.1", "metadata": "4.3.0"},
        "kafka.metadata: 4.3.0 is newer than 4.2.1, which is to write it; write 4.2.1 or older",
    ),
    ({"storage": "17TiB"}, "kafka.storage: 17TiB is above 16TiB; write at most 16TiB"),
    ({"storage_class": "gp4"}, "kafka.storage_class: gp4 is not a class of storage.block; did you mean gp3?"),
    ({"pool": "brokers"}, "kafka.pool: brokers is not a pool; write one of gpu, system"),
    (
        {"pool": "gpu"},
        "kafka.pool: gpu has at most 2 nodes, and each of the 3 brokers has its own; raise its max to 3",
    ),
    (
        {"pool": "system", "memory": "16GiB"},
        "kafka.pool: system is a pool of nodes (m7i.large) that cannot hold a broker; lower kafka.cpu (1)",
    ),
    (
        {"memory": "16GiB"},
        "kafka.brokers: 3 has a node of its own for each, and pools without taints have 0 that hold one",
    ),
    (topics(team="frod"), "kafka.topics.events.team: frod is not a team; did you mean fraud?"),
    (topics(readers=["fraud", "frod"]), "kafka.topics.events.readers[1]: frod is not a team; did you mean"),
    (topics(writers=["frod"]), "kafka.topics.events.writers[0]: frod is not a team; did you mean fraud?"),
    ({"quotas": {"frod": {}}}, "kafka.quotas.frod: frod is not a team; did you mean fraud?"),
    ({"topics": {"a b": {}}}, 'kafka.topics["a b"]: a b is not a name that Kafka takes; write letters'),
    ({"topics": {"..": {}}}, "is not a name that Kafka takes; write letters, digits, dots"),
    ({"topics": {"__consumer_offsets": {}}}, "begins with __, as Kafka's own topics do; choose another"),
    ({"topics": {"a" * 250: {}}}, "is 250 characters long; write at most 249"),
    ({"topics": {"a.b": {}, "a_b": {}}}, "has a.b and a_b, which Kafka takes for the same name; let names"),
    (
        topics(retention="7d", rate="1MiB"),
        "kafka.topics: keep 1,772GiB with all copies, and the disks of 3 brokers hold 255GiB of that safely",
    ),
    (
        topics(retention="7d", rate="1MiB"),
        "the most is of events (1,772GiB); write kafka.storage of at least 695GiB, more brokers, or less",
    ),
    (topics(size="200GiB"), "kafka.topics: keep 600GiB with all copies"),
    (
        topics(compact=True, retention="1d"),
        "kafka.topics.events.compact: true keeps the last record of each key for ever",
    ),
    (topics(local="1d"), "kafka.topics.events.local: 1d is when records leave the disks for the lake, and"),
    (topics(local="7d"), "kafka.topics.events.local: 7d is not below its retention, 7d; write less, or"),
    (topics(local="1h", compact=True), "kafka.topics.events.local: 1h is not for topics that are compacted"),
    ({"tiered": {}}, "kafka.tiered.image: is missing"),
    ({"tiered": {"image": "Kafka!"}}, "kafka.tiered.image: Kafka! is not the reference of a container image"),
    ({"partitions": 3}, "kafka.partitions: is not a key that is known here; write one of"),
]


@pytest.mark.parametrize(("kafka", "problem"), WRONG, ids=[text[:60] for _, text in WRONG])
def test_a_mistake_is_told_once_with_what_to_write(kafka: dict[str, Any], problem: str) -> None:
    (found,) = said(kafka)
    assert problem in found


def test_every_zone_has_a_broker() -> None:
    zones = {"network": {**SMALL["network"], "zones": 3}}
    (found,) = said({"brokers": 2}, **zones)
    assert found.startswith("kafka.brokers: 2 leaves zones without a broker: there are 3; write 3 or a mult")
    assert said({"brokers": 1}, **zones) == []


def test_a_pool_in_one_zone_is_all_that_brokers_have_to_be_spread_over() -> None:
    changes = {"network": {**SMALL["network"], "zones": 3}}
    pools = {**SMALL["pools"], "kafka": {"instances": ["m7i.large"], "max": 2, "zone": "us-east-1a"}}
    assert said({"brokers": 2, "pool": "kafka"}, pools=pools, **changes) == []


def test_passwords_need_a_way_into_namespaces() -> None:
    (found,) = (str(one) for one in problems_of({"kafka": {}}))
    assert found.startswith(
        "kafka: gives each team a password, which has no way into its namespaces; write se"
    )


def test_what_is_in_a_lake_needs_one() -> None:
    tiered = {"tiered": {"image": "registry.example.com/kafka:tiered"}}
    (found,) = said(tiered, storage={})
    assert found.startswith("kafka.tiered: puts old records in a lake, and there is none; write storage.lake")


def test_what_kafka_is_to_read_is_not_archived_before() -> None:
    tiered = {
        "tiered": {"image": "registry.example.com/kafka:tiered"},
        **topics(local="1d", retention="1000d"),
    }
    (found,) = said(tiered)
    assert found.startswith(
        "kafka.topics.events.retention: 1000d is beyond the 90d after which the lake archi"
    )
    assert said(tiered, storage={"lake": {"keep": "destroy", "archive_after": None}}) == []


@pytest.mark.parametrize(("field", "value"), [("pool", "system"), ("tiered", {"image": "example.com/k:1"})])
def test_pools_and_tiers_are_at_aws(field: str, value: Any) -> None:
    with pytest.raises(BadInput, match=rf"kafka\.{field}: is only for platform aws; remove it"):
        on_premises({"secrets": {}, "kafka": {field: value}})


def test_an_existing_cluster_has_its_own_classes_and_racks() -> None:
    kafka = on_premises({"secrets": {}, "kafka": {"storage_class": "ceph-block", "rack": "example.com/rack"}})
    assert kafka.kafka is not None


def test_without_a_cluster_there_is_no_kafka() -> None:
    with pytest.raises(BadInput, match="kafka: needs a cluster"):
        small({"cluster": None, "network": None, "pools": {}, "teams": {}, "kafka": {}})


def test_words_for_brokers_in_the_cluster_are_all_there_are() -> None:
    shared = {"replication", "min_in_sync", "topics", "keep", "managed", "connect", "mirror", "registry"}
    assert set(OF_BROKERS) | shared == set(Kafka.model_fields)


def test_a_topic_takes_what_it_keeps_on_disk() -> None:
    def on_disk(**fields: Any) -> float | None:
        return Kafka.model_validate(topics(**fields)).topics["events"].on_disk

    assert on_disk() is None
    assert on_disk(rate="1KiB", retention="1h") == 3600 * 1024
    assert on_disk(rate="1KiB", retention="1h", size="1MiB") == 2**20
    assert on_disk(rate="1KiB", retention="30d", local="1h") == 3600 * 1024
    assert on_disk(rate="1KiB", compact=True) is None


def test_versions_are_those_of_the_pinned_strimzi() -> None:
    assert chart("strimzi-kafka-operator").app == catalog.made_for()
    images = chart("strimzi-kafka-operator").images
    for version in catalog.versions():
        assert f"quay.io/strimzi/kafka:{catalog.made_for()}-kafka-{version}" in images
        assert catalog.metadata(version).startswith(version[:3])
    with pytest.raises(BadInput, match="version of Kafka"):
        catalog.metadata("3.9.0")


def test_defaults_survive_the_loss_of_one_broker() -> None:
    kafka = Kafka()
    assert (kafka.brokers, kafka.copies, kafka.in_sync(kafka.copies), kafka.keep) == (3, 3, 2, "retain")
    assert Kafka(brokers=1).copies == 1
