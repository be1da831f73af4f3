"""Plays Karpenter: machines for pods that found no node, and their end when nobody needs them.

It works where Karpenter's definitions are installed. `karpenter` decides; here is what it takes to do it:
NodeClaims and Nodes as Karpenter makes them, owned by their NodePool and held by its finalizer, so that a
NodePool's deletion in the foreground lasts until its machines were drained.

What waits in the real world is short here: a machine is there at once, and `consolidateAfter` counts for at
most `_EMPTY_AT_MOST_S`. Drained pods are deleted, without asking PodDisruptionBudgets.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from operations.twin.backend import AwsView
from operations.twin.kubernetes import binaries, claims, karpenter, nodes, scheduling
from operations.twin.kubernetes.api import Api, ApiError, Manifest, Ref
from operations.twin.kubernetes.claims import VERSION
from operations.twin.kubernetes.definitions import ref_of
from operations.twin.kubernetes.karpenter import POOL, ZONE, Offer, Room
from operations.twin.kubernetes.values import lookup

logger = logging.getLogger(__name__)

MANAGER: Final = "karpenter"
_HOLD: Final = "karpenter-termination"
"""Field manager of the finalizers: giving nothing, it takes them off again."""
FINALIZER: Final = "karpenter.sh/termination"

_DEFINITION: Final = ref_of("nodepools.karpenter.sh")
_CLASS: Final = "karpenter.k8s.aws/v1", "EC2NodeClass"
_LOOK_S: Final = 1.0
_PAUSE_S: Final = 5.0
_FRESH_S: Final = 30.0
"""So long after a machine got ready, the scheduler may not have looked at it for all who wait."""
_EMPTY_AT_MOST_S: Final = 30.0
_READY: Final = ("Launched", "Registered", "Initialized", "Ready")


class Autoscaler:
    """Plays Karpenter, in a thread of its own."""

    def __init__(self, api: Api, aws: AwsView) -> None:
        """Starts."""
        self._api = api
        self._karpenter = Karpenter(api, aws)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="autoscaler", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops; the machines stay."""
        self._stopped.set()
        self._thread.join(_PAUSE_S)

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            try:
                if self._api.get(_DEFINITION) is not None:
                    self._karpenter.look()
            except Exception:
                # As for nodes: whatever it was may be over next time, and a dead thread would stay dead.
                logger.exception("machines do not follow the pods now")
                self._stopped.wait(_PAUSE_S)


@dataclass(frozen=True)
class _Sight:
    """What there is, at one look."""

    pools: Mapping[str, Manifest]
    claims: tuple[Manifest, ...]
    nodes: Mapping[str, Manifest]
    pods: tuple[Manifest, ...]
    daemons: tuple[Manifest, ...]

    @cached_property
    def _placed(self) -> Mapping[str, list[Manifest]]:
        found: dict[str, list[Manifest]] = {}
        for pod in self.pods:
            if scheduling.occupies(pod):
                found.setdefault(pod["spec"]["nodeName"], []).append(pod)
        return found

    def on(self, node: str) -> list[Manifest]:
        """The pods on a node that take room there."""
        return self._placed.get(node, [])

    def of(self, pool: str) -> list[Manifest]:
        """The claims of a pool."""
        return [claim for claim in self.claims if claim["metadata"]["labels"].get(POOL) == pool]


@dataclass
class Karpenter:
    """Karpenter on one cluster; `look` does what is to be done now."""

    api: Api
    aws: AwsView
    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    empty_since: dict[str, float] = field(default_factory=dict)
    """When a machine was first seen without pods, by NodeClaim."""
    told: set[tuple[Ref, str, str]] = field(default_factory=set)
    """Pods that get no machine, their uid, and why: what was said at the last look."""
    offers: dict[tuple[str, tuple[str, ...]], list[Offer]] = field(default_factory=dict)

    def look(self) -> None:
        """Goes one step on with every machine, and launches and removes those that it takes."""
        sight = self._seen()
        classes = {value["metadata"]["name"]: value for value in self.api.list(*_CLASS)}
        for value in classes.values():
            self._tell(value, {"conditions": self._conditions(("Ready",))})
        usable = {}
        for name, pool in sight.pools.items():
            node_class = _class(pool)
            self._tell(pool, self._pool_status(sight, name, known=node_class in classes))
            if node_class in classes and "deletionTimestamp" not in pool["metadata"]:
                usable[name] = pool
        for claim in sight.claims:
            self._go_on(sight, claim)
        self._launch(sight, usable, classes)
        for pool in usable.values():
            self._consolidate(sight, pool)

    def _seen(self) -> _Sight:
        return _Sight(
            pools={value["metadata"]["name"]: value for value in self.api.list(VERSION, "NodePool")},
            claims=self.api.list(VERSION, "NodeClaim"),
            nodes={value["metadata"]["name"]: value for value in self.api.list("v1", "Node")},
            pods=self.api.list("v1", "Pod"),
            daemons=self.api.list("apps/v1", "DaemonSet"),
        )

    def _zones(self) -> tuple[str, ...]:
        return tuple(sorted({zone for group in self.aws.node_groups() for zone in group.zones}))

    def _kubernetes(self) -> str:
        found = [cluster.version for cluster in self.aws.clusters()]
        return found[0] if found else binaries.KUBERNETES.rpartition(".")[0]

    # What there is goes on: a claim becomes a node, gets ready, or leaves.

    def _go_on(self, sight: _Sight, claim: Manifest) -> None:
        name = claim["metadata"]["name"]
        node = sight.nodes.get(name)
        if "deletionTimestamp" in claim["metadata"]:
            self._leave(sight, claim, node)
        elif node is None and lookup(claim, ("status", "nodeName")):
            self.api.delete(_claim_ref(name), propagation="Background")  # somebody took its node away
        elif node is None:
            self._hold(_claim_ref(name), claim)
            made = self.api.apply(claims.node_of(claim, self._kubernetes()), manager=MANAGER, force=True)
            self._hold(Ref("v1", "Node", name), made)
            self._tell(claim, self._claim_status(claim, made, _READY[:1]))
        elif "deletionTimestamp" in node["metadata"]:
            self.api.delete(_claim_ref(name), propagation="Background")
        elif nodes.is_usable(node):
            self._tell(claim, self._claim_status(claim, node, _READY))

    def _leave(self, sight: _Sight, claim: Manifest, node: Manifest | None) -> None:
        """Drains a machine that goes, then takes it away; each look goes one step on."""
        name = claim["metadata"]["name"]
        self.empty_since.pop(name, None)
        if node is None:
            self._release(_claim_ref(name), claim)
            return
        if not lookup(node, ("spec", "unschedulable")):
            nodes.cordon(self.api, name)
        there = [pod for pod in sight.on(name) if not scheduling.is_daemon(pod)]
        for pod in there:
            self.api.delete(Ref.of(pod), propagation="Background")
        if not there:
            self._release(Ref("v1", "Node", name), node)
            self.api.delete(Ref("v1", "Node", name), propagation="Background")

    def _hold(self, ref: Ref, value: Manifest) -> None:
        self._finalizers(ref, value, {"finalizers": [FINALIZER]})

    def _release(self, ref: Ref, value: Manifest) -> None:
        self._finalizers(ref, value, {})

    def _finalizers(self, ref: Ref, value: Manifest, given: Mapping[str, Any]) -> None:
        """Puts the finalizer on or takes it off; the uid keeps it from making anew what went meanwhile."""
        metadata = {"name": ref.name, "uid": value["metadata"]["uid"], **given}
        manifest = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata}
        try:
            self.api.apply(manifest, manager=_HOLD, force=True)
        except ApiError as error:
            if error.code not in {404, 409}:
                raise

    # New machines.

    def _launch(self, sight: _Sight, pools: Mapping[str, Manifest], classes: Mapping[str, Manifest]) -> None:
        waiting = [
            pod for pod in sight.pods if scheduling.is_unschedulable(pod) and not scheduling.is_daemon(pod)
        ]
        if not waiting:
            return
        zones = self._zones()
        choices = {
            name: (
                pool,
                self._offers(pool, zones, classes[_class(pool)]),
                karpenter.left_of_limits(pool, self._used(sight, name)),
            )
            for name, pool in pools.items()
        }
        plan = karpenter.plan(waiting, choices, self._rooms(sight), sight.daemons)
        placed = Counter(claim["metadata"]["labels"].get(ZONE, "") for claim in sight.claims)
        for launch in plan.launches:
            offer = launch.chosen(placed)
            placed[offer.labels[ZONE]] += 1
            claim = claims.claim_of(launch, offer, uuid.uuid4().hex[:5])
            self.api.apply(claim, manager=MANAGER, force=True)
        uids = {Ref.of(pod): pod["metadata"]["uid"] for pod in waiting}
        complaints = {(ref, uids[ref], why) for ref, why in plan.refused.items()}
        for ref, uid, why in complaints - self.told:
            self._complain(ref, uid, why)
        self.told = complaints

    def _offers(self, pool: Manifest, zones: tuple[str, ...], node_class: Manifest) -> list[Offer]:
        both = (pool["metadata"], node_class["metadata"])
        made = tuple(f"{one['uid']} {one.get('generation', 0)}" for one in both)
        key = (pool["metadata"]["name"], (*made, *zones))
        if key not in self.offers:
            self.offers = {old: value for old, value in self.offers.items() if old[0] != key[0]}
            self.offers[key] = karpenter.offers(pool, zones, node_class)
        return self.offers[key]

    def _used(self, sight: _Sight, pool: str) -> list[dict[str, int]]:
        return [claims.capacity(claim) for claim in sight.of(pool)]

    def _rooms(self, sight: _Sight) -> list[Room]:
        """Machines that are on their way, or too new for the scheduler to have said no to them."""
        found = []
        for claim in sight.claims:
            since = _since(claim, "Initialized")
            if "deletionTimestamp" in claim["metadata"]:
                continue
            if since is None or self.now() - since < _FRESH_S:
                node = claims.node_of(claim, self._kubernetes())
                there = [scheduling.requests(pod["spec"]) for pod in sight.on(node["metadata"]["name"])]
                free = scheduling.amounts(node["status"]["allocatable"])
                taken = scheduling.added(*there)
                room = {key: amount - taken.get(key, 0) for key, amount in free.items()}
                found.append(Room(node["metadata"]["labels"], tuple(node["spec"].get("taints") or ()), room))
        return found

    def _complain(self, ref: Ref, uid: str, why: str) -> None:
        """Says once of a pod why it gets no machine, where Karpenter says it: in an event."""
        name = f"{ref.name[:200]}.{hashlib.sha256(f'{uid}{why}'.encode()).hexdigest()[:16]}"
        told = Ref("v1", "Event", name, ref.namespace)
        if self.api.get(told) is not None:
            return
        when = self._stamp()
        pod = {"apiVersion": "v1", "kind": "Pod", "name": ref.name, "namespace": ref.namespace, "uid": uid}
        event = {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": ref.namespace},
            "type": "Warning", "reason": "FailedScheduling", "message": f"Failed to schedule pod, {why}",
            "involvedObject": pod, "source": {"component": MANAGER}, "count": 1,
            "firstTimestamp": when, "lastTimestamp": when,
        }  # fmt: skip
        self.api.apply(event, manager=MANAGER, force=True)

    # Machines that nobody needs.

    def _consolidate(self, sight: _Sight, pool: Manifest) -> None:
        machines = sight.of(pool["metadata"]["name"])
        after = karpenter.seconds(lookup(pool, ("spec", "disruption", "consolidateAfter")))
        leaving = sum("deletionTimestamp" in claim["metadata"] for claim in machines)
        idle = [claim for claim in machines if self._is_idle(sight, claim, after)]
        for claim in idle[: karpenter.disruptions(pool, len(machines), leaving)]:
            self.api.delete(_claim_ref(claim["metadata"]["name"]), propagation="Background")

    def _is_idle(self, sight: _Sight, claim: Manifest, after: float | None) -> bool:
        name = claim["metadata"]["name"]
        since = _since(claim, "Initialized")
        busy = any(not scheduling.is_daemon(pod) for pod in sight.on(name))
        if since is None or busy or "deletionTimestamp" in claim["metadata"]:
            self.empty_since.pop(name, None)
            return False
        began = self.empty_since.setdefault(name, self.now())
        if after is None or self.now() - since < _FRESH_S:  # pods are on their way to it
            return False
        return self.now() - began >= min(after, _EMPTY_AT_MOST_S)

    # What Karpenter says of all that.

    def _tell(self, value: Manifest, status: Mapping[str, Any]) -> None:
        """Writes a status, unless it says the same but for the times."""
        if _timeless(status) == _timeless({key: lookup(value, ("status", key)) for key in status}):
            return
        metadata = {"name": value["metadata"]["name"], "uid": value["metadata"]["uid"]}
        manifest = {
            "apiVersion": value["apiVersion"], "kind": value["kind"], "metadata": metadata,
            "status": dict(status),
        }  # fmt: skip
        try:
            self.api.apply(manifest, manager=f"{MANAGER}-status", force=True, status=True)
        except ApiError as error:
            if error.code not in {404, 409}:
                raise

    def _conditions(
        self, true: Iterable[str], false: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        when = self._stamp()
        good = [
            {"type": one, "status": "True", "reason": one, "message": "", "lastTransitionTime": when}
            for one in true
        ]
        bad = [
            {"type": one, "status": "False", "reason": why, "message": why, "lastTransitionTime": when}
            for one, why in (false or {}).items()
        ]
        return good + bad

    def _pool_status(self, sight: _Sight, name: str, *, known: bool) -> dict[str, Any]:
        machines = sight.of(name)
        used = scheduling.added({"nodes": 1000 * len(machines)}, *self._used(sight, name))
        parts = ("ValidationSucceeded", "NodeClassReady", "Ready")
        conditions = (
            self._conditions(parts)
            if known
            else self._conditions(parts[:1], dict.fromkeys(parts[1:], "NodeClassNotFound"))
        )
        return {
            "conditions": conditions,
            "nodes": len(machines),
            "resources": {key: scheduling.text(amount) for key, amount in sorted(used.items())},
        }

    def _claim_status(self, claim: Manifest, node: Manifest, true: tuple[str, ...]) -> dict[str, Any]:
        wanted = claims.node_of(claim, self._kubernetes())
        return {
            "conditions": self._conditions(true),
            "nodeName": node["metadata"]["name"],
            "providerID": wanted["spec"]["providerID"],
            "capacity": wanted["status"]["capacity"],
            "allocatable": wanted["status"]["allocatable"],
        }

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _class(pool: Manifest) -> str:
    return str(lookup(pool, ("spec", "template", "spec", "nodeClassRef", "name")))


def _claim_ref(name: str) -> Ref:
    return Ref(VERSION, "NodeClaim", name)


def _since(value: Manifest, condition: str) -> float | None:
    """When a condition became true, in seconds since the epoch; None if it is not."""
    for one in lookup(value, ("status", "conditions")) or ():
        if (one["type"], one["status"]) == (condition, "True"):
            return datetime.fromisoformat(one["lastTransitionTime"]).timestamp()
    return None


def _timeless(status: Mapping[str, Any]) -> dict[str, Any]:
    """A status to compare: without times, and amounts in whatever spelling."""
    conditions = {(one["type"], one["status"], one.get("reason")) for one in status.get("conditions") or ()}
    amounts = {key: scheduling.amounts(status.get(key)) for key in ("resources", "capacity", "allocatable")}
    rest = {key: value for key, value in status.items() if key not in {"conditions", *amounts}}
    return {**rest, **amounts, "conditions": conditions}
