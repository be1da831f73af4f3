"""The services of data in a cluster: a table of contents.

Each has a part that is there once, which comes before the teams and outlives them, and a part for each team;
the latter may be in another stack (`stacks.teams`), so it is made of handles alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import pulumi

from infra.environment import Environment
from infra.handles import EventStream, TeamSpace
from stacks import discovery, kafka, pipelines, postgres, spark
from stacks.ground import Ground, Services


def deploy(ground: Ground) -> Services:
    """The parts that are there once."""
    server = postgres.deploy(ground)
    return Services(
        stream=kafka.deploy(ground), spark=spark.deploy(ground), pipelines=pipelines.deploy(ground, server)
    )


def before_teams(ground: Ground, services: Services) -> tuple[pulumi.Resource, ...]:
    """What teams' namespaces come after, and go before, beside the parts that are there once."""
    return () if services.pipelines is None else pipelines.before_teams(ground, services.pipelines)


def teams(ground: Ground, services: Services, spaces: Mapping[str, TeamSpace]) -> None:
    """The parts of teams."""
    if services.stream is not None:
        kafka.teams(ground, services.stream, spaces)
    if services.spark is not None:
        spark.teams(ground, services.spark, spaces)
    if services.pipelines is not None:
        pipelines.teams(ground, services.pipelines, spaces)
    discovery.teams(ground, services, spaces)


def outputs(services: Services) -> dict[str, Any]:
    """What a platform's stack tells stacks of teams of its services; nothing where it has none."""
    told = {
        field.name: _told(handle)
        for field in fields(services)
        if (handle := getattr(services, field.name)) is not None
    }
    return {"services": told} if told else {}


def _told(handle: Any) -> dict[str, Any]:
    """A handle's fields, without the resources that only its own stack has."""
    return {field.name: getattr(handle, field.name) for field in fields(handle) if field.name != "ready"}


def elsewhere(env: Environment, told: Callable[[str], pulumi.Output[Any]]) -> Services:
    """The services that another stack has made for an environment.

    Args:
        env: The environment.
        told: What that stack tells by a name.
    """
    return Services(
        stream=_stream(env, told), spark=spark.elsewhere(env, told), pipelines=pipelines.elsewhere(env, told)
    )


def _stream(env: Environment, told: Callable[[str], pulumi.Output[Any]]) -> EventStream | None:
    if env.kafka is None:
        return None
    stream = told("services").apply(lambda services: services["stream"])
    if env.kafka.managed is None:
        return EventStream(kind="strimzi", bootstrap=stream["bootstrap"], auth="scram")
    serverless = env.kafka.managed.kind == "serverless"
    return EventStream(
        kind="msk-serverless" if serverless else "msk", bootstrap=stream["bootstrap"], auth="iam"
    )
