"""Kafka that AWS runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from components.data.msk.provisioned import Brokers, BrokersArgs
from components.data.msk.serverless import Serverless, ServerlessArgs
from components.data.msk.team import MskAccess, MskAccessArgs
from components.data.msk.topic_job import TopicJob, TopicJobArgs
from components.data.msk.topics import MskTopics, MskTopicsArgs
from infra.environment.kafka import Kafka
from infra.handles import ClusterHandle, EventStream, NetworkHandle, TeamSpace
from stacks import wiring
from stacks.ground import Ground


def deploy(ground: Ground) -> EventStream:
    """Amazon MSK with all topics; `ground.env.kafka.managed` is there."""
    kafka, cluster, network = _given(ground)
    keep = kafka.keep == "retain"
    if kafka.managed is not None and kafka.managed.kind == "serverless":
        args = ServerlessArgs(scope=ground.env.scope, network=network, cluster=cluster, keep=keep)
        stream = Serverless("kafka", args, ground.opts).handle
        return _by_a_job(ground, kafka, cluster, stream)
    return _provisioned(ground, kafka, cluster, network, keep=keep)


def teams(ground: Ground, handle: EventStream, spaces: Mapping[str, TeamSpace]) -> None:
    """What each team may do with topics, by the role that its pods have for the lake."""
    kafka, env = ground.env.kafka, ground.env
    if kafka is None or ground.lake is None:
        return
    for team, space in spaces.items():
        if env.teams[team].offboard:
            continue  # it has no role any more
        args = MskAccessArgs(
            scope=env.scope,
            place=wiring.place_of(env),
            team=team,
            home=env.home,
            kafka=kafka,
            stream=handle,
            space=space,
            network=None if env.network is None else env.network.cidr,
        )
        MskAccess(f"kafka-{team}", args, ground.opts)


def _provisioned(
    ground: Ground, kafka: Kafka, cluster: ClusterHandle, network: NetworkHandle, *, keep: bool
) -> EventStream:
    """Brokers, and the topics that MSK makes on them."""
    if kafka.managed is None:
        raise ValueError(f"{ground.env.name} has no MSK: it was never asked for one")
    args = BrokersArgs(
        scope=ground.env.scope,
        place=wiring.place_of(ground.env),
        managed=kafka.managed,
        network=network,
        cluster=cluster,
        metrics=ground.metrics,
        keep=keep,
    )
    brokers = Brokers("kafka", args, ground.opts)
    topics = MskTopicsArgs(kafka=kafka, arn=brokers.arn, zones=brokers.zones)
    made = MskTopics("topics", topics, ground.opts).made if kafka.topics else ()
    return replace(brokers.handle, ready=(*brokers.handle.ready, *made))


def _by_a_job(ground: Ground, kafka: Kafka, cluster: ClusterHandle, stream: EventStream) -> EventStream:
    """The topics of a serverless cluster, where there are any."""
    if not kafka.topics or kafka.managed is None or kafka.managed.tools is None:
        return stream
    args = TopicJobArgs(
        scope=ground.env.scope,
        place=wiring.place_of(ground.env),
        kafka=kafka,
        image=kafka.managed.tools,
        stream=stream,
        cluster=cluster,
        after=ground.after,
    )
    return replace(stream, ready=(*stream.ready, *TopicJob("topics", args, ground.opts).made))


def _given(ground: Ground) -> tuple[Kafka, ClusterHandle, NetworkHandle]:
    if ground.env.kafka is None or ground.cluster is None or ground.network is None:
        raise ValueError(f"{ground.env.name} has no place for MSK: it was never checked")
    return ground.env.kafka, ground.cluster, ground.network
