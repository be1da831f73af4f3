"""A stack of teams: what the platform's stack tells it, and what it makes of that.

What an environment's file says of the platform is read from that file; what exists only once the platform is
up comes by a reference to its stack. Both halves of that conversation are here.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.eks import cluster_name
from components.storage.lustre_settings import shown_capacity
from infra.environment import Environment
from infra.environment.storage.lake import LAKE_ZONES
from infra.handles import ClusterHandle, EfsHandle, LustreHandle, ObjectStore, TableCatalog
from stacks import data_plane, edge, files, mesh, observability, services, teams, wiring
from stacks.ground import Ground, Services

Told = pulumi.Output[Any]


def outputs(ground: Ground, offered: Services, systems: files.Systems) -> dict[str, Any]:
    """What a platform's stack tells stacks of teams, beside what it tells everybody."""
    lustre = {
        name: {"id": one.id, "dns_name": one.dns_name, "mount_name": one.mount_name}
        for name, one in systems.lustre.items()
    }
    shared = {name: {"id": one.id, "homes": dict(one.homes)} for name, one in systems.shared.items()}
    return {
        **({} if ground.cluster is None else {"security_group": ground.cluster.security_group_id}),
        **({"lustre": lustre} if lustre else {}),
        **({"shared": shared} if shared else {}),
        **services.outputs(offered),
    }


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys the teams of a file of their own.

    Returns:
        The stack's outputs: ``teams_of``, whose teams they are, and ``namespaces`` by team.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{env.home}"
    platform = pulumi.StackReference("platform", name)
    ground = _on_aws(env, platform) if env.platform == "aws" else _on_existing_cluster(env, platform)
    offered = services.elsewhere(env, platform.require_output)
    spaces = teams.deploy(ground, offered, _systems(env, platform))
    data_plane.backups_of_teams(env, spaces, (), ground.opts)
    return {"teams_of": env.home, "namespaces": teams.namespaces(spaces)}


def _on_aws(env: Environment, platform: pulumi.StackReference) -> Ground:
    cloud = pulumi.ResourceOptions(providers=[wiring.aws_provider(wiring.place_of(env))])
    cluster = _cluster(env, platform)
    reach = kubernetes.Provider("kubernetes", kubeconfig=cluster.kubeconfig, cluster_identifier=cluster.name)
    inside = pulumi.ResourceOptions(providers=[reach], transformations=wiring.redirecting(env))
    return Ground(
        env=env,
        cluster=cluster,
        lake=_lake(env, platform),
        catalog=TableCatalog(database=platform.get_output("catalog").apply(lambda found: found or "")),
        edge=edge.elsewhere(env),
        web=mesh.elsewhere(env),
        metrics=observability.elsewhere(env),
        cloud=cloud,
        opts=pulumi.ResourceOptions.merge(cloud, inside),
    )


def _on_existing_cluster(env: Environment, platform: pulumi.StackReference) -> Ground:
    reach = kubernetes.Provider("kubernetes", context=None if env.cluster is None else env.cluster.context)
    return Ground(
        env=env,
        lake=data_plane.elsewhere(env, platform.require_output),
        edge=edge.elsewhere(env),
        web=mesh.elsewhere(env),
        metrics=observability.elsewhere(env),
        opts=pulumi.ResourceOptions(providers=[reach], transformations=wiring.redirecting(env)),
    )


def _cluster(env: Environment, platform: pulumi.StackReference) -> ClusterHandle:
    return ClusterHandle(
        name=cluster_name(env.home),
        id=platform.require_output("cluster"),
        version="" if env.cluster is None else str(env.cluster.version),
        endpoint=platform.require_output("endpoint"),
        security_group_id=platform.require_output("security_group"),
        kubeconfig=platform.require_output("kubeconfig"),
    )


def _lake(env: Environment, platform: pulumi.StackReference) -> ObjectStore | None:
    """The platform's lake, whichever stack keeps it."""
    if env.data is None and env.storage.lake is None:
        return None
    buckets = platform.require_output("lake")
    return ObjectStore(
        buckets={zone: buckets[zone] for zone in LAKE_ZONES}, key_arn=platform.require_output("lake_key")
    )


def _systems(env: Environment, platform: pulumi.StackReference) -> files.Systems:
    """The platform's file systems."""
    lustre: Told | None = platform.require_output("lustre") if env.storage.lustre else None
    shared: Told | None = platform.require_output("shared") if env.storage.shared else None
    return files.Systems(
        lustre={}
        if lustre is None
        else {
            name: LustreHandle(
                id=lustre[name]["id"],
                dns_name=lustre[name]["dns_name"],
                mount_name=lustre[name]["mount_name"],
                capacity=shown_capacity(one),
                ready=(),
            )
            for name, one in env.storage.lustre.items()
        },
        shared={}
        if shared is None
        else {
            name: EfsHandle(
                id=shared[name]["id"],
                homes={person: shared[name]["homes"][person] for person in one.people},
                ready=(),
            )
            for name, one in env.storage.shared.items()
        },
    )
