"""The stack of a cluster and all that runs on it.

The longest way through an `up` is network, control plane, nodes, add-ons, teams; everything else hangs beside
it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.eks import EksCluster, EksClusterArgs
from components.cluster.identity_provider import IdentityProvider, IdentityProviderArgs
from components.network.door import ApiDoor, ApiDoorArgs
from components.network.existing import AnyVpc, ExistingVpc
from components.network.vpc import Vpc, VpcArgs
from components.nodes.karpenter_pool import KarpenterPool
from components.tenancy.priorities import Priorities, PrioritiesArgs
from infra.environment import Environment
from infra.environment.cluster import Cluster
from infra.environment.endpoints import endpoints
from infra.handles import ClusterHandle
from stacks import (
    data_plane,
    edge,
    files,
    gpu,
    mesh,
    nodes,
    observability,
    services,
    shard,
    storage,
    teams,
    wiring,
)
from stacks.ground import Ground


@dataclass(frozen=True, kw_only=True)
class _Cluster:
    """A cluster at AWS with its nodes, and the ways to it."""

    vpc: AnyVpc
    handle: ClusterHandle
    nodes: nodes.Nodes
    on_demand: tuple[KarpenterPool, ...]
    """Pools of Karpenter's."""
    cloud: pulumi.ResourceOptions
    """Options of what is only at AWS."""
    both: pulumi.ResourceOptions
    """Options of what is in the cluster, or in both."""

    @property
    def fabrics(self) -> dict[str, pulumi.Input[str]]:
        """Security groups of the EFA interfaces of pools, by pool."""
        theirs = {one.pool: one.fabric for one in self.on_demand if one.fabric is not None}
        return {**self.nodes.fabrics, **theirs}


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys an environment with a cluster.

    Returns:
        The stack's outputs: ``namespaces`` by team, and on platform `aws` also ``cluster``, ``endpoint``,
        ``kubeconfig`` (a secret) and ``vpc_id``; where there is data, those of a data stack (`lake.deploy`);
        and what stacks of teams have to know (`shard.outputs`).
    """
    return _on_aws(env) if env.platform == "aws" else _on_existing_cluster(env)


def _on_aws(env: Environment) -> dict[str, Any]:
    cloud = pulumi.ResourceOptions(providers=[wiring.aws_provider(wiring.place_of(env))])
    cluster = _cluster(env, cloud)
    kept = storage.data(env, cloud)
    storage.first_pulls(env, cluster.nodes.role.arn, cloud)
    ground = _ground(env, cluster, kept)
    offered = services.deploy(ground)
    addons = (cluster.nodes.addons,)
    made = files.systems(env, cluster.vpc.handle, cluster.handle, kept.lake, cluster.fabrics, cloud)
    systems = replace(made, drivers=addons)
    files.classes(env, addons, cluster.both)
    spaces = teams.deploy(ground, offered, systems)
    data_plane.deploy(env, data_plane.on_aws(kept.lake, addons), spaces, cluster.both, cluster.handle)
    wiring.watch_spending(env, cloud)
    return {
        "cluster": cluster.handle.id,
        "endpoint": cluster.handle.endpoint,
        "kubeconfig": cluster.handle.kubeconfig,
        "vpc_id": cluster.vpc.handle.vpc_id,
        "namespaces": teams.namespaces(spaces),
        **kept.outputs,
        **shard.outputs(ground, offered, systems),
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
    ground = Ground(
        env=env, lake=base.lake, edge=doors, web=web, metrics=watched.metrics, after=base.ready, opts=opts
    )
    offered, systems = services.deploy(ground), files.Systems()
    spaces = teams.deploy(ground, offered, systems)
    data_plane.deploy(env, base, spaces, opts)
    return {
        "namespaces": teams.namespaces(spaces),
        **base.outputs,
        **shard.outputs(ground, offered, systems),
    }


def _cluster(env: Environment, cloud: pulumi.ResourceOptions) -> _Cluster:
    """The network, the control plane and the nodes."""
    vpc = _network(env, cloud)
    control_plane = _control_plane(env, vpc, cloud)
    cluster = control_plane.handle
    door = _door(env, vpc, cluster, cloud)
    made = nodes.deploy(env, vpc, control_plane, cloud)
    reach = kubernetes.Provider(
        "kubernetes",
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.name,  # what changes in the kubeconfig does not make it another cluster
        opts=pulumi.ResourceOptions(depends_on=[*control_plane.access, *vpc.connections, *door]),
    )
    inside = pulumi.ResourceOptions(providers=[reach], transformations=wiring.redirecting(env))
    both = pulumi.ResourceOptions.merge(cloud, inside)
    nodes.autoscaler(env, control_plane, made, both)
    on_demand = nodes.karpenter(env, vpc, control_plane, made, both)
    return _Cluster(vpc=vpc, handle=cluster, nodes=made, on_demand=on_demand, cloud=cloud, both=both)


def _ground(env: Environment, cluster: _Cluster, kept: storage.Data) -> Ground:
    """The services of the cluster itself: names, secrets, the mesh, what watches, what devices need."""
    addons, both = (cluster.nodes.addons,), cluster.both
    Priorities("priorities", PrioritiesArgs(scope=env.scope), both)
    doors = edge.on_aws(env, cluster.vpc.handle, cluster.handle, after=addons, cloud=cluster.cloud, opts=both)
    web = mesh.deploy(env, doors, after=addons, opts=both)
    watched = observability.deploy(env, cluster.handle, doors, addons, both, mesh.grafana(env))
    mesh.consoles(env, web, watched.metrics, both)
    gpu.deploy(env, (*addons, *watched.ready), both, monitored=env.monitoring is not None)
    return Ground(
        env=env,
        cluster=cluster.handle,
        network=cluster.vpc.handle,
        lake=kept.lake,
        catalog=kept.catalog,
        edge=doors,
        web=web,
        metrics=watched.metrics,
        after=(*addons, *cluster.on_demand),
        cloud=cluster.cloud,
        opts=both,
    )


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
    return made


def _given(env: Environment) -> Cluster:
    if env.cluster is None:
        raise ValueError(f"{env.name} has neither a cluster nor a lake: it was never checked")
    return env.cluster
