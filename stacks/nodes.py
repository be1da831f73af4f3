"""The nodes of a cluster, and the add-ons around them."""

from __future__ import annotations

import pulumi

from components.cluster.addons import AFTER_NODES, BEFORE_NODES, ClusterAddons, ClusterAddonsArgs
from components.cluster.eks import EksCluster
from components.network.vpc import Vpc
from components.nodes.pool import NodePool, NodePoolArgs
from components.nodes.role import NodeRole, NodeRoleArgs
from infra.environment import Environment
from stacks import wiring


def deploy(
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
