"""Topics of MSK, by its own API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.data.kafka.topics import topic_spec
from components.data.msk import settings
from infra.environment.kafka import Kafka, Topic


@dataclass(frozen=True, kw_only=True)
class MskTopicsArgs:
    """Which topics, and where."""

    kafka: Kafka
    arn: pulumi.Output[str]
    """The cluster's."""
    zones: int
    """Zones that brokers are in."""


class MskTopics(pulumi.ComponentResource):
    """Topics, which MSK makes without anybody speaking to the brokers.

    Provisioned clusters have this API, from Kafka 3.6 on:
    https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
    """

    made: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: MskTopicsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:MskTopics", name, {}, opts)
        self.made = tuple(
            aws.msk.Topic(
                f"topic-{called}",
                cluster_arn=args.arn,
                name=called,
                partition_count=topic.partitions,
                replication_factor=replicas(topic, args.kafka, args.zones),
                configs=json.dumps(configuration(called, topic, args.kafka, args.zones)),
                opts=pulumi.ResourceOptions(parent=self, protect=args.kafka.kept(topic)),
            )
            for called, topic in args.kafka.topics.items()
        )
        self.register_outputs({})


def replicas(topic: Topic, kafka: Kafka, zones: int) -> int:
    """Copies of each of a topic's partitions: one a zone, unless the file says otherwise."""
    return topic.replication or kafka.replication or settings.copies(zones)


def configuration(name: str, topic: Topic, kafka: Kafka, zones: int) -> Mapping[str, str]:
    """What Kafka is told of a topic, sorted: as in the cluster, all as text."""
    copies = replicas(topic, kafka, zones)
    least = kafka.min_in_sync if copies == (kafka.replication or settings.copies(zones)) else None
    given: dict[str, Any] = topic_spec(name, topic, kafka)["config"]
    wanted = {**given, "min.insync.replicas": least or settings.in_sync(copies)}
    return {key: _text(wanted[key]) for key in sorted(wanted)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
