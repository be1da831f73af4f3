"""Topics."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.data.kafka import manifests
from components.data.kafka.cluster import COMPONENT
from components.data.kafka.keeping import kept
from infra import kafka as names
from infra.environment.kafka import Kafka, Topic
from infra.labels import Scope

_PLAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
"""What Kubernetes takes for a name: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""
_LONGEST: Final = 200
_MS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class TopicsArgs:
    """Which topics."""

    scope: Scope
    kafka: Kafka
    topics: Mapping[str, Topic]
    """By name; some of the section's."""
    team: str | None = None
    """Whose they are; None: the platform's."""
    after: tuple[pulumi.Resource, ...] = ()
    """Kafka; it outlives them, and its operator takes them down."""


class Topics(pulumi.ComponentResource):
    """Topics, of one team or of the platform. When one goes, so does all that is in it."""

    def __init__(self, name: str, args: TopicsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:KafkaTopics", name, {}, opts)
        for called, topic in args.topics.items():
            one = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
            CustomResource(
                f"topic-{called}",
                api_version=names.API,
                kind="KafkaTopic",
                metadata={
                    "name": object_name(called),
                    "namespace": names.NAMESPACE,
                    "labels": {
                        **args.scope.labels(COMPONENT, args.team),
                        names.CLUSTER_LABEL: names.CLUSTER,
                    },
                    "annotations": dict(manifests.READY),
                },
                spec=topic_spec(called, topic, args.kafka),
                opts=kept(one) if args.kafka.kept(topic) else one,
            )
        self.register_outputs({})


def object_name(topic: str) -> str:
    """What a topic's object is called: as the topic, where Kubernetes takes that for a name."""
    if len(topic) <= _LONGEST and _PLAIN.fullmatch(topic):
        return topic
    digest = hashlib.sha256(topic.encode()).hexdigest()[:10]
    legal = re.sub("[^a-z0-9]+", "-", topic.lower()).strip("-")[:_LONGEST].strip("-")
    return f"{legal}-{digest}" if legal else f"topic-{digest}"


def topic_spec(name: str, topic: Topic, kafka: Kafka) -> dict[str, Any]:
    """The specification of a KafkaTopic."""
    copies = topic.replication or kafka.copies
    renamed = {} if object_name(name) == name else {"topicName": name}
    return {
        **renamed,
        "partitions": topic.partitions,
        "replicas": copies,
        "config": {"min.insync.replicas": kafka.in_sync(copies), **_lasting(topic)},
    }


def _lasting(topic: Topic) -> dict[str, Any]:
    """How long records stay, and where: https://kafka.apache.org/43/configuration/topic-configs/."""
    if topic.lasts is None:
        return {"cleanup.policy": "compact"}
    made: dict[str, Any] = {"cleanup.policy": "delete", "retention.ms": topic.lasts * _MS}
    if topic.size is not None:
        made["retention.bytes"] = topic.size // topic.partitions
    if topic.local is not None:
        made |= {"remote.storage.enable": True, "local.retention.ms": topic.local * _MS}
    return made
