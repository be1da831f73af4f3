"""A registry of the schemas of records: Apicurio Registry, which keeps them in Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy

from components import scheduling
from components.data.kafka import beside
from components.data.kafka.cluster import COMPONENT
from components.data.kafka.keeping import kept
from infra import kafka as names
from infra.catalog.images import image
from infra.environment.kafka import Kafka
from infra.environment.kafka.registry import Registry
from infra.labels import Scope

CALLED: Final = "registry"
"""What it is called: its objects, and its user."""
PORT: Final = 8080
URL: Final = f"http://{CALLED}.{names.NAMESPACE}.svc:{PORT}"
TOPICS: Final = ("kafkasql-journal", "kafkasql-snapshots", "registry-events")
"""Where it keeps what it knows, how it starts again quickly, and what it tells of; it names them so."""
_GROUP: Final = "apicurio-"
"""What the names of its groups of readers begin with; a number of their own follows."""
_LABELS: Final = {"app.kubernetes.io/name": "apicurio-registry"}
_USER: Final = 1000


@dataclass(frozen=True, kw_only=True)
class SchemaRegistryArgs:
    """What a registry needs."""

    scope: Scope
    kafka: Kafka
    registry: Registry
    replicas: int = 1
    after: tuple[pulumi.Resource, ...] = ()
    """Kafka; it outlives it."""


class SchemaRegistry(pulumi.ComponentResource):
    """Apicurio Registry with all it knows in topics of its own, which stay as Kafka does.

    It speaks plain HTTP, within the cluster alone, and to pods of teams and of Kafka Connect alone: network
    policies say so, and schemas are no secrets. Whoever reaches it may add schemas; none that breaks the
    readers of an older one.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: SchemaRegistryArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:SchemaRegistry", name, {}, opts)
        self._name, self._args = name, args
        writer = beside.Thing(kind="KafkaUser", called=CALLED, spec=beside.user(acls()))
        user = beside.custom(f"{name}-user", writer, args.scope, self, args.after)
        topics = [self._topic(topic) for topic in TOPICS]
        deployment = self._deployment([user, *topics])
        service = self._service()
        self._door()
        self._disruption()
        self.ready = (deployment, service)
        self.register_outputs({"url": URL})

    def _topic(self, called: str) -> pulumi.Resource:
        one = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        thing = beside.Thing(kind="KafkaTopic", called=called, spec=topic(self._args.kafka))
        keep = self._args.kafka.keep == "retain"
        return beside.object_of(f"{self._name}-{called}", thing, self._args.scope, kept(one) if keep else one)

    def _deployment(self, after: Iterable[pulumi.Resource]) -> pulumi.Resource:
        made: pulumi.Resource = apps.Deployment(
            self._name,
            metadata=self._metadata(),
            spec=deployment(self._args.registry, self._args.replicas),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        return made

    def _service(self) -> pulumi.Resource:
        ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
        made: pulumi.Resource = core.Service(
            self._name,
            metadata=self._metadata(),
            spec={"selector": _LABELS, "ports": ports},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )
        return made

    def _door(self) -> None:
        networking.NetworkPolicy(
            self._name,
            metadata=self._metadata(),
            spec=door(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )

    def _disruption(self) -> None:
        if self._args.replicas > 1:
            policy.PodDisruptionBudget(
                self._name,
                metadata=self._metadata(),
                spec={"minAvailable": 1, "selector": {"matchLabels": _LABELS}},
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
            )

    def _metadata(self) -> dict[str, Any]:
        labels = {**self._args.scope.labels(COMPONENT), **_LABELS}
        return {"name": CALLED, "namespace": names.NAMESPACE, "labels": labels}


def acls() -> list[dict[str, Any]]:
    """What it may do with Kafka: all with its own topics, nothing with others."""
    return [
        *(beside.allow("topic", name, beside.ALL) for name in TOPICS),
        beside.allow("group", _GROUP, beside.GROUP, "prefix"),
    ]


def topic(kafka: Kafka) -> dict[str, Any]:
    """The specification of each of its topics: one partition, in which nothing ever ends.

    https://www.apicur.io/registry/docs/apicurio-registry/3.2.x/getting-started/assembly-deploying-registry-operator.html
    """
    return {
        "partitions": 1,
        "replicas": kafka.copies,
        "config": {
            "cleanup.policy": "delete",
            "retention.ms": -1,
            "retention.bytes": -1,
            "min.insync.replicas": kafka.in_sync(kafka.copies),
        },
    }


def deployment(registry: Registry, replicas: int) -> dict[str, Any]:
    """The specification of its Deployment."""
    return {
        "replicas": replicas,
        "selector": {"matchLabels": _LABELS},
        "template": {
            "metadata": {"labels": _LABELS},
            "spec": {
                "automountServiceAccountToken": False,
                "topologySpreadConstraints": scheduling.spread(_LABELS),
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": _USER,
                    "fsGroup": _USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(registry)],
                "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}],
            },
        },
    }


def _container(registry: Registry) -> dict[str, Any]:
    return {
        "name": "registry",
        "image": image("apicurio-registry"),
        "env": environment(registry),
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": scheduling.resources("100m", "640Mi", most="1Gi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": {**_probe("/health/live"), "failureThreshold": 60},
        "livenessProbe": _probe("/health/live"),
        "readinessProbe": _probe("/health/ready"),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's own
    }


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 5, "timeoutSeconds": 3}


def environment(registry: Registry) -> list[dict[str, Any]]:
    """Its settings: what begins with APICURIO_KAFKA_COMMON goes to Kafka's clients as it is.

    Certificates are taken from Strimzi's Secrets when a pod starts, so pods are to be restarted once a year.
    https://www.apicur.io/registry/docs/apicurio-registry/3.2.x/getting-started/assembly-config-reference.html
    """
    plain = {
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": names.bootstrap(names.TLS_PORT),
        "APICURIO_STORAGE_SNAPSHOT_LOCATION": "/tmp",  # noqa: S108 - the container's own
        "APICURIO_RULES_GLOBAL_COMPATIBILITY": registry.compatibility.upper().replace("-", "_"),
        "APICURIO_KAFKA_COMMON_SECURITY_PROTOCOL": "SSL",
        # It would not look at the brokers' names otherwise.
        "APICURIO_KAFKA_COMMON_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "https",
        "APICURIO_KAFKA_COMMON_SSL_KEYSTORE_TYPE": "PEM",
        "APICURIO_KAFKA_COMMON_SSL_TRUSTSTORE_TYPE": "PEM",
    }
    secret = {
        "APICURIO_KAFKA_COMMON_SSL_KEYSTORE_KEY": (CALLED, "user.key"),
        "APICURIO_KAFKA_COMMON_SSL_KEYSTORE_CERTIFICATE_CHAIN": (CALLED, "user.crt"),
        "APICURIO_KAFKA_COMMON_SSL_TRUSTSTORE_CERTIFICATES": (names.AUTHORITY, "ca.crt"),
    }
    return [
        *({"name": name, "value": value} for name, value in plain.items()),
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": key}}}
            for name, (of, key) in secret.items()
        ),
    ]


def door() -> dict[str, Any]:
    """The specification of the network policy of who reaches it: teams, and what runs beside it."""
    peers: list[Mapping[str, Any]] = [names.teams(), {"podSelector": {}}]
    return {
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": peers, "ports": [{"protocol": "TCP", "port": PORT}]}],
    }


def way_out() -> dict[str, Any]:
    """The specification of a network policy that lets a team's pods out to it."""
    there = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": names.NAMESPACE}},
        "podSelector": {"matchLabels": _LABELS},
    }
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [there], "ports": [{"protocol": "TCP", "port": PORT}]}],
    }
