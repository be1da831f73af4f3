"""The nodes of a cluster, the add-ons around them, and who makes more of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.cluster.addon_choice import on_every_node, on_some_node
from components.cluster.addons import ClusterAddons, ClusterAddonsArgs
from components.cluster.eks import EksCluster
from components.network.existing import AnyVpc
from components.nodes.autoscaler import Autoscaler, AutoscalerArgs
from components.nodes.karpenter import Karpenter, KarpenterArgs
from components.nodes.karpenter_manifests import Site
from components.nodes.karpenter_pool import KarpenterPool, KarpenterPoolArgs
from components.nodes.pool import NodePool, NodePoolArgs
from components.nodes.role import NodeRole, NodeRoleArgs
from infra.environment import Environment
from infra.environment.pools import Pool
from stacks import wiring


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """What stands once a cluster has nodes."""

    role: NodeRole
    addons: ClusterAddons
    """The add-ons that run on nodes: what needs a working cluster comes after them."""
    fabrics: Mapping[str, pulumi.Input[str]]
    """Security groups of the EFA interfaces of managed pools that have any, by pool."""


def deploy(env: Environment, vpc: AnyVpc, control_plane: EksCluster, opts: pulumi.ResourceOptions) -> Nodes:
    """Per-node add-ons, then the nodes of managed pools, then the add-ons that run on them."""
    place, cluster = wiring.place_of(env), control_plane.handle
    role = NodeRole("nodes", NodeRoleArgs(scope=env.scope, place=place), opts)
    per_node = ClusterAddons("node-addons", _addons(env, vpc, control_plane, on_every_node(env.pools)), opts)
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
        for name, pool in _managed(env).items()
    }
    open_to_all = tuple(
        pools[name] for name, pool in _managed(env).items() if pool.min and not pool.effective_taints
    )
    then = _addons(env, vpc, control_plane, on_some_node(env.storage), after=open_to_all)
    return Nodes(
        role=role,
        addons=ClusterAddons("system-addons", then, opts),
        fabrics={name: made.fabric for name, made in pools.items() if made.fabric is not None},
    )


def _addons(
    env: Environment,
    vpc: AnyVpc,
    control_plane: EksCluster,
    names: tuple[str, ...],
    after: tuple[pulumi.Resource, ...] = (),
) -> ClusterAddonsArgs:
    return ClusterAddonsArgs(
        scope=env.scope,
        place=wiring.place_of(env),
        cluster=control_plane.handle,
        network=vpc.handle,
        names=names,
        after=after,
    )


def autoscaler(
    env: Environment, control_plane: EksCluster, nodes: Nodes, opts: pulumi.ResourceOptions
) -> Autoscaler | None:
    """What sizes managed pools; None where every pool has the size that it has."""
    if all(pool.min == pool.max for pool in _managed(env).values()):
        return None
    args = AutoscalerArgs(
        scope=env.scope,
        place=wiring.place_of(env),
        cluster=control_plane.handle,
        replicas=wiring.replicas(env),
        after=(nodes.addons,),
        charts=wiring.charts_of(env),
    )
    return Autoscaler("autoscaler", args, opts)


def karpenter(
    env: Environment, vpc: AnyVpc, control_plane: EksCluster, nodes: Nodes, opts: pulumi.ResourceOptions
) -> tuple[KarpenterPool, ...]:
    """Karpenter and its pools, where there are any; returns these.

    What has pods of people in it comes after them: so it is deleted before, and nothing is left on the nodes
    that could not be drained.
    """
    pools = {name: pool for name, pool in env.pools.items() if pool.scaling == "karpenter"}
    if not pools or env.network is None or env.cluster is None:
        return ()
    hosts = {name: pool for name, pool in _managed(env).items() if pool.min and not pool.effective_taints}
    common: dict[str, Any] = {"scope": env.scope, "cluster": control_plane.handle}
    controller = Karpenter(
        "karpenter",
        KarpenterArgs(
            **common,
            place=wiring.place_of(env),
            node_role_arn=nodes.role.arn,
            site=Site(
                host_pools=list(hosts),
                hosts=sum(pool.min for pool in hosts.values()),
                cut_off=env.network.is_cut_off,
                pods_apart=env.network.pod_addresses.apart,
                zonal_shift=env.cluster.zonal_shift,
                overlays=any(pool.sharing for pool in pools.values()),
            ),
            after=(nodes.addons,),
            charts=wiring.charts_of(env),
        ),
        opts,
    )
    shared: dict[str, Any] = {**common, "network": vpc.handle, "profile": controller.profile}
    return tuple(
        KarpenterPool(
            name,
            KarpenterPoolArgs(**shared, name=name, pool=pool, after=(nodes.addons, *controller.ready)),
            opts,
        )
        for name, pool in pools.items()
    )


def _managed(env: Environment) -> Mapping[str, Pool]:
    return {name: pool for name, pool in env.pools.items() if pool.scaling == "managed"}
