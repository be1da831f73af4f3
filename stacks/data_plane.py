"""Data in a cluster: Ceph where it has disks of its own, snapshots, backups, caches.

Two steps, with the teams in between: what teams' volumes are on must be there before their namespaces and
outlive them; what looks after teams' data comes after them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.storage import backup_manifests, cache_manifests
from components.storage.backup import AtAws, Backups, BackupsArgs
from components.storage.backup_teams import TeamBackups, TeamBackupsArgs
from components.storage.cache import DatasetCache, DatasetCacheArgs
from components.storage.ceph import CephCluster, CephClusterArgs
from components.storage.ceph_lake import CephLake, CephLakeAccess, CephLakeAccessArgs, CephLakeArgs
from components.storage.ceph_policies import Grant
from components.storage.snapshots import (
    EBS_DRIVER,
    SnapshotClasses,
    SnapshotClassesArgs,
    SnapshotController,
    SnapshotControllerArgs,
)
from components.tenancy import access, manifests
from infra import ceph as names
from infra.environment import Environment
from infra.environment.storage.lake import LAKE_ZONES
from infra.environment.teams import PHASES
from infra.handles import ClusterHandle, ObjectStore, TeamSpace
from stacks import wiring

_EBS_CLASS: Final = "ebs"


@dataclass(frozen=True, kw_only=True)
class Base:
    """What teams' data is on."""

    drivers: Mapping[str, str]
    """CSI drivers that can take snapshots, by what their class is called."""
    lake: ObjectStore | None
    ready: tuple[pulumi.Resource, ...]
    """All of it: teams come after, and go before."""

    @property
    def outputs(self) -> dict[str, Any]:
        """How a stack tells of a lake on Ceph; one on S3 is told of by who keeps it."""
        if self.lake is None or self.lake.endpoint is None:
            return {}
        return {"lake": dict(self.lake.buckets), "lake_endpoint": self.lake.endpoint}


def on_aws(lake: ObjectStore | None, after: tuple[pulumi.Resource, ...]) -> Base:
    """The base at AWS: EBS, whose driver and snapshot controller are among the cluster's add-ons, `after`."""
    return Base(drivers={_EBS_CLASS: EBS_DRIVER}, lake=lake, ready=after)


def on_existing_cluster(env: Environment, opts: pulumi.ResourceOptions) -> Base:
    """The base in a cluster that somebody else made: Ceph where it has disks of its own."""
    ready = _snapshot_controller(env, opts)
    own = {} if env.storage.snapshots is None else {name: name for name in env.storage.snapshots.drivers}
    if env.storage.ceph is None:
        return Base(drivers=own, lake=None, ready=ready)
    args = CephClusterArgs(
        scope=env.scope,
        ceph=env.storage.ceph,
        snapshots=env.storage.snapshots is not None,
        users=_homes_of_users(env),
        after=ready,
        charts=wiring.charts_of(env),
    )
    ceph = CephCluster("ceph", args, opts).handle
    drivers = {**ceph.drivers, **own}
    if ceph.endpoint is None:
        return Base(drivers=drivers, lake=None, ready=(*ready, *ceph.ready))
    lake = CephLake("lake", CephLakeArgs(scope=env.scope, ceph=ceph, grants=tuple(_grants(env))), opts)
    return Base(drivers=drivers, lake=lake.handle, ready=(*ready, *ceph.ready, *lake.ready))


def elsewhere(env: Environment, told: Callable[[str], pulumi.Output[Any]]) -> ObjectStore | None:
    """The lake on Ceph that another stack has made for an environment.

    Args:
        env: The environment.
        told: What that stack tells by a name.
    """
    ceph = env.storage.ceph
    if ceph is None or "objects" not in ceph.offers:
        return None
    return ObjectStore(
        buckets={zone: told("lake")[zone] for zone in LAKE_ZONES},
        key_arn=pulumi.Output.from_input(""),
        endpoint=names.endpoint(tls=ceph.certificate is not None),
    )


def deploy(
    env: Environment,
    base: Base,
    teams: Mapping[str, TeamSpace],
    opts: pulumi.ResourceOptions,
    cluster: ClusterHandle | None = None,
) -> None:
    """What looks after teams' data, but for teams' own parts.

    Args:
        env: The environment.
        base: What it is on.
        teams: Where teams are.
        opts: Options of the components.
        cluster: The cluster, on platform `aws`.
    """
    classes = _snapshot_classes(env, base, opts)
    _backups(env, base, teams, (*base.ready, *classes), opts, cluster)
    _cache(env, base, teams, opts)


def _snapshot_controller(env: Environment, opts: pulumi.ResourceOptions) -> tuple[pulumi.Resource, ...]:
    snapshots = env.storage.snapshots
    if snapshots is None or not snapshots.controller:
        return ()
    return SnapshotController(
        "snapshot-controller", SnapshotControllerArgs(charts=wiring.charts_of(env)), opts
    ).ready


def _snapshot_classes(
    env: Environment, base: Base, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    if env.storage.snapshots is None:
        return ()
    args = SnapshotClassesArgs(
        scope=env.scope, snapshots=env.storage.snapshots, drivers=base.drivers, after=base.ready
    )
    return SnapshotClasses("snapshots", args, opts).ready


def ways_into_the_lake(
    env: Environment,
    lake: ObjectStore | None,
    teams: Mapping[str, TeamSpace],
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> None:
    """Teams' ways into a lake on Ceph; into one on S3 their own component lets them."""
    if lake is None or lake.endpoint is None:
        return
    for team, space in teams.items():
        args = CephLakeAccessArgs(
            scope=env.scope,
            team=team,
            space=space,
            lake=lake,
            prefix=access.prefix(team),
            after=after,
        )
        CephLakeAccess(f"lake-{team}", args, opts)


def _backups(
    env: Environment,
    base: Base,
    teams: Mapping[str, TeamSpace],
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
    cluster: ClusterHandle | None,
) -> None:
    if env.storage.backup is None or base.lake is None:
        return
    aws = None if cluster is None else AtAws(place=wiring.place_of(env), cluster=cluster)
    args = BackupsArgs(
        scope=env.scope,
        backup=env.storage.backup,
        lake=base.lake,
        aws=aws,
        teams={name: space for name, space in teams.items() if not env.teams[name].offboard},
        after=after,
        charts=wiring.charts_of(env),
    )
    made = Backups("backup", args, opts)
    leaving = {name: space for name, space in teams.items() if env.teams[name].offboard}
    if leaving:
        backups_of_teams(env, leaving, (made,), opts)


def backups_of_teams(
    env: Environment,
    teams: Mapping[str, TeamSpace],
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> None:
    """Backups of teams that are not among Velero's own: those of another stack, and of who leaves."""
    if env.storage.backup is None:
        return
    args = TeamBackupsArgs(
        scope=env.scope,
        backup=env.storage.backup,
        teams=teams,
        leaving=[name for name in teams if env.teams[name].offboard],
        after=after,
    )
    TeamBackups("backups-of-teams", args, opts)


def _cache(
    env: Environment, base: Base, teams: Mapping[str, TeamSpace], opts: pulumi.ResourceOptions
) -> None:
    if env.storage.cache is None or base.lake is None:
        return
    args = DatasetCacheArgs(
        scope=env.scope,
        cache=env.storage.cache,
        lake=base.lake,
        prefixes=_cached(env),
        teams=teams,
        after=base.ready,
        charts=wiring.charts_of(env),
    )
    DatasetCache("cache", args, opts)


def _cached(env: Environment) -> dict[str, str]:
    """By dataset, what is cached of its zone."""
    given = {} if env.storage.cache is None else env.storage.cache.datasets
    return {name: f"{access.prefix(one.team)}{one.prefix}" for name, one in given.items()}


def _homes(team: str) -> list[str]:
    """A team's namespaces, each with a user of its name."""
    return [manifests.namespace(team, phase) for phase in PHASES]


def _homes_of_users(env: Environment) -> tuple[str, ...]:
    """Namespaces with users of an object store on Ceph."""
    teams = [home for team in env.all_teams for home in _homes(team)]
    backup = [] if env.storage.backup is None else [backup_manifests.NAMESPACE]
    cache = [] if env.storage.cache is None else [cache_manifests.NAMESPACE]
    return (*teams, *backup, *cache)


def _grants(env: Environment) -> list[Grant]:
    """Who gets at which part of a lake on Ceph: teams at theirs, backups at their own, caches at theirs."""
    teams = [
        Grant(users=tuple(_homes(team)), prefix=access.prefix(team), zones=LAKE_ZONES)
        for team, one in env.all_teams.items()
        if not one.offboard
    ]
    prefix = backup_manifests.prefix(env.name)
    backup = Grant(users=(backup_manifests.USER,), prefix=prefix, zones=(backup_manifests.ZONE,))
    datasets = {} if env.storage.cache is None else env.storage.cache.datasets
    caches = [
        Grant(users=(cache_manifests.user(name),), prefix=prefix, zones=(datasets[name].zone,), write=False)
        for name, prefix in _cached(env).items()
    ]
    return [*teams, *([] if env.storage.backup is None else [backup]), *caches]
