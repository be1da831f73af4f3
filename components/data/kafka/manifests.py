"""What Kafka by Strimzi is made of: custom resources, in their own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from components import scheduling
from components.data.kafka import metrics
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.environment.pools import Pool
from infra.units import GiB, MiB, quantity_bytes, quantity_cpu

BROKERS: Final = "brokers"
CONTROLLERS: Final = "controllers"
MODES: Final = ("add-brokers", "remove-brokers")
"""When Cruise Control moves partitions by itself:
https://strimzi.io/docs/operators/1.2.0/deploying#proc-automating-rebalances-str"""
READY: Final = {"pulumi.com/waitFor": "condition=Ready"}
"""Makes pulumi-kubernetes wait until Strimzi says so. The twin has no Strimzi and does not look at it."""
TEMPLATE: Final = {"strimzi.io/rebalance-template": "true"}
"""Says of a KafkaRebalance that it is how automatic ones are made, not one itself."""
LARGEST_HEAP: Final = 6 * GiB
"""More only makes collections longer: what a broker holds is in the page cache, outside of the heap:
https://kafka.apache.org/43/operations/hardware-and-os/"""

_HOST: Final = "kubernetes.io/hostname"
_CONTROLLER_STORAGE: Final = 20 * GiB
_CONTROLLER_MEMORY: Final = 2 * GiB
_CONTROLLER_CPU: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Site:
    """What brokers are put on."""

    storage_class: str | None
    """None: the cluster's default."""
    rack: str | None
    """Label of nodes by which copies are kept apart; None: by nothing."""
    pool: str | None = None
    """Name of the pool that they run on; None: on any open node."""
    tolerated: tuple[Pool, ...] = ()
    """That pool, whose taints they tolerate."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Where old records go."""

    bucket: Any
    """The bucket's name."""
    region: str
    prefix: str
    """Ends in a slash."""


def node_pool(kafka: Kafka, role: str, site: Site) -> dict[str, Any]:
    """The specification of the KafkaNodePool of `BROKERS` or `CONTROLLERS`."""
    broker = role == BROKERS
    memory = kafka.memory if broker else _CONTROLLER_MEMORY
    size = kafka.storage if broker else _CONTROLLER_STORAGE
    heap = f"{heap_of(memory) // MiB}m"
    volume = {
        "id": 0,
        "type": "persistent-claim",
        "size": quantity_bytes(size),
        "kraftMetadata": "shared",
        # Claims go with their broker only where nothing is to stay.
        "deleteClaim": kafka.keep == "destroy",
        **({} if site.storage_class is None else {"class": site.storage_class}),
    }
    return {
        "replicas": kafka.brokers if broker else kafka.controllers,
        "roles": ["broker" if broker else "controller"],
        "storage": {"type": "jbod", "volumes": [volume]},
        "resources": {
            "requests": {
                "cpu": quantity_cpu(kafka.cpu if broker else _CONTROLLER_CPU),
                "memory": quantity_bytes(memory),
            },
            "limits": {"memory": quantity_bytes(memory)},
        },
        "jvmOptions": {"-Xms": heap, "-Xmx": heap},
        "template": {"pod": _pods(role, site)},
    }


def heap_of(memory: int) -> int:
    """The JVM's part of a pod's memory, in bytes: whole MiB."""
    return min(memory // 2, LARGEST_HEAP) // MiB * MiB


def _pods(role: str, site: Site) -> dict[str, Any]:
    """Where the pods of one role are: each on a node of its own, over all racks alike."""
    own = {"matchLabels": {names.CLUSTER_LABEL: names.CLUSTER, "strimzi.io/pool-name": role}}
    alone = {"labelSelector": own, "topologyKey": _HOST}
    over_racks = {
        "maxSkew": 1,
        "topologyKey": site.rack,
        "whenUnsatisfiable": "DoNotSchedule",
        # Nodes whose taints keep them away do not count as a rack's.
        "nodeTaintsPolicy": "Honor",
        "labelSelector": own,
    }
    on_pool = {} if site.pool is None else scheduling.only_on([site.pool])
    tolerations = scheduling.tolerations(site.tolerated)
    return {
        "priorityClassName": scheduling.CRITICAL,
        "affinity": {
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [alone]},
            **on_pool,
        },
        **({} if site.rack is None else {"topologySpreadConstraints": [over_racks]}),
        **({"tolerations": tolerations} if tolerations else {}),
    }


def cluster(kafka: Kafka, site: Site, *, monitored: bool, remote: Remote | None = None) -> dict[str, Any]:
    """The specification of the Kafka.

    Args:
        kafka: The section.
        site: What brokers are put on.
        monitored: Whether somebody asks for metrics.
        remote: Where old records go; None: nowhere.
    """
    return {
        "kafka": {
            "version": kafka.version,
            "metadataVersion": kafka.metadata_version,
            "listeners": listeners(),
            "authorization": {"type": "simple"},
            "config": _config(kafka, site),
            **({} if site.rack is None else {"rack": {"topologyKey": site.rack}}),
            **({"metricsConfig": _metrics()} if monitored else {}),
            **(_tiered(kafka, remote) if remote is not None else {}),
        },
        "entityOperator": {
            "topicOperator": {"resources": scheduling.resources("50m", "512Mi")},
            "userOperator": {"resources": scheduling.resources("50m", "512Mi")},
        },
        **({"cruiseControl": _cruise_control()} if kafka.balances else {}),
        **({"kafkaExporter": _exporter()} if monitored else {}),
    }


def listeners() -> list[dict[str, Any]]:
    """Ways in: TLS with a password for teams, TLS with a certificate for what runs beside. There is no other.

    Strimzi makes network policies of the peers, which nobody else comes past.
    """
    beside: dict[str, Any] = {"podSelector": {}}
    return [
        _listener("tls", names.TLS_PORT, "tls", [beside]),
        _listener("scram", names.SCRAM_PORT, "scram-sha-512", [names.teams(), beside]),
    ]


def _listener(name: str, port: int, how: str, peers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "port": port,
        "type": "internal",
        "tls": True,
        "authentication": {"type": how},
        "networkPolicyPeers": peers,
    }


def _config(kafka: Kafka, site: Site) -> dict[str, Any]:
    """Brokers' configuration: copies as the section has them, for Kafka's own topics too."""
    copies, in_sync = kafka.copies, kafka.in_sync(kafka.copies)
    made: dict[str, Any] = {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "auto.create.topics.enable": False,
    }
    if site.rack is not None:
        # Readers that say where they are (`client.rack`) read from the copy in their own zone.
        made["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
    if kafka.tiered is not None:
        made["rlmm.config.remote.log.metadata.topic.replication.factor"] = copies
    return made


def _metrics() -> dict[str, Any]:
    where = {"name": metrics.CONFIG_MAP, "key": metrics.KEY}
    return {"type": "jmxPrometheusExporter", "valueFrom": {"configMapKeyRef": where}}


def _exporter() -> dict[str, Any]:
    return {
        "topicRegex": ".*",
        "groupRegex": ".*",
        "resources": scheduling.resources("50m", "64Mi", most="256Mi"),
    }


def _cruise_control() -> dict[str, Any]:
    return {
        "autoRebalance": [{"mode": mode, "template": {"name": mode}} for mode in MODES],
        "resources": scheduling.resources("100m", "1Gi"),
        "jvmOptions": {"-Xms": "512m", "-Xmx": "512m"},
    }


def _tiered(kafka: Kafka, remote: Remote) -> dict[str, Any]:
    """Aiven's plugin, told where to put what it takes; it has its rights by the pod's role.

    https://github.com/Aiven-Open/tiered-storage-for-apache-kafka/blob/main/docs/configs.rst
    """
    if kafka.tiered is None:
        return {}
    config = {
        "storage.backend.class": "io.aiven.kafka.tieredstorage.storage.s3.S3Storage",
        "storage.s3.bucket.name": remote.bucket,
        "storage.s3.region": remote.region,
        "key.prefix": remote.prefix,
        "chunk.size": str(4 * MiB),
    }
    manager = {
        "className": "io.aiven.kafka.tieredstorage.RemoteStorageManager",
        "classPath": kafka.tiered.class_path,
        "config": config,
    }
    return {
        "image": kafka.tiered.image,
        "tieredStorage": {"type": "custom", "remoteStorageManager": manager},
    }
