"""What tells a team's pods where data is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.tenancy.discovery import DataSources, DataSourcesArgs, Sources, Stream
from infra.environment import Environment
from infra.environment.kafka import topics_of
from infra.environment.kafka.topics import Topic
from infra.handles import EventStream, TeamSpace
from stacks.ground import Ground, Services


def teams(ground: Ground, services: Services, spaces: Mapping[str, TeamSpace]) -> None:
    """A ConfigMap `data-sources` in each namespace of each team, where there are services of data."""
    if services.stream is None and services.spark is None and services.pipelines is None:
        return
    for team, space in spaces.items():
        args = DataSourcesArgs(
            scope=ground.env.scope,
            sources=sources(ground, services, team),
            found=_found(ground, services),
            space=space,
        )
        DataSources(f"data-sources-{team}", args, ground.opts)


def sources(ground: Ground, services: Services, team: str) -> Sources:
    """What a team has, as far as the file tells."""
    env, lake = ground.env, ground.lake
    storage = env.storage
    claims = {
        **dict.fromkeys(storage.lustre, "Lustre: the team's own folder"),
        **{
            f"{name}-{link.claim}": f"Lustre: {link.path} of the lake{', to read' if link.read_only else ''}"
            for name, lustre in storage.lustre.items()
            for link in lustre.link
        },
        **{
            name: f"{mount.path} of the lake, to read{' and write' if mount.writable else ''}"
            for name, mount in (storage.mounts if lake is not None else {}).items()
        },
    }
    return Sources(
        team=team,
        region=env.region,
        lake=lake is not None,
        endpoint=None if lake is None else lake.endpoint,
        claims=claims,
        classes={f"{name}-{team}": "EFS: a folder for each claim" for name in storage.shared},
        stream=None if services.stream is None else _stream(env, services.stream, team),
    )


def _stream(env: Environment, stream: EventStream, team: str) -> Stream:
    mine = topics_of(env.kafka, team)
    topics = {} if env.kafka is None else env.kafka.topics
    return Stream(
        auth=stream.auth,
        secret=stream.auth == "scram" and env.secrets is not None and not env.teams[team].offboard,
        registry=stream.registry,
        connect=stream.connect,
        topics={
            name: _topic(topic, [access for access in ("read", "write") if name in mine[access]])
            for name, topic in topics.items()
            if name in mine["read"] or name in mine["write"]
        },
    )


def _topic(topic: Topic, access: list[str]) -> dict[str, Any]:
    return {
        "access": access,
        "owner": topic.team or "platform",
        "partitions": topic.partitions,
        "retention": "the last of each key" if topic.lasts is None else topic.lasts.written(),
    }


def _found(ground: Ground, services: Services) -> pulumi.Output[Mapping[str, Any]]:
    """What is only known when it is there."""
    lake, catalog = ground.lake, ground.catalog
    return pulumi.Output.all(
        buckets={} if lake is None else dict(lake.buckets),
        database=None if catalog is None else catalog.database,
        bootstrap=None if services.stream is None else services.stream.bootstrap,
        events=None if services.spark is None else services.spark.events,
        artifacts=None if services.pipelines is None else services.pipelines.artifacts,
    )
