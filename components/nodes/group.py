"""The settings of a managed node group, as plain data."""

from __future__ import annotations

from typing import Any, Final

from components.nodes import template
from infra.environment.pools import Pool
from infra.environment.pools.groups import Group, share
from infra.environment.pools.image import ami_type
from infra.environment.pools.portion import Portion

_CAPACITY: Final = {
    "on-demand": "ON_DEMAND",
    "spot": "SPOT",
    "reservation": "ON_DEMAND",
    "block": "CAPACITY_BLOCK",
}
"""How EKS spells ways of buying. Of spot capacity EKS takes what is least likely to be taken away, at a low
price (`price-capacity-optimized`, since Kubernetes 1.28), so there is nothing to choose:
https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html#managed-node-group-capacity-types

A reservation is on-demand capacity that the launch template aims at. Nodes from a capacity block EKS drains
by itself, forty minutes before the block ends:
https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"""


def settings(pool: Pool, part: Group) -> dict[str, Any]:
    """What a pool's description says of one of its groups, as arguments of `aws.eks.NodeGroup`."""
    return {
        "ami_type": ami_type(pool.image.family, pool.shape),
        "release_version": pool.image.release,
        "capacity_type": _CAPACITY[pool.market],
        # EKS takes the type from the template or from the group, and of a block only from the template.
        "instance_types": None if pool.market == "block" else list(pool.instances),
        "scaling_config": {"min_size": part.min, "max_size": part.max, "desired_size": part.min},
        "update_config": _update(pool),
        "node_repair_config": _repair(pool),
        "warm_pool_config": _warm(pool, part),
        "taints": template.node_taints(pool),
    }


def _update(pool: Pool) -> dict[str, Any]:
    away = pool.update.unavailable
    minimal = {"update_strategy": "MINIMAL"} if pool.update_strategy == "minimal" else {}
    return {"max_unavailable_percentage" if away.percent else "max_unavailable": away.amount, **minimal}


def _repair(pool: Pool) -> dict[str, Any] | None:
    if pool.repair is None:
        return None
    return {
        "enabled": True,
        **_counted("max_parallel_nodes_repaired", pool.repair.at_once),
        **_counted("max_unhealthy_node_threshold", pool.repair.stop_above),
    }


def _counted(name: str, portion: Portion | None) -> dict[str, int]:
    if portion is None:
        return {}
    return {f"{name}_percentage" if portion.percent else f"{name}_count": portion.amount}


def _warm(pool: Pool, part: Group) -> dict[str, Any] | None:
    """The warm pool of a group, which has its share of the pool's."""
    if pool.warm is None:
        return None
    parts, index = part.of, part.number - 1
    return {
        "min_size": share(pool.warm.min, parts, index),
        "max_group_prepared_capacity": share(pool.warm.prepared or pool.max, parts, index),
        "pool_state": pool.warm.state.upper(),
        "reuse_on_scale_in": pool.warm.reuse,
    }
