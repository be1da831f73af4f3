"""Kafka: what Strimzi is asked for, in which order, and what stays."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pulumi
import pytest

from components.data.kafka import manifests, metrics, policies, values
from components.data.kafka.cluster import KafkaCluster, KafkaClusterArgs, OldRecords
from components.data.kafka.manifests import Site
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.handles import Metrics
from infra.units import GiB
from tests.components.chart_values import unknown_paths
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import PLACE, SCOPE, Found, cluster, lake, record_component, statements

ZONE = "topology.kubernetes.io/zone"
AT_AWS = Site(storage_class="gp3", rack=ZONE)
WATCHED = Metrics(namespace="monitoring", address="http://prometheus", consoles={}, ready=())
TIERED: dict[str, Any] = {"tiered": {"image": "registry.example.com/kafka:tiered"}}
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"brokers": 1, "controllers": 1, "keep": "destroy"},
    {"brokers": 6, "replication": 3, "min_in_sync": 2, "rebalance": False, "version": "4.2.0"},
    TIERED,
)


def recorded(site: Site = AT_AWS, *, watched: bool = True, **settings: Any) -> Found:
    """A recording, which is made once for the same settings: Strimzi's definitions are large."""
    return _recorded(site, watched, json.dumps(settings))


@cache
def _recorded(site: Site, watched: bool, settings: str) -> Found:
    kafka = Kafka.model_validate_json(settings)
    tiered = OldRecords(place=PLACE, cluster=cluster(), lake=lake()) if kafka.tiered else None

    def build(opts: pulumi.ResourceOptions) -> None:
        args = KafkaClusterArgs(
            scope=SCOPE, kafka=kafka, site=site, metrics=WATCHED if watched else None, tiered=tiered
        )
        KafkaCluster("kafka", args, opts)

    return record_component(build)


@pytest.fixture(scope="module")
def found() -> Found:
    return recorded()


def of_kafka(found: Found) -> Any:
    return found.inputs("Kafka")["spec"]["kafka"] | found.inputs("Kafka")["spec"]


@needs_upstream
@pytest.mark.parametrize("settings", SETTINGS)
def test_strimzis_own_definitions_have_nothing_against_it(settings: dict[str, Any]) -> None:
    made = [one for one in recorded(**settings).resources if one.type.startswith("kubernetes:kafka.strimzi")]
    assert {"Kafka", "KafkaNodePool"} <= {one.inputs["kind"] for one in made}
    for one in made:
        assert complaints(one.inputs) == []


@needs_upstream
def test_a_definition_does_complain(found: Found) -> None:
    inputs = dict(found.inputs("Kafka"))
    assert complaints({**inputs, "spec": {**inputs["spec"], "zookeeper": {}}})


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_operators_chart_has_the_values(replicas: int) -> None:
    made = values.values(replicas)
    assert unknown_paths("strimzi-kafka-operator", made) == []
    assert made["podDisruptionBudget"]["enabled"] == (replicas == 2)


def test_nobody_gets_in_without_tls_and_a_name(found: Found) -> None:
    listeners = of_kafka(found)["listeners"]
    assert {one["name"]: one["authentication"]["type"] for one in listeners} == {
        "tls": "tls",
        "scram": "scram-sha-512",
    }
    assert all(one["tls"] and one["networkPolicyPeers"] for one in listeners)
    assert of_kafka(found)["authorization"] == {"type": "simple"}
    assert of_kafka(found)["config"]["auto.create.topics.enable"] is False
    assert found.inputs("NetworkPolicy")["spec"]["podSelector"] == {}


def test_only_teams_and_neighbours_reach_the_listeners(found: Found) -> None:
    by_name = {one["name"]: one["networkPolicyPeers"] for one in of_kafka(found)["listeners"]}
    assert by_name["tls"] == [{"podSelector": {}}]
    (teams, beside) = by_name["scram"]
    assert beside == {"podSelector": {}}
    assert teams["namespaceSelector"]["matchExpressions"] == [
        {"key": "mlcluster.io/team", "operator": "Exists"}
    ]


def test_brokers_and_controllers_are_apart_each_on_its_own_node_over_zones(found: Found) -> None:
    for role, replicas in (("brokers", 3), ("controllers", 3)):
        spec = found.inputs("KafkaNodePool", f"kafka-KafkaNodePool-{role}")["spec"]
        assert (spec["roles"], spec["replicas"]) == ([role.removesuffix("s")], replicas)
        pod = spec["template"]["pod"]
        (alone,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert alone["topologyKey"] == "kubernetes.io/hostname"
        (spread,) = pod["topologySpreadConstraints"]
        assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == (ZONE, "DoNotSchedule")
        labels = {"strimzi.io/cluster": "main", "strimzi.io/pool-name": role}
        assert spread["labelSelector"] == alone["labelSelector"] == {"matchLabels": labels}
    assert of_kafka(found)["rack"] == {"topologyKey": ZONE}


def test_without_a_rack_nothing_asks_for_its_label() -> None:
    plain = recorded(Site(storage_class=None, rack=None))
    assert "rack" not in of_kafka(plain)
    pool = plain.inputs("KafkaNodePool", "kafka-KafkaNodePool-brokers")["spec"]
    assert "topologySpreadConstraints" not in pool["template"]["pod"]
    assert "class" not in pool["storage"]["volumes"][0]


def test_a_broker_has_its_disk_and_its_memory() -> None:
    kafka = Kafka.model_validate({"storage": "500GiB", "memory": "16GiB", "cpu": 3})
    spec = manifests.node_pool(kafka, manifests.BROKERS, AT_AWS)
    (volume,) = spec["storage"]["volumes"]
    assert (volume["size"], volume["class"], volume["deleteClaim"]) == ("500Gi", "gp3", False)
    assert spec["resources"] == {
        "requests": {"cpu": "3", "memory": "16Gi"},
        "limits": {"memory": "16Gi"},
    }
    assert spec["jvmOptions"] == {"-Xms": "6144m", "-Xmx": "6144m"}


@pytest.mark.parametrize(("memory", "heap"), [(2 * GiB, GiB), (8 * GiB, 4 * GiB), (64 * GiB, 6 * GiB)])
def test_most_of_a_large_memory_is_for_the_page_cache(memory: int, heap: int) -> None:
    assert manifests.heap_of(memory) == heap


@pytest.mark.parametrize(
    ("settings", "copies", "in_sync"),
    [
        ({}, 3, 2),
        ({"brokers": 1}, 1, 1),
        ({"brokers": 2}, 2, 1),
        ({"brokers": 5, "replication": 5, "min_in_sync": 3}, 5, 3),
    ],
)
def test_kafkas_own_topics_have_the_same_copies(settings: dict[str, Any], copies: int, in_sync: int) -> None:
    config = manifests.cluster(Kafka.model_validate(settings), AT_AWS, monitored=False)["kafka"]["config"]
    factors = {value for key, value in config.items() if key.endswith("replication.factor")}
    least = {value for key, value in config.items() if key.endswith(("min.isr", "min.insync.replicas"))}
    assert (factors, least) == ({copies}, {in_sync})


def test_partitions_are_moved_when_brokers_come_or_go(found: Found) -> None:
    rebalances = {one.inputs["metadata"]["name"]: one.inputs for one in found.all("KafkaRebalance")}
    chosen = {
        one["mode"]: one["template"]["name"] for one in of_kafka(found)["cruiseControl"]["autoRebalance"]
    }
    assert chosen == {"add-brokers": "add-brokers", "remove-brokers": "remove-brokers"}
    assert rebalances.keys() == set(chosen.values())
    for one in rebalances.values():
        assert one["metadata"]["annotations"] == {"strimzi.io/rebalance-template": "true"}


@pytest.mark.parametrize("settings", SETTINGS[1:3])
def test_a_single_broker_has_nothing_to_balance(settings: dict[str, Any]) -> None:
    made = recorded(**settings)
    assert "cruiseControl" not in of_kafka(made)
    assert not made.all("KafkaRebalance")


def test_an_upgrade_can_be_taken_back_as_long_as_the_metadata_is_old() -> None:
    def versions(**settings: Any) -> tuple[str, str]:
        spec = manifests.cluster(Kafka.model_validate(settings), AT_AWS, monitored=False)["kafka"]
        return spec["version"], spec["metadataVersion"]

    assert versions() == ("4.3.1", "4.3-IV0")
    assert versions(version="4.3.1", metadata="4.2.1") == ("4.3.1", "4.2-IV1")


def test_the_operator_is_there_first_and_goes_last(found: Found) -> None:
    before = found.before(found.one("Kafka"))
    assert {
        *("Namespace::kafka", "Release::strimzi-kafka-operator", "ConfigMap::kafka"),
        *("KafkaNodePool::kafka-KafkaNodePool-brokers", "KafkaNodePool::kafka-KafkaNodePool-controllers"),
    } <= before
    kinds = f"CustomResourceDefinition::kafkas.{names.API.partition('/')[0]}"
    assert kinds in found.before(found.one("Release"))
    assert found.inputs("Kafka")["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"


def test_what_is_kept_is_protected_with_all_that_runs_it() -> None:
    kept, gone = recorded(), recorded(**SETTINGS[1])
    protected = {one.type.rpartition(":")[2] for one in kept.resources if one.protect and one.custom}
    assert protected == {"Namespace", "Release", "CustomResourceDefinition", "Kafka", "KafkaNodePool"}
    assert all(one.retain_on_delete == one.protect for one in kept.resources if one.custom)
    assert not any(one.protect or one.retain_on_delete for one in gone.resources)
    volume = gone.inputs("KafkaNodePool", "kafka-KafkaNodePool-brokers")["spec"]["storage"]["volumes"][0]
    assert volume["deleteClaim"] is True


def test_pods_may_do_only_what_the_level_restricted_allows(found: Found) -> None:
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    extra = found.inputs("Release")["values"]["extraEnvs"]
    assert {"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"} in extra


def test_nobody_who_watches_means_no_metrics() -> None:
    made = recorded(watched=False)
    assert not made.all("PodMonitor")
    assert not made.all("ConfigMap")
    assert not {"kafkaExporter"} & of_kafka(made).keys()
    assert "metricsConfig" not in of_kafka(made)["kafka"]


def test_metrics_are_found(found: Found) -> None:
    assert found.names("PodMonitor") == ["kafka-kafka", "kafka-kafka-operators", "kafka-strimzi"]
    where = of_kafka(found)["kafka"]["metricsConfig"]["valueFrom"]["configMapKeyRef"]
    given = found.inputs("ConfigMap")
    assert where["name"] == given["metadata"]["name"]
    assert where["key"] in given["data"]
    assert "kafkaExporter" in of_kafka(found)
    (rule,) = found.inputs("NetworkPolicy")["spec"]["ingress"]
    assert {one["port"] for one in rule["ports"]} == set(metrics.PORTS)


def test_old_records_go_to_the_lake_by_the_brokers_own_role() -> None:
    made = recorded(**TIERED)
    spec = of_kafka(made)["kafka"]
    assert spec["image"] == "registry.example.com/kafka:tiered"
    manager = spec["tieredStorage"]["remoteStorageManager"]
    assert manager["config"]["storage.s3.bucket.name"] == "a-raw"
    assert manager["config"]["key.prefix"] == "kafka/test/"
    association = made.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("kafka", "main-kafka")
    assert "PodIdentityAssociation::kafka" in made.before(made.one("Kafka"))
    assert not made.one("Role").protect
    assert "remote" not in str(of_kafka(recorded())["kafka"]["config"])


def test_brokers_have_their_part_of_the_lake_and_no_more() -> None:
    for one in statements(policies.tiered(PLACE, "a-raw", "arn:key", "test")):
        assert one["Resource"] in {"arn:aws:s3:::a-raw/kafka/test/*", "arn:key"}
