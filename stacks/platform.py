"""The stack of a cluster and all that runs on it.

The longest way through an `up` is network, control plane, nodes, add-ons, teams; everything else hangs beside
it.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.eks import EksCluster, EksClusterArgs, cluster_name
from components.network.vpc import Vpc, VpcArgs
from components.tenancy.team import LakeAccess, Team, TeamArgs
from infra.environment import Environment
from stacks import nodes, storage, wiring


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
    addons = nodes.deploy(env, vpc, control_plane, cloud)
    store = storage.lake(env, cloud)
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
