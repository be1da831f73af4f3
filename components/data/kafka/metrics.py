"""What of Kafka is measured, and how Prometheus finds it: plain data.

Brokers tell by JMX, whose beans an agent in them turns into metrics by rules
(https://github.com/prometheus/jmx_exporter). The names are those that Strimzi's own examples give, so that
others' dashboards fit too. How far readers are behind is told by Kafka Exporter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

CONFIG_MAP: Final = "kafka-metrics"
KEY: Final = "rules.yaml"
PORTS: Final = (8080, 8081, 9404)
"""Where metrics are: of the operators, of the second of two in one pod, and of all that Kafka consists of."""

_LABEL: Final = r", ([^=,]+)=([^,>]+)"
_MOST_LABELS: Final = 2
"""Properties that a bean has besides its type and its name: a topic, a request, a listener."""


def rules() -> list[dict[str, Any]]:
    """What beans are called as metrics; the first rule that fits counts.

    A bean's attribute is ``domain<type=…, name=…, key=value><>Attribute: value``.
    """
    return [
        *_named("PerSec", "Count", "_total", "COUNTER"),
        *_named("Percent", "(?:Value|MeanRate)", "_percent", "GAUGE"),
        *_named("", "Value", "", "GAUGE"),
        *_named("", "Count", "_count", "COUNTER"),
        *_named("", r"(\d+)thPercentile", "", "GAUGE", quantile=True),
        *_raft(),
    ]


def _named(
    ending: str, attribute: str, suffix: str, kind: str, *, quantile: bool = False
) -> Iterator[dict[str, Any]]:
    """Rules for beans with a type, a name with some ending, and up to two more properties.

    The most specific come first: a name may have what follows it in it otherwise.
    """
    for labels in reversed(range(_MOST_LABELS + 1)):
        pattern = rf"kafka\.(\w+)<type=([^,]+), name=([^,>]+?){ending}{_LABEL * labels}><>{attribute}:"
        found = {f"${4 + 2 * one}": f"${5 + 2 * one}" for one in range(labels)}
        if quantile:
            found["quantile"] = f"0.${4 + 2 * labels}"
        rule = {"pattern": pattern, "name": f"kafka_$1_$2_$3{suffix}", "type": kind}
        yield {**rule, "labels": found} if found else rule


def _raft() -> Iterator[dict[str, Any]]:
    """Rules for how controllers agree: beans without a name."""
    for bean, name in (("raft-metrics", "raftmetrics"), ("broker-metadata-metrics", "brokermetadatametrics")):
        pattern = rf"kafka\.server<type={bean}><>([\w-]+): (?=[-0-9.])"
        yield {"pattern": pattern, "name": f"kafka_server_{name}_$1", "type": "GAUGE"}


def configuration() -> str:
    """The agent's configuration file."""
    made: str = yaml.safe_dump({"lowercaseOutputName": True, "rules": rules()}, sort_keys=False, width=1000)
    return made


def monitors(namespace: str) -> dict[str, dict[str, Any]]:
    """Specifications of PodMonitors by name."""
    here = {"matchNames": [namespace]}
    kinds = {"key": "strimzi.io/kind", "operator": "In"}
    return {
        # Kafka Exporter and Cruise Control are of the kind Kafka too; this port is the one that all of them
        # tell metrics on.
        "kafka": {
            "namespaceSelector": here,
            "selector": {"matchExpressions": [{**kinds, "values": ["Kafka"]}]},
            "podMetricsEndpoints": [{"port": "tcp-prometheus", "path": "/metrics", "interval": "60s"}],
        },
        "kafka-operators": {
            "namespaceSelector": here,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "entity-operator"}},
            "podMetricsEndpoints": [
                {"port": port, "path": "/metrics", "interval": "60s"}
                for port in ("healthcheck-to", "healthcheck-uo")
            ],
        },
        "strimzi": {
            "namespaceSelector": here,
            "selector": {"matchLabels": {"strimzi.io/kind": "cluster-operator"}},
            "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "60s"}],
        },
    }
