"""Spark of an environment: the operator and its history server, or EMR; and what each team has of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pulumi

from components.data.spark import history_manifests
from components.data.spark.emr import EmrAccess, EmrAccessArgs, TeamEmr, TeamEmrArgs
from components.data.spark.history import SparkHistory, SparkHistoryArgs
from components.data.spark.operator import SparkOperator, SparkOperatorArgs
from components.data.spark.settings import EVENTS, ZONE
from components.data.spark.team import AtAws, TeamSpark, TeamSparkArgs
from components.tenancy import access, manifests
from infra.environment import Environment
from infra.environment.spark import Spark
from infra.handles import ClusterHandle, ObjectStore, SparkPlatform, TeamSpace
from stacks import mesh, wiring
from stacks.ground import Ground

_TRAINING: Final = 1
"""Which of a team's namespaces is to train."""


def deploy(ground: Ground) -> SparkPlatform | None:
    """The platform's part; None where the environment has none."""
    env = ground.env
    if env.spark is None:
        return None
    if env.spark.managed is not None:
        return _emr(ground)
    monitors = () if ground.metrics is None else ground.metrics.ready
    args = SparkOperatorArgs(
        scope=env.scope,
        replicas=wiring.replicas(env),
        monitored=ground.metrics is not None,
        site=wiring.charts_of(env),
        after=(*ground.after, *monitors),
    )
    operator = SparkOperator("spark-operator", args, ground.opts)
    _history(ground, env.spark)
    return SparkPlatform(kind="operator", events=_events(ground.lake), ready=operator.ready)


def elsewhere(env: Environment, told: Callable[[str], pulumi.Output[Any]]) -> SparkPlatform | None:
    """Spark that another stack has made for an environment; None where it has none.

    Args:
        env: The environment.
        told: What that stack tells by a name.
    """
    if env.spark is None:
        return None
    events = told("services").apply(lambda services: services["spark"]["events"])
    return SparkPlatform(kind="operator" if env.spark.managed is None else "emr", events=events)


def teams(ground: Ground, handle: SparkPlatform, spaces: Mapping[str, TeamSpace]) -> None:
    """What each team has of it."""
    spark = ground.env.spark
    if spark is None:
        return
    for team, space in spaces.items():
        after = (*handle.ready, *space.ready)
        if handle.kind == "operator":
            TeamSpark(f"spark-{team}", _team(ground, spark, team, space, after), ground.opts)
        elif spark.managed is not None and ground.cluster is not None and ground.lake is not None:
            args = TeamEmrArgs(
                scope=ground.env.scope,
                place=wiring.place_of(ground.env),
                cluster=ground.cluster,
                team=team,
                namespace=space.namespaces[_TRAINING],
                spark=spark,
                managed=spark.managed,
                lake=ground.lake,
                own=_own(ground, ground.lake, team),
                catalog=ground.catalog,
                after=after,
            )
            TeamEmr(f"emr-{team}", args, ground.opts)


def _emr(ground: Ground) -> SparkPlatform:
    if ground.cluster is None or ground.lake is None:
        raise ValueError(f"{ground.env.name} has EMR without a cluster or a lake: it was never checked")
    place = wiring.place_of(ground.env)
    args = EmrAccessArgs(scope=ground.env.scope, place=place, cluster=ground.cluster)
    made = EmrAccess("emr", args, ground.cloud)
    return SparkPlatform(kind="emr", events=_events(ground.lake), ready=made.ready)


def _history(ground: Ground, spark: Spark) -> None:
    """The history server, and the way to its console."""
    if not spark.history or ground.cluster is None or ground.lake is None:
        return
    args = SparkHistoryArgs(
        scope=ground.env.scope,
        place=wiring.place_of(ground.env),
        cluster=ground.cluster,
        spark=spark,
        lake=ground.lake,
        after=ground.after,
    )
    made = SparkHistory("spark-history", args, ground.opts)
    console = mesh.Console(
        namespace=history_manifests.NAMESPACE,
        service=history_manifests.NAME,
        port=history_manifests.SERVICE_PORT,
        component="spark",
        ready=made.ready,
        # It asks nobody who they are, so it answers the gateway alone.
        pods=history_manifests.LABELS,
    )
    mesh.publish(ground.env, ground.web, "spark", console, ground.opts)


def _team(
    ground: Ground, spark: Spark, team: str, space: TeamSpace, after: tuple[pulumi.Resource, ...]
) -> TeamSparkArgs:
    env, lake = ground.env, ground.lake
    return TeamSparkArgs(
        scope=env.scope,
        team=team,
        namespaces=space.namespaces[: _TRAINING + 1],
        groups=manifests.member_groups(team, env.teams[team]),
        spark=spark,
        pools=env.pools,
        lake=lake,
        catalog=ground.catalog,
        aws=None if lake is None else _at_aws(ground, ground.cluster, lake, team),
        after=after,
    )


def _at_aws(ground: Ground, cluster: ClusterHandle | None, lake: ObjectStore, team: str) -> AtAws | None:
    if cluster is None:
        return None
    return AtAws(place=wiring.place_of(ground.env), cluster=cluster, own=_own(ground, lake, team))


def _own(ground: Ground, lake: ObjectStore, team: str) -> pulumi.Output[str]:
    """What the team may do with its own part of the lake."""
    place, mounts = wiring.place_of(ground.env), tuple(ground.env.storage.mounts.values())
    return pulumi.Output.all(buckets=lake.buckets, key_arn=lake.key_arn).apply(
        lambda known: access.lake_policy(place, team, **known, mounts=mounts)
    )


def _events(lake: ObjectStore | None) -> pulumi.Input[str]:
    """Where jobs write their logs of events; empty where there is no lake."""
    if lake is None:
        return ""
    return pulumi.Output.format("s3a://{0}/{1}", lake.buckets[ZONE], EVENTS)
