"""The stack of a cluster and all that runs on it.

The longest way through an `up` is network, control plane, nodes, add-ons, teams; everything else hangs beside
it.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.addons import AFTER_NODES, BEFORE_NODES, ClusterAddons, ClusterAddonsArgs
from components.cluster.eks import EksCluster, EksClusterArgs, cluster_name
from components.network.vpc import Vpc, VpcArgs
from components.nodes.pool import NodePool, NodePoolArgs
from components.nodes.role import NodeRole, NodeRoleArgs
from components.tenancy.team import LakeAccess, Team, TeamArgs
from infra.environment import Environment
from infra.environment.storage import LAKE_ZONES
from infra.handles import ObjectStore
from stacks import wiring


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys an environment with a cluster.

    Returns:
        The stack's outputs: ``namespaces`` by team, and on platform `aws` also ``cluster``, ``endpoint``,
        ``kubeconfig`` (a secret), ``vpc_id`` and, where there is a lake, ``lake`` and ``lake_key``.
    """
    return _on_aws(env) if env.platform == "aws" else _on_existing_cluster(env)


def _on_aws(env: Environment) -> dict[str, Any]:
    place = wiring.place_of(env)
    cloud = pulumi.ResourceOptions(providers=[wiring.aws_provider(place)])
    vpc = _network(env, cloud)
    control_plane = _control_plane(env, vpc, cloud)
    cluster = control_plane.handle
    addons = _nodes_and_addons(env, vpc, control_plane, cloud)
    store = _lake(env, cloud)
    reach = kubernetes.Provider(
        "kubernetes",
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.name,  # what changes in the kubeconfig does not make it another cluster
        opts=pulumi.ResourceOptions(depends_on=list(control_plane.access)),
    )
    access = None if store is None else LakeAccess(place=place, cluster=cluster, lake=store)
    both = pulumi.ResourceOptions.merge(cloud, pulumi.ResourceOptions(providers=[reach]))
    namespaces = _teams(env, access, after=(addons,), opts=both)
    wiring.watch_spending(env, cloud)
    return {
        "cluster": cluster.id,
        "endpoint": cluster.endpoint,
        "kubeconfig": cluster.kubeconfig,
        "vpc_id": vpc.handle.vpc_id,
        "namespaces": namespaces,
        **({} if store is None else wiring.lake_outputs(store)),
    }


def _on_existing_cluster(env: Environment) -> dict[str, Any]:
    """Teams in a cluster that somebody else made; nothing at AWS."""
    context = None if env.cluster is None else env.cluster.context
    reach = kubernetes.Provider("kubernetes", context=context)
    opts = pulumi.ResourceOptions(providers=[reach])
    return {"namespaces": _teams(env, access=None, after=(), opts=opts)}


def _network(env: Environment, opts: pulumi.ResourceOptions) -> Vpc:
    if env.network is None:
        raise ValueError(f"{env.name} has a cluster but no network: it was never checked")
    args = VpcArgs(
        scope=env.scope,
        region=str(env.region),
        network=env.network,
        zones=env.zones,
        cluster_name=cluster_name(env.name),
    )
    return Vpc("network", args, opts)


def _control_plane(env: Environment, vpc: Vpc, opts: pulumi.ResourceOptions) -> EksCluster:
    if env.cluster is None:
        raise ValueError(f"{env.name} has neither a cluster nor a lake: it was never checked")
    place = wiring.place_of(env)
    args = EksClusterArgs(scope=env.scope, place=place, cluster=env.cluster, network=vpc.handle)
    return EksCluster("cluster", args, opts)


def _nodes_and_addons(
    env: Environment, vpc: Vpc, control_plane: EksCluster, opts: pulumi.ResourceOptions
) -> ClusterAddons:
    """Per-node add-ons, then nodes, then the add-ons that run on them; these are returned."""
    place, cluster = wiring.place_of(env), control_plane.handle
    role = NodeRole("nodes", NodeRoleArgs(scope=env.scope, place=place), opts)
    first = ClusterAddonsArgs(scope=env.scope, place=place, cluster=cluster, names=BEFORE_NODES)
    per_node = ClusterAddons("node-addons", first, opts)
    pools = {
        name: NodePool(
            name,
            NodePoolArgs(
                scope=env.scope,
                name=name,
                pool=pool,
                cluster=cluster,
                network=vpc.handle,
                role_arn=role.arn,
                after=(*vpc.outlets, role, per_node),
            ),
            opts,
        )
        for name, pool in env.pools.items()
    }
    open_to_all = tuple(
        pools[name] for name, pool in env.pools.items() if pool.min and not pool.effective_taints
    )
    then = ClusterAddonsArgs(
        scope=env.scope, place=place, cluster=cluster, names=AFTER_NODES, after=open_to_all
    )
    return ClusterAddons("system-addons", then, opts)


def _lake(env: Environment, opts: pulumi.ResourceOptions) -> ObjectStore | None:
    """The environment's own lake, or the one that another stack keeps for it, or none."""
    if env.storage.lake is not None:
        return wiring.lake_here(env, env.storage.lake, opts)
    if env.data is None:
        return None
    stack = pulumi.StackReference("data", f"{pulumi.get_organization()}/{pulumi.get_project()}/{env.data}")
    buckets = stack.require_output("lake")
    return ObjectStore(
        buckets={zone: buckets[zone] for zone in LAKE_ZONES}, key_arn=stack.require_output("lake_key")
    )


def _teams(
    env: Environment,
    access: LakeAccess | None,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> dict[str, list[str]]:
    """A place for each team; returns the namespaces of each."""
    teams = {
        name: Team(name, TeamArgs(scope=env.scope, name=name, team=team, lake=access, after=after), opts)
        for name, team in env.teams.items()
    }
    return {name: list(team.namespaces) for name, team in teams.items()}
