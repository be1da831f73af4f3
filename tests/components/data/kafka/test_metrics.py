"""What brokers' beans are called as metrics: as dashboards and alerts ask for them."""

from __future__ import annotations

import re

import pytest
import yaml

from components.data.kafka import metrics
from infra.catalog import lookup
from tests.components.storage.judging import complaints, needs_upstream

BEANS = {
    "kafka.controller<type=KafkaController, name=OfflinePartitionsCount><>Value: 0": (
        "kafka_controller_kafkacontroller_offlinepartitionscount",
        {},
    ),
    "kafka.server<type=BrokerTopicMetrics, name=BytesInPerSec, topic=events><>Count: 17": (
        "kafka_server_brokertopicmetrics_bytesin_total",
        {"topic": "events"},
    ),
    "kafka.server<type=BrokerTopicMetrics, name=BytesOutPerSec><>Count: 17": (
        "kafka_server_brokertopicmetrics_bytesout_total",
        {},
    ),
    "kafka.server<type=ReplicaManager, name=UnderReplicatedPartitions><>Value: 0": (
        "kafka_server_replicamanager_underreplicatedpartitions",
        {},
    ),
    "kafka.server<type=KafkaRequestHandlerPool, name=RequestHandlerAvgIdlePercent><>MeanRate: 0.9": (
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent",
        {},
    ),
    "kafka.network<type=RequestMetrics, name=TotalTimeMs, request=Produce><>99thPercentile: 3.0": (
        "kafka_network_requestmetrics_totaltimems",
        {"request": "Produce", "quantile": "0.99"},
    ),
    "kafka.network<type=RequestMetrics, name=RequestsPerSec, request=Fetch, version=17><>Count: 5": (
        "kafka_network_requestmetrics_requests_total",
        {"request": "Fetch", "version": "17"},
    ),
    "kafka.server<type=raft-metrics><>current-leader: 3.0": ("kafka_server_raftmetrics_current-leader", {}),
}
EXPORTER = {"kafka_consumergroup_lag", "kafka_topic_partition_current_offset"}
"""Metrics of Kafka Exporter: https://github.com/danielqsj/kafka_exporter#metrics."""


def told(bean: str) -> tuple[str, dict[str, str]] | None:
    """What the agent makes of an attribute: the first rule that is found in it, names in small letters.

    https://github.com/prometheus/jmx_exporter/tree/main/docs
    """
    for rule in yaml.safe_load(metrics.configuration())["rules"]:
        match = re.search(rule["pattern"], bean)
        if match:
            filled = {
                match.expand(re.sub(r"\$(\d)", r"\\\1", key)): match.expand(re.sub(r"\$(\d)", r"\\\1", value))
                for key, value in rule.get("labels", {}).items()
            }
            return match.expand(re.sub(r"\$(\d)", r"\\\1", rule["name"])).lower(), filled
    return None


@pytest.mark.parametrize("bean", BEANS)
def test_a_bean_has_its_name(bean: str) -> None:
    assert told(bean) == BEANS[bean]


def test_all_that_dashboards_and_alerts_ask_for_is_told() -> None:
    asked = set(lookup.data("metrics.yaml")["exporters"]["strimzi"]["metrics"])
    assert asked - EXPORTER <= {name for name, _ in BEANS.values()}


def test_what_is_no_number_is_left_out() -> None:
    assert told("kafka.server<type=raft-metrics><>current-state: leader") is None
    assert told("java.lang<type=Memory><>Verbose: false") is None


@needs_upstream
def test_monitors_are_what_prometheus_takes() -> None:
    for name, spec in metrics.monitors("kafka").items():
        metadata = {"name": name, "namespace": "kafka"}
        manifest = {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PodMonitor",
            "metadata": metadata,
            "spec": spec,
        }
        assert complaints(manifest) == []
