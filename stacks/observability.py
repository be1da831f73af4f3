"""What watches an environment: metrics, alerts, dashboards, logs, costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi

from components.observability.costs import ClusterCosts, ClusterCostsArgs
from components.observability.costs_values import price_list
from components.observability.features import Features
from components.observability.logs import ClusterLogs, ClusterLogsArgs, LogsAtAws
from components.observability.lustre_metrics import LustreMetrics, LustreMetricsArgs
from components.observability.prometheus import AtAws, ClusterMonitoring, MonitoringArgs, handle
from components.observability.prometheus_values import Console
from components.observability.reach import TeamReach, TeamReachArgs
from infra import naming
from infra.environment import Environment, dashboards, files
from infra.environment.monitoring import Monitoring
from infra.handles import ClusterHandle, Edge, Metrics, TeamSpace
from stacks import mesh, wiring


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What stands once an environment is watched."""

    metrics: Metrics | None = None
    """Where metrics are; None: there are none."""

    @property
    def ready(self) -> tuple[pulumi.Resource, ...]:
        """What makes objects of Prometheus' kinds comes after these, and goes before them."""
        return () if self.metrics is None else self.metrics.ready


def deploy(
    env: Environment,
    cluster: ClusterHandle | None,
    edge: Edge,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
    console: Console | None = None,
) -> Watched:
    """All that watches the environment.

    Args:
        env: The environment.
        cluster: The cluster at AWS; None: somebody else's.
        edge: Where secrets and passwords come from.
        after: What pods and their volumes need.
        opts: Options with the providers.
        console: How people get at Grafana from outside.

    Returns:
        Where metrics are. What has monitors of its own comes after `ready`.
    """
    _logs(env, cluster, after, opts)
    if env.monitoring is None:
        return Watched()
    args = _monitoring(env, env.monitoring, cluster, edge, console)
    metrics = ClusterMonitoring("monitoring", replace(args, after=after), opts).handle
    _lustre(env, cluster, metrics, opts)
    _costs(env, metrics, after, opts)
    return Watched(metrics=metrics)


def elsewhere(env: Environment) -> Metrics | None:
    """Where metrics are that another stack watches an environment by."""
    return None if env.monitoring is None else handle()


def reach(env: Environment, teams: Mapping[str, TeamSpace], opts: pulumi.ResourceOptions) -> None:
    """What lets Prometheus into the teams' namespaces, where there is one."""
    if env.monitoring is not None and teams:
        TeamReach("metrics", TeamReachArgs(scope=env.scope, teams=teams), opts)


def features(env: Environment) -> Features:
    """What there is to watch."""
    existing = () if env.cluster is None else env.cluster.nodes.values()
    return Features(
        gpus=any(pool.shape.gpu_name is not None for pool in env.pools.values())
        or any(nodes.gpus for nodes in existing),
        efa=any(pool.efa_interfaces for pool in env.pools.values()),
        lustre={
            naming.physical(env.name, "lustre", name, limit=255): one.capacity or 0
            for name, one in env.storage.lustre.items()
        },
        costs=env.costs is not None,
        archive=env.postgres is not None
        and env.postgres.managed is None
        and env.postgres.backups is not None,
    )


def _monitoring(
    env: Environment,
    monitoring: Monitoring,
    cluster: ClusterHandle | None,
    edge: Edge,
    console: Console | None,
) -> MonitoringArgs:
    nodes, gpus = _largest(env)
    return MonitoringArgs(
        scope=env.scope,
        monitoring=monitoring,
        aws=None if cluster is None else AtAws(place=wiring.place_of(env), cluster=cluster),
        features=features(env),
        nodes=nodes,
        gpus=gpus,
        replicas=wiring.replicas(env),
        own_dashboards=_own_dashboards(monitoring),
        edge=edge,
        refresh_s=3600 if env.secrets is None else env.secrets.refresh,
        console=console,
        member=mesh.watcher(env),
        site=wiring.charts_of(env),
    )


def _largest(env: Environment) -> tuple[int, int]:
    """Nodes and GPUs of the cluster when all pools are as large as they may be."""
    existing = () if env.cluster is None else tuple(env.cluster.nodes.values())
    nodes = sum(pool.max for pool in env.pools.values()) + sum(some.count for some in existing)
    gpus = sum(pool.gpus for pool in env.pools.values()) + sum(some.count * some.gpus for some in existing)
    return nodes, gpus


def _own_dashboards(monitoring: Monitoring) -> Mapping[str, str]:
    if monitoring.dashboards is None:
        return {}
    return dashboards.read(files.project_root() / monitoring.dashboards)


def _lustre(
    env: Environment, cluster: ClusterHandle | None, metrics: Metrics, opts: pulumi.ResourceOptions
) -> None:
    if not env.storage.lustre or cluster is None:
        return
    args = LustreMetricsArgs(
        scope=env.scope,
        place=wiring.place_of(env),
        cluster=cluster,
        site=wiring.charts_of(env),
        after=metrics.ready,
    )
    LustreMetrics("lustre-metrics", args, opts)


def _logs(
    env: Environment,
    cluster: ClusterHandle | None,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> None:
    if env.logs is None:
        return
    args = ClusterLogsArgs(
        scope=env.scope,
        logs=env.logs,
        aws=None if cluster is None else LogsAtAws(place=wiring.place_of(env), cluster=cluster),
        site=wiring.charts_of(env),
        after=after,
    )
    ClusterLogs("logs", args, opts)


def _costs(
    env: Environment, metrics: Metrics, after: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions
) -> None:
    if env.costs is None:
        return
    args = ClusterCostsArgs(
        scope=env.scope,
        costs=env.costs,
        metrics=metrics,
        price_list=_prices(env) if env.costs.prices != "aws" and env.platform == "aws" else None,
        site=wiring.charts_of(env),
        after=after,
    )
    ClusterCosts("costs", args, opts)


def _prices(env: Environment) -> str:
    """The prices of what the environment's nodes and volumes may be."""
    shapes = {shape.name: shape for pool in env.pools.values() for shape in pool.shapes}
    volumes = {name: block.type for name, block in env.storage.classes.items()}
    return price_list(str(env.region), shapes.values(), volumes)
