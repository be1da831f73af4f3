"""Karpenter's own kinds, made of the same description of a pool as a managed node group; plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.nodes import start_up, template
from infra.environment.pools import Pool
from infra.environment.pools.sharing import GPU
from infra.environment.pools.upkeep import Disruption, DisruptionBudget
from infra.labels import POOL_LABEL

NODEPOOL_LABEL: Final = "karpenter.sh/nodepool"
"""On every node that Karpenter makes: the name of its NodePool, which is the pool's."""
FOREGROUND: Final = {"pulumi.com/deletionPropagationPolicy": "foreground"}
"""A deleted NodePool stays until its nodes are gone, and Pulumi waits for that: they are its dependents."""

VERSIONS: Final = {
    "EC2NodeClass": "karpenter.k8s.aws/v1",
    "NodeOverlay": "karpenter.sh/v1alpha1",
    "NodePool": "karpenter.sh/v1",
}
"""The version of each kind."""

_REPLICAS: Final = 2
"""Controllers: one leads, the other waits for it to fail."""

_MARKETS: Final = {
    "on-demand": "on-demand",
    "spot": "spot",
    "reservation": "reserved",
    "block": "reserved",
}
"""What Karpenter calls our markets: https://karpenter.sh/v1.14/tasks/odcrs/"""

_CONSOLIDATION: Final = {"empty": "WhenEmpty", "underused": "WhenEmptyOrUnderutilized"}

_SYSTEM_GIB: Final = 4
"""Size of Bottlerocket's system volume, which a launch template leaves to the image, and Karpenter does not:
https://karpenter.sh/v1.14/concepts/nodeclasses/#bottlerocket-1"""

_MANY_CPUS: Final = 30
_PODS: Final = {False: 110, True: 250}
"""Pods of a node that gives them addresses in blocks, by whether it has that many vCPUs: what EKS sets for
managed nodes. https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What there is already where a pool's nodes start.

    Everything is named by its id or name, so that no tag decides where nodes start, and what they need
    outlives them.
    """

    profile: Any
    """Name of the instance profile."""
    subnets: Sequence[Any]
    """Ids of the subnets that nodes may start in."""
    groups: Sequence[Any]
    """Ids of the security groups of all their interfaces."""
    placement: Any = None
    """Name of the placement group; None: none."""
    blocks: bool = False
    """Whether pods get their addresses in blocks of 16."""


def node_class(pool: Pool, around: Surroundings, tags: Mapping[str, str]) -> dict[str, Any]:
    """The specification of an EC2NodeClass: what a node of the pool is made of.

    Args:
        pool: The pool.
        around: What there is where its nodes start.
        tags: Tags of all that comes with a node.
    """
    interfaces = _interfaces(pool)
    # Karpenter stripes local disks itself, and then counts on their space.
    user_data = start_up.plain(pool, with_disks=False)
    return {
        "instanceProfile": around.profile,
        "amiSelectorTerms": [{"alias": image_alias(pool)}],
        "subnetSelectorTerms": [{"id": one} for one in around.subnets],
        "securityGroupSelectorTerms": [{"id": one} for one in around.groups],
        "metadataOptions": _metadata(),
        "blockDeviceMappings": [_disk(one) for one in template.disks(pool)],
        "tags": dict(tags),
        **({"networkInterfaces": interfaces} if interfaces else {}),
        **({} if around.placement is None else {"placementGroupSelector": {"name": around.placement}}),
        **(
            {"capacityReservationSelectorTerms": [{"id": pool.reservation_id}]} if pool.reservation_id else {}
        ),
        **({"userData": user_data} if user_data else {}),
        **({"instanceStorePolicy": "RAID0"} if start_up.local_disks(pool) else {}),
        **({"kubelet": {"maxPods": _max_pods(pool)}} if around.blocks else {}),
    }


def node_pool(name: str, pool: Pool, zones: Sequence[str]) -> dict[str, Any]:
    """The specification of a NodePool: when there are nodes, which, and how many at most.

    Args:
        name: The pool's name in the environment file, and its EC2NodeClass's.
        pool: The pool.
        zones: Zones of the network.
    """
    requirements = {
        "node.kubernetes.io/instance-type": list(pool.instances),
        "kubernetes.io/arch": [pool.shape.arch],
        "kubernetes.io/os": ["linux"],
        "topology.kubernetes.io/zone": [pool.zone] if pool.zone else list(zones),
        "karpenter.sh/capacity-type": [_MARKETS[pool.market]],
    }
    return {
        "template": {
            "metadata": {"labels": node_labels(name, pool)},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
                "requirements": [
                    {"key": key, "operator": "In", "values": values} for key, values in requirements.items()
                ],
                "taints": _taints(pool),
                "expireAfter": _span(pool.expire_after) if pool.expire_after else "Never",
            },
        },
        "limits": _limits(pool),
        "disruption": _disruption(pool.disruption or Disruption()),
    }


def node_overlay(name: str, pool: Pool) -> dict[str, Any] | None:
    """The specification of a NodeOverlay: what Karpenter cannot know of nodes whose GPUs are shared.

    It counts whole GPUs, and would start a node for every share of one. An alpha feature:
    https://karpenter.sh/v1.14/concepts/nodeoverlays/
    """
    if pool.sharing is None:
        return None
    shares = {GPU: 0, **pool.sharing.devices(pool.shape)}
    return {
        "requirements": [{"key": NODEPOOL_LABEL, "operator": "In", "values": [name]}],
        "capacity": {resource: str(count) for resource, count in shares.items()},
    }


def node_labels(name: str, pool: Pool) -> dict[str, str]:
    """The labels of the pool's nodes, whoever makes them."""
    return {POOL_LABEL: name, **pool.effective_labels}


def image_alias(pool: Pool) -> str:
    """What Karpenter calls an image: ``al2023@v20260720``, ``bottlerocket@v1.44.0``.

    EKS' own names of releases (``1.35.2-20260720``, ``1.44.0-a1b2c3d4``) have the date after Kubernetes'
    version, and the version of Bottlerocket before a commit.
    https://karpenter.sh/v1.14/concepts/nodeclasses/#specamiselectorterms
    """
    image = pool.image
    if image.release is None:
        return f"{image.family}@latest"
    first, _, last = image.release.partition("-")
    return f"{image.family}@v{last if image.family == 'al2023' else first}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """What Karpenter must know of the cluster that it works for."""

    host_pools: Sequence[str]
    """Managed pools without taints, with nodes that are always there: Karpenter runs on them, for it must not
    run on nodes that it may take away."""
    hosts: int
    """Nodes that they have at least, together: a controller wants one of its own."""
    cut_off: bool = False
    """Whether only those services of AWS can be reached that have an endpoint in the network."""
    pods_apart: bool = False
    """Whether pods have subnets of their own, so that a node's first interface has none of them."""
    zonal_shift: bool = False
    """Whether shifts of EKS away from a zone are heeded."""
    overlays: bool = False
    """Whether there are NodeOverlays: pools of Karpenter that share GPUs."""


def controller_values(cluster: str, queue: Any, site: Site) -> dict[str, Any]:
    """The values of Karpenter's chart.

    Args:
        cluster: Name of the cluster.
        queue: Name of the queue of interruptions.
        site: The rest that it must know.
    """
    on_hosts = [
        {"key": NODEPOOL_LABEL, "operator": "DoesNotExist"},
        {"key": POOL_LABEL, "operator": "In", "values": list(site.host_pools)},
    ]
    terms = {"nodeSelectorTerms": [{"matchExpressions": on_hosts}]}
    return {
        "replicas": min(site.hosts, _REPLICAS),
        "serviceAccount": {"name": "karpenter"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        # Upstream's recommendation: https://karpenter.sh/v1.14/getting-started/getting-started-with-karpenter/
        "controller": {
            "resources": {
                "requests": {"cpu": "1", "memory": "1Gi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            }
        },
        "settings": {
            "clusterName": cluster,
            "interruptionQueue": queue,
            "isolatedVPC": site.cut_off,
            "reservedENIs": "1" if site.pods_apart else "0",
            "enableZonalShift": site.zonal_shift,
            "featureGates": {"nodeOverlay": site.overlays},
        },
    }


def _metadata() -> dict[str, Any]:
    """Instance metadata as in launch templates; Karpenter always switches tags in it off itself."""
    given = template.METADATA
    return {
        "httpEndpoint": given["http_endpoint"],
        "httpTokens": given["http_tokens"],
        "httpPutResponseHopLimit": given["http_put_response_hop_limit"],
        "httpProtocolIPv6": "disabled",
    }


def _disk(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A disk of a launch template as an EC2NodeClass writes it."""
    ebs = mapping["ebs"]
    return {
        "deviceName": mapping["device_name"],
        "ebs": {
            "volumeSize": f"{ebs.get('volume_size', _SYSTEM_GIB)}Gi",
            "volumeType": ebs["volume_type"],
            "encrypted": ebs["encrypted"] == "true",
            "deleteOnTermination": ebs["delete_on_termination"] == "true",
        },
    }


def _interfaces(pool: Pool) -> list[dict[str, Any]]:
    """The network interfaces of nodes with EFA, in the layout of launch templates."""
    if not pool.efa_interfaces:
        return []
    return [
        {"networkCardIndex": one.card, "deviceIndex": one.device, "interfaceType": one.kind}
        for one in template.interfaces(pool.shape, pool.efa_interfaces)
    ]


def _max_pods(pool: Pool) -> int:
    return _PODS[all(one.vcpu >= _MANY_CPUS for one in pool.shapes)]


def _taints(pool: Pool) -> list[dict[str, str]]:
    """Taints as Kubernetes writes them; a value that is empty may not be there."""
    return [
        {"key": one.key, **({"value": one.value} if one.value else {}), "effect": one.effect}
        for one in pool.effective_taints
    ]


def _limits(pool: Pool) -> dict[str, str]:
    """The pool's largest size. Nodes is what the file says; the others follow, and stop what slips through.

    Karpenter works in parallel, and looks at its limits now and then:
    https://karpenter.sh/v1.14/concepts/nodepools/#speclimits
    """
    memory = pool.max * max(one.memory_mib for one in pool.shapes)
    gpus = pool.max * pool.shared_gpus
    return {
        "nodes": str(pool.max),
        "cpu": str(pool.max * max(one.vcpu for one in pool.shapes)),
        "memory": f"{memory}Mi",
        **({GPU: str(gpus)} if gpus else {}),
    }


def _disruption(wanted: Disruption) -> dict[str, Any]:
    return {
        "consolidationPolicy": _CONSOLIDATION[wanted.consolidate],
        "consolidateAfter": _span(wanted.after),
        "budgets": [_budget(one) for one in wanted.budgets],
    }


def _budget(budget: DisruptionBudget) -> dict[str, str]:
    when = {"schedule": budget.schedule, "duration": budget.lasts and _span(budget.lasts)}
    return {"nodes": str(budget.nodes), **{key: value for key, value in when.items() if value}}


def _span(seconds: int) -> str:
    """A time as Go writes it, in the largest unit that it is whole in: ``5m``, ``720h``."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{int(seconds)}s"
