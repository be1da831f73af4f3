"""What is said to MSK of a cluster: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra import iam, naming
from infra.environment.kafka.managed import Managed, Metrics
from infra.places import Place
from infra.units import GiB

IAM_PORT: Final = 9098
"""Where clients that enter by IAM are answered: https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html"""
METRICS_PORTS: Final = {"jmx": 11001, "node": 11002}
"""https://docs.aws.amazon.com/msk/latest/developerguide/open-monitoring.html"""
_MOST_ZONES: Final = 3
"""MSK spreads standard brokers over two or three zones."""

_METRICS: Final[Mapping[Metrics, str]] = {
    "cluster": "DEFAULT",
    "broker": "PER_BROKER",
    "topic": "PER_TOPIC_PER_BROKER",
    "partition": "PER_TOPIC_PER_PARTITION",
}


def cluster_name(environment: str) -> str:
    """The cluster's name at AWS, which takes 64 characters."""
    return naming.physical(environment, "events", limit=64)


def log_group(environment: str) -> str:
    """Where brokers write to."""
    return f"/aws/msk/{cluster_name(environment)}"


def zones(there: tuple[str, ...]) -> tuple[str, ...]:
    """The zones that brokers are in: all of the network's, up to three."""
    return there[:_MOST_ZONES]


def copies(zone_count: int) -> int:
    """Copies of each record, one a zone."""
    return min(zone_count, _MOST_ZONES)


def in_sync(replicas: int) -> int:
    """Copies that must be written before a record counts: all but one, so that one broker may go."""
    return max(1, replicas - 1)


def server_properties(zone_count: int) -> str:
    """How brokers behave: nothing appears by itself, and nothing that was confirmed is lost.

    https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
    """
    replicas = copies(zone_count)
    properties = {
        "auto.create.topics.enable": "false",
        "allow.everyone.if.no.acl.found": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync(replicas),
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync(replicas),
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def storage(managed: Managed) -> dict[str, Any]:
    """The volume of each broker."""
    volume: dict[str, Any] = {"volume_size": managed.storage // GiB}
    if managed.throughput is not None:
        volume["provisioned_throughput"] = {"enabled": True, "volume_throughput": managed.throughput}
    return {"ebs_storage_info": volume}


def monitoring(*, scraped: bool) -> dict[str, Any] | None:
    """Exporters on the brokers, where somebody asks them."""
    if not scraped:
        return None
    return {
        "prometheus": {
            "jmx_exporter": {"enabled_in_broker": True},
            "node_exporter": {"enabled_in_broker": True},
        }
    }


def metrics_level(managed: Managed) -> str:
    """How fine CloudWatch's metrics are, in MSK's words."""
    return _METRICS[managed.metrics]


def kafka_version(managed: Managed) -> str:
    """The version in MSK's words: its latest patch, in KRaft mode."""
    return f"{managed.version}.x.kraft"


def key_policy(place: Place, environment: str) -> str:
    """MSK uses the key by a grant of whoever makes the cluster, CloudWatch Logs for one log group only.

    https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html
    """
    return iam.account_key(place.root(), iam.key_for_logs(place, log_group(environment)))


def growth(managed: Managed) -> dict[str, Any]:
    """When volumes grow: https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand.html."""
    return {
        "target_value": managed.grow_at,
        "disable_scale_in": True,  # volumes cannot shrink
        "predefined_metric_specification": {"predefined_metric_type": "KafkaBrokerStorageUtilization"},
    }
