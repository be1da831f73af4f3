"""What the programs have in common that run beside brokers: who they are, and where they are put."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import scheduling
from components.data.kafka import manifests
from components.data.kafka.cluster import COMPONENT
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.labels import Scope
from infra.units import MiB, quantity_bytes, quantity_cpu

ALL: Final = ("Create", "Describe", "DescribeConfigs", "Read", "Write")
"""What a program needs of topics of its own."""
READ: Final = ("Describe", "DescribeConfigs", "Read")
GROUP: Final = ("Describe", "Read")
_TIMES: Final = pulumi.CustomTimeouts(create="15m", update="15m", delete="10m")


def allow(kind: str, name: str, operations: Iterable[str], pattern: str = "literal") -> dict[str, Any]:
    """A right of a KafkaUser."""
    return {
        "type": "allow",
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": list(operations),
        "host": "*",
    }


def user(rights: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The specification of a KafkaUser that enters by a certificate, which Strimzi makes and renews."""
    return {
        "authentication": {"type": "tls"},
        "authorization": {"type": "simple", "acls": [dict(right) for right in rights]},
    }


def entering(called: str) -> dict[str, Any]:
    """How a program of Strimzi's enters by the certificate of a user."""
    return {
        "tls": {"trustedCertificates": [{"secretName": names.AUTHORITY, "pattern": "*.crt"}]},
        "authentication": {
            "type": "tls",
            "certificateAndKey": {"secretName": called, "certificate": "user.crt", "key": "user.key"},
        },
    }


def storing(called: str) -> dict[str, Any]:
    """What a cluster of Kafka Connect calls itself, and the topics that it keeps its own state in."""
    return {
        "groupId": called,
        "configStorageTopic": f"{called}-configs",
        "offsetStorageTopic": f"{called}-offsets",
        "statusStorageTopic": f"{called}-status",
    }


def own_rights(called: str) -> list[dict[str, Any]]:
    """What a cluster of Kafka Connect needs for its own state."""
    topics = (f"{called}-{what}" for what in ("configs", "offsets", "status"))
    return [*(allow("topic", topic, ALL) for topic in topics), allow("group", called, GROUP, "prefix")]


def state_copies(kafka: Kafka) -> dict[str, int]:
    """Copies of that state."""
    return {f"{what}.storage.replication.factor": kafka.copies for what in ("config", "offset", "status")}


def placed(called: str, kind: str, cpu: float, memory: int) -> dict[str, Any]:
    """How large the pods of a program of Strimzi's are, and where: spread over zones and nodes."""
    own = {names.CLUSTER_LABEL: called, "strimzi.io/kind": kind}
    heap = f"{manifests.heap_of(memory) // MiB}m"
    size = quantity_bytes(memory)
    return {
        "resources": {"requests": {"cpu": quantity_cpu(cpu), "memory": size}, "limits": {"memory": size}},
        "jvmOptions": {"-Xms": heap, "-Xmx": heap},
        "template": {"pod": {"topologySpreadConstraints": scheduling.spread(own)}},
    }


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object of one of Strimzi's kinds."""

    kind: str
    called: str
    spec: Mapping[str, Any]
    of: str = names.CLUSTER
    """The cluster of Kafka, or of Kafka Connect, that it belongs to."""
    annotations: Mapping[str, str] = field(default_factory=dict)


def custom(
    name: str,
    thing: Thing,
    scope: Scope,
    parent: pulumi.Resource,
    after: Iterable[pulumi.Resource],
) -> pulumi.Resource:
    """Makes an object, and waits for it until Strimzi says that it is ready.

    Args:
        name: Of the resource in the stack.
        thing: The object.
        scope: Whose it is.
        parent: The component that it is part of.
        after: What it comes after.
    """
    waited = pulumi.ResourceOptions(parent=parent, depends_on=list(after), custom_timeouts=_TIMES)
    return object_of(name, thing, scope, waited)


def object_of(name: str, thing: Thing, scope: Scope, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Makes an object with options of its own."""
    made: pulumi.Resource = CustomResource(
        name,
        api_version=names.API,
        kind=thing.kind,
        metadata={
            "name": thing.called,
            "namespace": names.NAMESPACE,
            "labels": {**scope.labels(COMPONENT), names.CLUSTER_LABEL: thing.of},
            "annotations": {**manifests.READY, **thing.annotations},
        },
        spec=thing.spec,
        opts=opts,
    )
    return made
