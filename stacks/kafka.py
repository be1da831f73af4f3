"""Event streaming: Kafka in the cluster, or Amazon MSK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from components.data.kafka.access import TeamAccess, TeamAccessArgs
from components.data.kafka.cluster import KafkaCluster, KafkaClusterArgs, OldRecords
from components.data.kafka.manifests import Site
from components.data.kafka.topics import Topics, TopicsArgs
from infra.environment.kafka import Kafka
from infra.environment.storage.block import DEFAULT_CLASS
from infra.handles import EventStream, TeamSpace
from stacks import kafka_beside, msk, wiring
from stacks.ground import Ground

_ZONE: Final = "topology.kubernetes.io/zone"


def deploy(ground: Ground) -> EventStream | None:
    """Kafka, with the topics that are the platform's; None where the environment has none."""
    kafka = ground.env.kafka
    if kafka is None:
        return None
    if kafka.managed is not None:
        return msk.deploy(ground)
    args = KafkaClusterArgs(
        scope=ground.env.scope,
        kafka=kafka,
        site=site(ground, kafka),
        metrics=ground.metrics,
        tiered=_old_records(ground, kafka),
        replicas=wiring.replicas(ground.env),
        charts=wiring.charts_of(ground.env),
        after=ground.after,
    )
    stream = KafkaCluster("kafka", args, ground.opts).handle
    _topics(ground, kafka, stream, None)
    return kafka_beside.deploy(ground, kafka, stream)


def teams(ground: Ground, handle: EventStream, spaces: Mapping[str, TeamSpace]) -> None:
    """Each team's topics, its user, and its way in."""
    kafka = ground.env.kafka
    if kafka is None:
        return
    if handle.auth == "iam":
        msk.teams(ground, handle, spaces)
        return
    kafka_beside.teams(ground, handle, spaces)
    for team, space in spaces.items():
        _topics(ground, kafka, handle, team)
        if ground.env.secrets is None or ground.env.teams[team].offboard:
            continue  # who leaves has no password any more, and what is in topics stays
        args = TeamAccessArgs(
            scope=ground.env.scope,
            team=team,
            kafka=kafka,
            stream=handle,
            space=space,
            refresh_s=ground.env.secrets.refresh,
            secrets=ground.edge.ready,
        )
        TeamAccess(f"kafka-{team}", args, ground.opts)


def site(ground: Ground, kafka: Kafka) -> Site:
    """What brokers are put on."""
    at_aws = ground.env.platform == "aws"
    pool = None if kafka.pool is None else ground.env.pools[kafka.pool]
    return Site(
        storage_class=kafka.storage_class or (DEFAULT_CLASS if at_aws else None),
        rack=kafka.rack or (_ZONE if at_aws else None),
        pool=kafka.pool,
        tolerated=() if pool is None else (pool,),
    )


def _old_records(ground: Ground, kafka: Kafka) -> OldRecords | None:
    if kafka.tiered is None or ground.cluster is None or ground.lake is None:
        return None
    return OldRecords(place=wiring.place_of(ground.env), cluster=ground.cluster, lake=ground.lake)


def _topics(ground: Ground, kafka: Kafka, stream: EventStream, team: str | None) -> None:
    """The topics of a team, or of nobody."""
    mine = {name: topic for name, topic in kafka.topics.items() if topic.team == team}
    if mine:
        args = TopicsArgs(scope=ground.env.scope, kafka=kafka, topics=mine, team=team, after=stream.ready)
        Topics("topics" if team is None else f"topics-{team}", args, ground.opts)
