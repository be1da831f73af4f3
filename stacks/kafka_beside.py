"""What runs beside Kafka's brokers in the cluster: connections to the lake, copies, schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pulumi
from pulumi_kubernetes.networking import v1 as networking

from components.data.kafka import connect, mirror_maker, registry
from infra.environment.kafka import Kafka
from infra.handles import EventStream, TeamSpace
from stacks import wiring
from stacks.ground import Ground


def deploy(ground: Ground, kafka: Kafka, stream: EventStream) -> EventStream:
    """The parts that an environment asks for, each absent where it does not.

    Returns:
        Kafka, with where these are found.
    """
    scope, before = ground.env.scope, stream.ready
    if kafka.registry is not None:
        args = registry.SchemaRegistryArgs(
            scope=scope,
            kafka=kafka,
            registry=kafka.registry,
            replicas=wiring.replicas(ground.env),
            after=before,
        )
        made = registry.SchemaRegistry("registry", args, ground.opts)
        stream = replace(stream, registry=registry.URL, ready=(*stream.ready, *made.ready))
    if kafka.mirror is not None:
        copies = mirror_maker.MirrorMakerArgs(scope=scope, kafka=kafka, mirror=kafka.mirror, after=before)
        mirror_maker.MirrorMaker("mirror", copies, ground.opts)
    if kafka.connect is not None and ground.cluster is not None and ground.lake is not None:
        sinks = connect.KafkaConnectArgs(
            scope=scope,
            place=wiring.place_of(ground.env),
            kafka=kafka,
            connect=kafka.connect,
            cluster=ground.cluster,
            lake=ground.lake,
            after=before,
        )
        connect.KafkaConnect("connect", sinks, ground.opts)
        stream = replace(stream, connect=connect.URL)
    return stream


def teams(ground: Ground, stream: EventStream, spaces: Mapping[str, TeamSpace]) -> None:
    """Each team's way to the registry of schemas."""
    if stream.registry is None:
        return
    for team, space in spaces.items():
        for namespace in space.namespaces:
            networking.NetworkPolicy(
                f"schemas-{namespace}",
                metadata={
                    "name": "schemas",
                    "namespace": namespace,
                    "labels": ground.env.scope.labels("kafka", team),
                },
                spec=registry.way_out(),
                opts=pulumi.ResourceOptions.merge(
                    ground.opts, pulumi.ResourceOptions(depends_on=list(space.ready))
                ),
            )
