"""Whether a pod may run on a node, as the scheduler decides it; pure functions on manifests.

Node selectors, required node affinity, taints and resources are judged. What depends on other pods (affinity
between pods, topology spread) and on volumes' zones is not: the real scheduler has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Final

from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.values import lookup, quantity

Resources = Mapping[str, int]
"""Amounts by resource, in thousandths: 1500 of cpu are one and a half processors."""

_HARD: Final = frozenset({"NoSchedule", "NoExecute"})
_NUMERIC: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "Gt": lambda have, bound: have > bound,
    "Lt": lambda have, bound: have < bound,
    "Gte": lambda have, bound: have >= bound,
    "Lte": lambda have, bound: have <= bound,
}


def amounts(resources: Mapping[str, Any] | None) -> dict[str, int]:
    """Returns quantities as `Resources`, rounded up; what is no quantity is left out."""
    found = {key: quantity(str(value)) for key, value in (resources or {}).items()}
    return {key: ceil(value * 1000) for key, value in found.items() if value is not None}


def text(amount: int) -> str:
    """Returns a quantity for an amount in thousandths."""
    whole = Fraction(amount, 1000)
    return str(whole) if whole.denominator == 1 else f"{amount}m"


def added(*parts: Resources) -> dict[str, int]:
    """Returns the sum."""
    return {key: sum(part.get(key, 0) for part in parts) for key in {key for part in parts for key in part}}


def within(asked: Resources, room: Resources) -> bool:
    """Whether everything that is asked for is there."""
    return all(amount <= room.get(key, 0) for key, amount in asked.items() if amount)


def requests(spec: Mapping[str, Any]) -> dict[str, int]:
    """Returns what a pod takes of its node, itself included.

    https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    starting = spec.get("initContainers") or ()
    sidecars = [one for one in starting if one.get("restartPolicy") == "Always"]
    running = added(*(_asked(one) for one in [*(spec.get("containers") or ()), *sidecars]))
    first = [_asked(one) for one in starting if one.get("restartPolicy") != "Always"]
    most = {
        key: max(part.get(key, 0) for part in (running, *first))
        for key in {key for part in (running, *first) for key in part}
    }
    return {**added(most, amounts(spec.get("overhead"))), "pods": 1000}


def _asked(container: Mapping[str, Any]) -> dict[str, int]:
    resources = container.get("resources") or {}
    return amounts({**(resources.get("limits") or {}), **(resources.get("requests") or {})})


def matches(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether labels meet a requirement: key, operator and values."""
    key, operator = requirement["key"], requirement["operator"]
    values: Sequence[str] = requirement.get("values") or ()
    have = labels.get(key)
    if operator in _NUMERIC:
        try:
            return have is not None and _NUMERIC[operator](int(have), int(values[0]))
        except ValueError:
            return False
    return {
        "In": have in values,
        "NotIn": have not in values,
        "Exists": have is not None,
        "DoesNotExist": have is None,
    }[operator]


def selects(spec: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a pod's node selector and required affinity accept a node with these labels."""
    wanted: Mapping[str, str] = spec.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    path = (
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    terms: Sequence[Mapping[str, Any]] = lookup(spec, path) or ()
    return not terms or any(_term(term, labels) for term in terms)


def _term(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    expressions = term.get("matchExpressions") or ()
    return bool(expressions) and all(matches(one, labels) for one in expressions)


def tolerates(spec: Mapping[str, Any], taints: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a pod may be placed on a node with these taints."""
    given = spec.get("tolerations") or ()
    hard = [taint for taint in taints if taint["effect"] in _HARD]
    return all(any(_covers(one, taint) for one in given) for taint in hard)


def _covers(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint["key"]
    same_value = (toleration.get("value") or "") == (taint.get("value") or "")
    return toleration.get("key") == taint["key"] and same_value


def is_unschedulable(pod: Manifest) -> bool:
    """Whether the scheduler looked for a node and found none."""
    if lookup(pod, ("spec", "nodeName")) or "deletionTimestamp" in pod["metadata"]:
        return False
    return any(
        (one["type"], one["status"], one.get("reason")) == ("PodScheduled", "False", "Unschedulable")
        for one in lookup(pod, ("status", "conditions")) or ()
    )


def is_daemon(pod: Manifest) -> bool:
    """Whether a pod is one that each node gets."""
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ())


def occupies(pod: Manifest) -> bool:
    """Whether a pod takes room on its node still."""
    return bool(lookup(pod, ("spec", "nodeName"))) and lookup(pod, ("status", "phase")) not in {
        "Succeeded",
        "Failed",
    }
