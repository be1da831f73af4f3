"""What pods mount: file systems and storage classes on AWS.

File systems are made beside the control plane, for they take as long; their volumes come when there are
nodes, drivers and teams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.storage.block import BlockClasses, BlockClassesArgs
from components.storage.lustre import LustreArgs, LustreFileSystem
from components.storage.lustre_volumes import LustreVolumes, LustreVolumesArgs
from components.storage.mounts import LakeMount, LakeMountArgs
from components.storage.scratch import LocalScratch, LocalScratchArgs
from components.storage.shared import SharedFileSystem, SharedFileSystemArgs
from components.storage.shared_volumes import SharedVolumes, SharedVolumesArgs
from infra.environment import Environment
from infra.handles import (
    ClusterHandle,
    EfsHandle,
    FileSystem,
    LustreHandle,
    NetworkHandle,
    ObjectStore,
    TeamSpace,
)
from stacks import wiring


@dataclass(frozen=True, kw_only=True)
class Systems:
    """File systems at AWS, by name."""

    lustre: Mapping[str, LustreHandle] = field(default_factory=dict)
    shared: Mapping[str, EfsHandle] = field(default_factory=dict)
    drivers: tuple[pulumi.Resource, ...] = ()
    """What mounts them; volumes come after it, and go before it."""


def systems(
    env: Environment,
    network: NetworkHandle,
    cluster: ClusterHandle,
    lake: ObjectStore | None,
    fabrics: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Systems:
    """The environment's file systems.

    Args:
        env: The environment.
        network: Where they are.
        cluster: Whose nodes they let in.
        lake: What Lustre's links lead to; None: there is none.
        fabrics: Security groups of the EFA interfaces of pools, by pool.
        opts: Options with the provider of AWS.
    """
    place = wiring.place_of(env)
    lustre = {
        name: LustreFileSystem(
            f"lustre-{name}",
            LustreArgs(
                scope=env.scope,
                place=place,
                name=name,
                lustre=one,
                zone=one.zone or env.zones[0],
                network=network,
                cluster=cluster,
                lake=lake,
                fabrics=_within(env, fabrics, one.zone or env.zones[0]),
            ),
            opts,
        ).handle
        for name, one in env.storage.lustre.items()
    }
    shared = {
        name: SharedFileSystem(
            f"shared-{name}",
            SharedFileSystemArgs(
                scope=env.scope, place=place, name=name, shared=one, network=network, cluster=cluster
            ),
            opts,
        ).handle
        for name, one in env.storage.shared.items()
    }
    return Systems(lustre=lustre, shared=shared)


def _within(
    env: Environment, fabrics: Mapping[str, pulumi.Input[str]], zone: str
) -> dict[str, pulumi.Input[str]]:
    """The fabrics of the pools in a zone: EFA does not leave it."""
    return {pool: group for pool, group in fabrics.items() if env.pools[pool].zone == zone}


def classes(env: Environment, after: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions) -> None:
    """Storage classes of the cluster's disks.

    Args:
        env: The environment.
        after: The drivers' add-ons, and the nodes that they run on.
        opts: Options with the provider of Kubernetes.
    """
    storage = env.storage
    BlockClasses("block", BlockClassesArgs(scope=env.scope, classes=storage.classes, after=after), opts)
    if storage.scratch:
        LocalScratch("scratch", LocalScratchArgs(scope=env.scope, after=after), opts)


def volumes(
    env: Environment,
    made: Systems,
    lake: ObjectStore | None,
    teams: Mapping[str, TeamSpace],
    opts: pulumi.ResourceOptions,
) -> dict[str, FileSystem]:
    """Volumes of the file systems for each team.

    Args:
        env: The environment.
        made: Its file systems.
        lake: What mounts are of; None: there is none.
        teams: Where the teams' pods are.
        opts: Options with the provider of Kubernetes.

    Returns:
        What can be mounted, by its name in the environment file.
    """
    return {
        **{
            name: LustreVolumes(
                f"lustre-{name}-volumes",
                LustreVolumesArgs(
                    scope=env.scope,
                    name=name,
                    system=system,
                    links=env.storage.lustre[name].link,
                    teams=teams,
                    after=made.drivers,
                    shared=env.teams_of is not None,
                ),
                opts,
            ).handle
            for name, system in made.lustre.items()
        },
        **{
            name: SharedVolumes(
                f"shared-{name}-volumes",
                SharedVolumesArgs(
                    scope=env.scope,
                    name=name,
                    system=system,
                    people=env.storage.shared[name].people,
                    teams=teams,
                    after=made.drivers,
                ),
                opts,
            ).handle
            for name, system in made.shared.items()
        },
        **_mounts(env, lake, teams, made.drivers, opts),
    }


def _mounts(
    env: Environment,
    lake: ObjectStore | None,
    teams: Mapping[str, TeamSpace],
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> dict[str, FileSystem]:
    if lake is None:
        return {}
    return {
        name: LakeMount(
            f"mount-{name}",
            LakeMountArgs(
                scope=env.scope,
                region=str(env.region),
                name=name,
                mount=mount,
                lake=lake,
                teams=teams,
                after=after,
            ),
            opts,
        ).handle
        for name, mount in env.storage.mounts.items()
    }
