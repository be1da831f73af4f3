"""What Karpenter would decide, by pure functions: which machines to launch for pods that found no node.

As Karpenter does, a new machine begins as all those that its NodePool allows; each pod put on it narrows
them down, and of those left the cheapest is launched: https://karpenter.sh/docs/concepts/scheduling/
Not decided here: replacing machines that are underused or expired, spread and affinity among pods, windows of
disruption budgets, static capacity (`replicas`), what an EC2NodeClass selects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from infra.catalog.instances import Shape, shapes
from operations.twin.kubernetes import nodes, scheduling
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.scheduling import Resources
from operations.twin.kubernetes.values import lookup

POOL: Final = "karpenter.sh/nodepool"
MARKET: Final = "karpenter.sh/capacity-type"
TYPE: Final = "node.kubernetes.io/instance-type"
ZONE: Final = "topology.kubernetes.io/zone"
EFA: Final = "vpc.amazonaws.com/efa"

_MARKETS: Final = ("reserved", "spot", "on-demand")
"""In the order in which Karpenter prefers them: https://karpenter.sh/docs/concepts/nodepools/#capacity-type"""
_FAMILY: Final = re.compile(r"([a-z]+)(\d+)")
_OWN: Final = ("kubernetes.io/", "k8s.io/", "karpenter.sh/", "karpenter.k8s.aws/")
_DURATION: Final = re.compile(r"(\d+)([hms])")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}


@dataclass(frozen=True)
class Offer:
    """A machine that a NodePool may launch, in one zone and one market."""

    shape: Shape
    labels: Mapping[str, str]
    capacity: Resources
    allocatable: Resources
    efa_on_request: bool
    """Whether it has its EFA devices only if a pod on it asks for them."""

    @property
    def cost(self) -> tuple[int, float, str]:
        """What the cheapest is found by; list prices, whatever the market."""
        price = self.shape.usd_per_hour
        market = _MARKETS.index(self.labels[MARKET])
        return market, float("inf") if price is None else price, self.shape.name


@dataclass
class Launch:
    """A machine to be made: what it may still be, and the pods that it is for."""

    pool: Manifest
    options: list[Offer]
    daemons: Resources
    requests: dict[str, int] = field(default_factory=dict)
    pods: list[Ref] = field(default_factory=list)

    def take(self, pod: Manifest, asked: Resources, daemons: Iterable[Manifest]) -> bool:
        """Puts a pod on it, if one of the options has room for that too."""
        total = scheduling.added(self.requests, asked)
        left = [
            offer
            for offer in self.options
            if scheduling.selects(pod["spec"], offer.labels)
            and scheduling.within(
                scheduling.added(total, overhead(offer, taints(self.pool), daemons)), offer.allocatable
            )
        ]
        if left:
            self.options, self.requests = left, total
            self.pods.append(Ref.of(pod))
        return bool(left)

    def chosen(self, zones: Counter[str]) -> Offer:
        """The cheapest option, in the zone that has the fewest."""
        return min(
            self.options, key=lambda offer: (*offer.cost, zones[offer.labels[ZONE]], offer.labels[ZONE])
        )


@dataclass(frozen=True)
class Room:
    """A machine that is there, or on its way, and what is free on it."""

    labels: Mapping[str, str]
    taints: tuple[Mapping[str, Any], ...]
    free: dict[str, int]

    def take(self, pod: Manifest, asked: Resources) -> bool:
        """Puts a pod on it, if there is room."""
        spec = pod["spec"]
        fits = scheduling.within(asked, self.free) and scheduling.selects(spec, self.labels)
        if not (fits and scheduling.tolerates(spec, self.taints)):
            return False
        for key, amount in asked.items():
            self.free[key] = self.free.get(key, 0) - amount
        return True


def taints(pool: Manifest) -> tuple[Mapping[str, Any], ...]:
    """Returns the taints of a NodePool's machines; startup taints are taken to be lifted already."""
    return tuple(lookup(pool, ("spec", "template", "spec", "taints")) or ())


def overhead(
    offer: Offer, tainted: tuple[Mapping[str, Any], ...], daemons: Iterable[Manifest]
) -> dict[str, int]:
    """Returns what DaemonSets will take of a machine."""
    specs = (daemon["spec"]["template"]["spec"] for daemon in daemons)
    return scheduling.added(
        *(
            scheduling.requests(spec)
            for spec in specs
            if scheduling.selects(spec, offer.labels) and scheduling.tolerates(spec, tainted)
        )
    )


def offers(pool: Manifest, zones: Iterable[str], node_class: Manifest) -> list[Offer]:
    """Returns the machines that a NodePool's requirements allow, in zones where its cluster is.

    Zones that the requirements name count as well. EFA devices are those of the class's network interfaces;
    where it names none, a machine gets all it can have, if a pod asks for one:
    https://docs.aws.amazon.com/eks/latest/userguide/device-management-efa.html
    """
    template = pool["spec"]["template"]
    requirements = template["spec"].get("requirements") or ()
    given = (template.get("metadata") or {}).get("labels") or {}
    named = [
        value
        for one in requirements
        if one["key"] == ZONE and one["operator"] == "In"
        for value in one["values"]
    ]
    own = [one for one in requirements if one["operator"] == "In" and not _is_known(one["key"])]
    base = {**given, POOL: pool["metadata"]["name"]}
    found = []
    for shape in shapes().values():
        fixed = {**base, **_labels(shape)}
        about = [one for one in requirements if one["key"] in fixed or _is_of_the_machine(one["key"])]
        if not all(scheduling.matches(one, fixed) for one in about):
            continue
        capacity, allocatable = _sizes(shape, given, node_class)
        for zone, market, *values in product(
            sorted({*zones, *named}), _MARKETS, *(one["values"] for one in own)
        ):
            labels = {
                **fixed, ZONE: zone, MARKET: market, "topology.kubernetes.io/region": zone[:-1],
                **{one["key"]: value for one, value in zip(own, values, strict=True)},
            }  # fmt: skip
            if _market_asked(requirements, market) and all(
                scheduling.matches(one, labels) for one in requirements
            ):
                found.append(Offer(shape, labels, capacity, allocatable, _interfaces(node_class) is None))
    return found


def _market_asked(requirements: Iterable[Mapping[str, Any]], market: str) -> bool:
    """Whether a market may be used at all: reserved capacity is when a NodePool says so."""
    asked = [one for one in requirements if one["key"] == MARKET]
    return market == "on-demand" if not asked else True


def _is_known(key: str) -> bool:
    domain = key.partition("/")[0] + "/"
    return any(domain == own or domain.endswith(f".{own}") for own in _OWN)


def _is_of_the_machine(key: str) -> bool:
    return key.startswith("karpenter.k8s.aws/instance-")


def _labels(shape: Shape) -> dict[str, str]:
    """Returns what Karpenter tells of a type.

    https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
    """
    family, _dot, size = shape.name.partition(".")
    begin = _FAMILY.match(family)
    kind, generation = begin.groups() if begin else (family, "")
    told: dict[str, Any] = {
        "category": kind, "family": family, "generation": generation, "size": size, "hypervisor": "nitro",
        "cpu": shape.vcpu, "memory": shape.memory_mib, "network-bandwidth": shape.network_mbps,
        "ebs-bandwidth": shape.ebs_mbps, "local-nvme": shape.local_nvme_gb or None,
        "gpu-count": shape.gpu_count or None, "gpu-name": shape.gpu_name,
        "gpu-manufacturer": "nvidia" if shape.gpu_name else None, "gpu-memory": shape.gpu_memory_mib,
        "accelerator-count": shape.accelerator_count or None, "accelerator-name": shape.accelerator_name,
    }  # fmt: skip
    return {
        "kubernetes.io/arch": shape.arch,
        "kubernetes.io/os": "linux",
        TYPE: shape.name,
        **{
            f"karpenter.k8s.aws/instance-{key}": str(value)
            for key, value in told.items()
            if value is not None
        },
    }


def _sizes(
    shape: Shape, labels: Mapping[str, str], node_class: Manifest
) -> tuple[dict[str, int], dict[str, int]]:
    count = _interfaces(node_class)
    both = nodes.sizes(shape, shape.efa_interfaces if count is None else count, labels)
    most = lookup(node_class, ("spec", "kubelet", "maxPods"))
    pods = {} if most is None else {"pods": str(most)}
    capacity, allocatable = ({**scheduling.amounts({**one, **pods})} for one in both)
    return capacity, allocatable


def _interfaces(node_class: Manifest) -> int | None:
    """How many EFA interfaces a class names; None when it leaves network interfaces to Karpenter."""
    named = lookup(node_class, ("spec", "networkInterfaces"))
    return None if not named else sum(one.get("interfaceType") == "efa-only" for one in named)


def left_of_limits(pool: Manifest, used: Iterable[Resources]) -> dict[str, int]:
    """Returns what a NodePool's limits leave, for the resources that it limits."""
    total = scheduling.added(*used)
    limits = scheduling.amounts(pool["spec"].get("limits"))
    return {key: amount - total.get(key, 0) for key, amount in limits.items()}


@dataclass(frozen=True)
class Plan:
    """What to do for the pods that wait."""

    launches: tuple[Launch, ...]
    refused: Mapping[Ref, str]
    """Why nothing is launched for a pod."""


def plan(
    pods: Iterable[Manifest],
    pools: Mapping[str, tuple[Manifest, Sequence[Offer], dict[str, int]]],
    rooms: Sequence[Room],
    daemons: Sequence[Manifest],
) -> Plan:
    """Decides which machines to launch.

    Args:
        pods: Those that wait for a node.
        pools: NodePools by name, with their offers and with what their limits leave.
        rooms: Machines that the scheduler may not have seen yet.
        daemons: The cluster's DaemonSets.
    """
    order = sorted(
        pools.values(), key=lambda one: (-int(one[0]["spec"].get("weight") or 0), one[0]["metadata"]["name"])
    )
    launches: list[Launch] = []
    refused: dict[Ref, str] = {}
    full: dict[str, int] = {}
    for pod in sorted(pods, key=_size, reverse=True):
        asked = scheduling.requests(pod["spec"])
        if any(room.take(pod, asked) for room in rooms):
            continue
        # What had no room for a pod has none for the next of its kind.
        kind = f"{pod['metadata'].get('ownerReferences') or Ref.of(pod)}"
        for index in range(full.get(kind, 0), len(launches)):
            launch = launches[index]
            if scheduling.tolerates(pod["spec"], taints(launch.pool)) and launch.take(pod, asked, daemons):
                break
            full[kind] = index + 1
        else:
            why = _opened(pod, asked, order, launches, daemons)
            if why:
                refused[Ref.of(pod)] = why
    return Plan(tuple(launches), refused)


def _size(pod: Manifest) -> tuple[int, int, int]:
    asked = scheduling.requests(pod["spec"])
    return asked.get("nvidia.com/gpu", 0), asked.get("cpu", 0), asked.get("memory", 0)


def _opened(
    pod: Manifest,
    asked: Resources,
    pools: Iterable[tuple[Manifest, Sequence[Offer], dict[str, int]]],
    launches: list[Launch],
    daemons: Sequence[Manifest],
) -> str:
    """Plans one more machine for a pod; returns why not, in Karpenter's words, when no pool can have it."""
    reasons = []
    for pool, all_offers, left in pools:
        name = pool["metadata"]["name"]
        if not scheduling.tolerates(pod["spec"], taints(pool)):
            reasons.append(f'incompatible with nodepool "{name}", did not tolerate its taints')
            continue
        fresh = Launch(pool, list(all_offers), {})
        if not fresh.take(pod, asked, daemons):
            reasons.append(
                f'incompatible with nodepool "{name}", no instance type satisfied resources and requirements'
            )
            continue
        fresh.options = [one for one in fresh.options if _allowed(one, left)]
        if not fresh.options:
            reasons.append(f'all available instance types exceed limits for nodepool: "{name}"')
            continue
        # The largest that it may become is set aside; the next look knows what it became.
        for key in left:
            left[key] -= max(one.capacity.get(key, 0) for one in fresh.options)
        launches.append(fresh)
        return ""
    return "; ".join(reasons) or "no nodepools found"


def _allowed(offer: Offer, left: Resources) -> bool:
    return all(offer.capacity.get(key, 0) <= amount for key, amount in left.items())


def seconds(duration: str | None) -> float | None:
    """Returns a duration of Karpenter's ("1h30m", "0s") in seconds; None for Never."""
    if duration == "Never":
        return None
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration or "0s"))


def disruptions(pool: Manifest, total: int, leaving: int) -> int:
    """Returns how many empty machines of a pool may go now, by its budgets without a schedule.

    https://karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets
    """
    budgets = lookup(pool, ("spec", "disruption", "budgets"))
    active = [
        budget["nodes"]
        for budget in ([{"nodes": "10%"}] if budgets is None else budgets)
        if not budget.get("schedule") and "Empty" in (budget.get("reasons") or ("Empty",))
    ]
    allowed = [-(-total * int(one[:-1]) // 100) if one.endswith("%") else int(one) for one in active]
    return max(min([total, *allowed]) - leaving, 0)
