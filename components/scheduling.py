"""How what we install is placed and sized, whichever chart it comes from: plain data in Kubernetes' terms.

System services are on the nodes that are open to all: they tolerate no taint of a pool with accelerators, but
for the daemons that such nodes cannot do without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.environment.pools import Pool, Taint
from infra.labels import POOL_LABEL

CRITICAL: Final = "system-cluster-critical"
"""The priority of what the cluster does not work without; Kubernetes brings it."""
NODE_CRITICAL: Final = "system-node-critical"
"""The priority of what a node does not work without; Kubernetes brings it."""

_SPREAD: Final = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Constraints that put the replicas with some labels into different zones and on different nodes.

    Rather so than strictly: where there is one node only, both replicas are on it, and not one of them waits.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
        for key in _SPREAD
    ]


def resources(cpu: str, memory: str, *, most: str | None = None) -> dict[str, dict[str, str]]:
    """Requests and limits of a container.

    There is no limit of CPU: it would throttle a container while its node idles.

    Args:
        cpu: What it is sure of, such as ``100m``.
        memory: What it is sure of, such as ``128Mi``.
        most: Memory at which it is stopped; None: what it is sure of.
    """
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most or memory}}


def tolerations(pools: Iterable[Pool]) -> list[dict[str, str]]:
    """What the daemons of some pools' nodes have to tolerate: these pools' taints, and no others."""
    taints = sorted({(one.key, one.effect) for pool in pools for one in pool.effective_taints})
    return [{"key": key, "operator": "Exists", "effect": effect} for key, effect in taints]


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """Whether a toleration lets a pod onto nodes with a taint.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    if toleration.get("effect", taint.effect) != taint.effect:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return bool(toleration.get("key", taint.key) == taint.key)
    return (toleration.get("key"), toleration.get("value", "")) == (taint.key, taint.value)


def only_on(pools: Iterable[str]) -> dict[str, Any]:
    """An affinity to the nodes of some pools, by their names, and to no others."""
    term = {"matchExpressions": [{"key": POOL_LABEL, "operator": "In", "values": sorted(pools)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
