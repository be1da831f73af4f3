"""When an applied object is ready, as pulumi-kubernetes waits for it, and what blocks one that goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.twin.kubernetes.api import Api, Manifest, Ref
from operations.twin.kubernetes.types import group_of
from operations.twin.kubernetes.values import lookup, quantity

SKIP: Final = "pulumi.com/skipAwait"
TIMEOUT: Final = "pulumi.com/timeoutSeconds"

_PLAYED: Final = frozenset({
    "batch.kubernetes.io/job-tracking", "customresourcecleanup.apiextensions.k8s.io", "foregroundDeletion",
    "karpenter.sh/termination", "kubernetes", "kubernetes.io/pv-protection", "kubernetes.io/pvc-protection",
    "orphan",
})  # fmt: skip
"""Finalizers that the control plane, or what the twin plays beside it, takes off."""

Check = Callable[[Manifest], str | None]
"""Returns what an object still lacks, None when it is ready."""


def _condition(manifest: Mapping[str, Any], type_: str) -> str:
    for condition in lookup(manifest, ("status", "conditions")) or ():  # null in a new definition
        if condition.get("type") == type_:
            return str(condition.get("status"))
    return ""


def _status(manifest: Mapping[str, Any], name: str) -> int:
    return int(lookup(manifest, ("status", name), 0) or 0)


def _seen(manifest: Mapping[str, Any]) -> bool:
    """Whether the controller has looked at the latest specification."""
    return _status(manifest, "observedGeneration") >= int(manifest["metadata"].get("generation", 0))


def _deployment(manifest: Manifest) -> str | None:
    wanted = int(lookup(manifest, ("spec", "replicas"), 1))
    have = min(_status(manifest, "updatedReplicas"), _status(manifest, "availableReplicas"))
    done = _seen(manifest) and have >= wanted and _status(manifest, "replicas") <= wanted
    return None if done else f"{have} of {wanted} replicas are up to date and available"


def _stateful_set(manifest: Manifest) -> str | None:
    wanted = int(lookup(manifest, ("spec", "replicas"), 1))
    ready = _status(manifest, "readyReplicas")
    current, update = (lookup(manifest, ("status", f"{which}Revision")) for which in ("current", "update"))
    done = _seen(manifest) and ready >= wanted and (current == update or wanted == 0)
    return None if done else f"{ready} of {wanted} replicas are ready"


def _daemon_set(manifest: Manifest) -> str | None:
    wanted = _status(manifest, "desiredNumberScheduled")
    ready = min(_status(manifest, "numberReady"), _status(manifest, "updatedNumberScheduled"))
    return None if _seen(manifest) and ready >= wanted else f"{ready} of {wanted} pods are ready"


def _job(manifest: Manifest) -> str | None:
    if _condition(manifest, "Complete") == "True":
        return None
    if _condition(manifest, "Failed") == "True":
        return "the job failed"
    return f"{_status(manifest, 'succeeded')} pods succeeded, {_status(manifest, 'active')} are active"


def _pod(manifest: Manifest) -> str | None:
    phase = lookup(manifest, ("status", "phase"), "Pending")
    done = phase == "Succeeded" or _condition(manifest, "Ready") == "True"
    return None if done else f"its phase is {phase}"


def _phase(*wanted: str) -> Check:
    def check(manifest: Manifest) -> str | None:
        phase = lookup(manifest, ("status", "phase"), "unknown")
        return None if phase in wanted else f"its phase is {phase}, not {' or '.join(wanted)}"

    return check


def _definition(manifest: Manifest) -> str | None:
    done = _condition(manifest, "Established") == "True" and _condition(manifest, "NamesAccepted") == "True"
    return None if done else "it is not established"


def _quota(manifest: Manifest) -> str | None:
    wanted = lookup(manifest, ("spec", "hard"), {})
    have = lookup(manifest, ("status", "hard"), {})
    done = {key: quantity(value) for key, value in wanted.items()} == {
        key: quantity(value) for key, value in have.items()
    }
    return None if done else "the quota controller has not taken it up"


def _service(manifest: Manifest) -> str | None:
    if lookup(manifest, ("spec", "type")) != "LoadBalancer":
        return None
    done = lookup(manifest, ("status", "loadBalancer", "ingress"))
    return None if done else "no load balancer was made for it"


# Controllers answer for these; `_AT_ONCE` are answered by any server.
_CONTROLLED: Final[Mapping[tuple[str, str], Check]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolume"): _phase("Available", "Bound"),
    ("", "PersistentVolumeClaim"): _phase("Bound"),
    ("", "ResourceQuota"): _quota,
}
_AT_ONCE: Final[Mapping[tuple[str, str], Check]] = {
    ("", "Namespace"): _phase("Active"),
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}


def check_of(api: Api, manifest: Manifest) -> Check | None:
    """Returns what to wait for after applying an object; None for nothing.

    A claim of a storage class that binds on first use is ready while it is pending.
    """
    if lookup(manifest, ("metadata", "annotations", SKIP)) in {"true", True}:
        return None
    key = (group_of(manifest["apiVersion"]), manifest["kind"])
    check = _AT_ONCE.get(key) or (_CONTROLLED.get(key) if api.has_controllers else None)
    if check is not None and key[1] == "PersistentVolumeClaim" and _binds_on_first_use(api, manifest):
        return _phase("Pending", "Bound")
    return check


def _binds_on_first_use(api: Api, claim: Manifest) -> bool:
    name = lookup(claim, ("spec", "storageClassName"))
    storage_class = api.get(Ref("storage.k8s.io/v1", "StorageClass", name)) if name else None
    return str(lookup(storage_class, ("volumeBindingMode",))) == "WaitForFirstConsumer"


@dataclass(frozen=True)
class Hold:
    """A finalizer that keeps an object from going."""

    ref: Ref
    finalizer: str

    @property
    def is_a_strangers(self) -> bool:
        """Whether nobody on a twin would ever take it off."""
        return self.finalizer not in _PLAYED

    def __str__(self) -> str:
        return f"{self.ref} holds finalizer {self.finalizer}"


def blockers(api: Api, ref: Ref) -> tuple[Hold, ...]:
    """Returns what keeps an object from going: its finalizers and, for a namespace, those of its content."""
    value = api.get(ref)
    if value is None:
        return ()
    content = api.everything(ref.name) if ref.kind == "Namespace" and ref.api_version == "v1" else ()
    return tuple(
        Hold(Ref.of(each), finalizer)
        for each in (value, *content)
        for finalizer in each["metadata"].get("finalizers") or ()
    )
