"""The stack of a cluster and all that runs on it.

The longest way through an `up` is network, control plane, nodes, add-ons, teams; everything else hangs beside
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.eks import EksCluster, EksClusterArgs
from components.cluster.identity_provider import IdentityProvider, IdentityProviderArgs
from components.network.door import ApiDoor, ApiDoorArgs
from components.network.existing import AnyVpc, ExistingVpc
from components.network.vpc import Vpc, VpcArgs
from components.tenancy.members import Members, MembersArgs
from components.tenancy.priorities import Priorities, PrioritiesArgs
from components.tenancy.team import LakeAccess, Team, TeamArgs
from infra.environment import Environment
from infra.environment.cluster import Cluster
from infra.environment.endpoints import endpoints
from infra.environment.pools.sharing import profiles
from infra.handles import ClusterHandle, TeamSpace
from stacks import data_plane, edge, files, gpu, mesh, nodes, observability, storage, wiring


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys an environment with a cluster.

    Returns:
        The stack's outputs: ``namespaces`` by team, and on platform `aws` also ``cluster``, ``endpoint``,
        ``kubeconfig`` (a secret), ``vpc_id`` and, where there is data, those of a data stack (`lake.deploy`).
    """
    return _on_aws(env) if env.platform == "aws" else _on_existing_cluster(env)


def _on_aws(env: Environment) -> dict[str, Any]:
    place = wiring.place_of(env)
    cloud = pulumi.ResourceOptions(providers=[wiring.aws_provider(place)])
    vpc = _network(env, cloud)
    control_plane = _control_plane(env, vpc, cloud)
    cluster = control_plane.handle
    door = _door(env, vpc, cluster, cloud)
    made = nodes.deploy(env, vpc, control_plane, cloud)
    kept = storage.data(env, cloud)
    storage.first_pulls(env, made.role.arn, cloud)
    reach = kubernetes.Provider(
        "kubernetes",
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.name,  # what changes in the kubeconfig does not make it another cluster
        opts=pulumi.ResourceOptions(depends_on=[*control_plane.access, *vpc.connections, *door]),
    )
    mounts = tuple(env.storage.mounts.values())
    access = (
        None if kept.lake is None else LakeAccess(place=place, cluster=cluster, lake=kept.lake, mounts=mounts)
    )
    inside = pulumi.ResourceOptions(providers=[reach], transformations=wiring.redirecting(env))
    both = pulumi.ResourceOptions.merge(cloud, inside)
    nodes.autoscaler(env, control_plane, made, both)
    on_demand = nodes.karpenter(env, vpc, control_plane, made, both)
    Priorities("priorities", PrioritiesArgs(scope=env.scope), both)
    doors = edge.on_aws(env, vpc.handle, cluster, after=(made.addons,), cloud=cloud, opts=both)
    web = mesh.deploy(env, doors, after=(made.addons,), opts=both)
    watched = observability.deploy(env, cluster, doors, (made.addons,), both, mesh.grafana(env))
    mesh.consoles(env, web, watched.metrics, both)
    gpu.deploy(env, (made.addons, *watched.ready), both, monitored=env.monitoring is not None)
    teams = _teams(env, access, after=(made.addons, *on_demand, *doors.ready, *web.ready), opts=both)
    edge.team_secrets(env, doors, teams, both)
    mesh.policies(env, web, teams, both)
    fabrics = {**made.fabrics, **{one.pool: one.fabric for one in on_demand if one.fabric is not None}}
    systems = files.systems(env, vpc.handle, cluster, kept.lake, fabrics, cloud)
    files.volumes(env, systems, kept.lake, teams, after=(made.addons,), opts=both)
    data_plane.deploy(env, data_plane.on_aws(kept.lake, after=(made.addons,)), teams, both, cluster)
    wiring.watch_spending(env, cloud)
    return {
        "cluster": cluster.id,
        "endpoint": cluster.endpoint,
        "kubeconfig": cluster.kubeconfig,
        "vpc_id": vpc.handle.vpc_id,
        "namespaces": _namespaces(teams),
        **kept.outputs,
    }


def _on_existing_cluster(env: Environment) -> dict[str, Any]:
    """Teams in a cluster that somebody else made; nothing at AWS."""
    reach = kubernetes.Provider("kubernetes", context=_given(env).context)
    opts = pulumi.ResourceOptions(providers=[reach], transformations=wiring.redirecting(env))
    base = data_plane.on_existing_cluster(env, opts)
    Priorities("priorities", PrioritiesArgs(scope=env.scope), opts)
    doors = edge.on_existing_cluster(env, opts)
    web = mesh.deploy(env, doors, after=base.ready, opts=opts)
    watched = observability.deploy(env, None, doors, base.ready, opts, mesh.grafana(env))
    mesh.consoles(env, web, watched.metrics, opts)
    teams = _teams(env, access=None, after=(*base.ready, *doors.ready, *web.ready), opts=opts)
    edge.team_secrets(env, doors, teams, opts)
    mesh.policies(env, web, teams, opts)
    data_plane.deploy(env, base, teams, opts)
    return {"namespaces": _namespaces(teams), **base.outputs}


def _network(env: Environment, opts: pulumi.ResourceOptions) -> AnyVpc:
    if env.network is None:
        raise ValueError(f"{env.name} has a cluster but no network: it was never checked")
    if env.network.existing is not None:
        return ExistingVpc(env.network)
    args = VpcArgs(
        scope=env.scope,
        place=wiring.place_of(env),
        network=env.network,
        zones=env.zones,
        endpoints=endpoints(env),
    )
    return Vpc("network", args, opts)


def _door(
    env: Environment, vpc: AnyVpc, cluster: ClusterHandle, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """What lets connected networks speak to the API."""
    if not vpc.handle.connected:
        return ()
    return ApiDoor("api", ApiDoorArgs(scope=env.scope, network=vpc.handle, cluster=cluster), opts).rules


def _control_plane(env: Environment, vpc: AnyVpc, opts: pulumi.ResourceOptions) -> EksCluster:
    """The control plane, and who enters it."""
    cluster, place, scope = _given(env), wiring.place_of(env), env.scope
    args = EksClusterArgs(
        scope=scope, place=place, cluster=cluster, network=vpc.handle, protect=env.lifetime.protect
    )
    made = EksCluster("cluster", args, opts)
    if cluster.oidc is not None:
        provider = IdentityProviderArgs(scope=scope, cluster=made.handle, oidc=cluster.oidc)
        IdentityProvider("people", provider, opts)
    if any(team.principals for team in env.teams.values()):
        Members("members", MembersArgs(scope=scope, cluster=made.handle, teams=env.teams), opts)
    return made


def _given(env: Environment) -> Cluster:
    if env.cluster is None:
        raise ValueError(f"{env.name} has neither a cluster nor a lake: it was never checked")
    return env.cluster


def _teams(
    env: Environment,
    access: LakeAccess | None,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> dict[str, TeamSpace]:
    """A place for each team."""
    cut = profiles(pool.sharing for pool in env.pools.values())
    teams = {
        name: Team(
            name,
            TeamArgs(
                scope=env.scope,
                name=name,
                team=team,
                profiles=cut,
                mesh=mesh.membership(env),
                lake=access,
                after=after,
            ),
            opts,
        )
        for name, team in env.teams.items()
    }
    spaces = {name: TeamSpace(namespaces=team.namespaces, ready=(team,)) for name, team in teams.items()}
    observability.reach(env, spaces, opts)
    return spaces


def _namespaces(teams: Mapping[str, TeamSpace]) -> dict[str, list[str]]:
    """The namespaces of each team, for the stack's outputs."""
    return {name: list(space.namespaces) for name, space in teams.items()}
