"""Nodes of the twin's cluster: as many as its node groups ask for, with what their instances really offer."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, Final

from infra.catalog.instances import Shape, shape
from infra.environment.pools import sharing
from infra.problems import BadInput
from infra.units import quantity_bytes, quantity_cpu
from operations.twin.backend import AwsView, NodeGroup, Refused
from operations.twin.kubernetes.api import Api, Manifest, Ref

logger = logging.getLogger(__name__)

MANAGER: Final = "mlcluster-nodes"
SIMULATED: Final = "kwok.x-k8s.io/node"
"""The annotation by which kwok knows the nodes that it plays the kubelet for."""

_MADE_FROM: Final = "mlcluster.io/made-from"
"""Digest of what a node was made from: by it we know ours, and a node whose group changed differs in it."""

_NOT_READY: Final = "node.kubernetes.io/not-ready"
_PARALLEL: Final = 16
_RETRY_S: Final = 2.0
_ROOT_DISK: Final = 100 * 1024**3
"""Bytes of a node's root volume; the AWS side does not tell, this is a pool's default."""
_JOIN_S: Final = 120.0
"""How long new nodes may take until pods can be placed on them; kwok gets hundreds ready in some seconds."""
_LOOK_S: Final = 0.2
_LEAVE_S: Final = 5.0
"""How long closing waits for work at hand."""
_EMPTY_AFTER_S: Final = 30.0
"""How long pods may take to leave a node that is removed."""


def wanted(groups: Iterable[NodeGroup]) -> dict[str, Manifest]:
    """Returns the nodes that node groups ask for, by name; pure.

    Sizes are those of the group's first instance type, zones take turns, and names depend on nothing but the
    group, its kind of machine and the node's number: the highest numbers go when a group shrinks, all are new
    when it changes to other machines.
    """
    return {
        node["metadata"]["name"]: node
        for group in groups
        for node in (_node(group, number) for number in range(group.desired))
    }


def _node(group: NodeGroup, number: int) -> Manifest:
    found = shape(group.instance_types[0])
    offered = status(*sizes(found, group.efa_interfaces, group.labels), found, group.version)
    if group.max_pods is not None:
        for amounts in (offered["capacity"], offered["allocatable"]):
            amounts["pods"] = str(group.max_pods)
    if group.huge_pages:
        _set_aside(offered, found.allocatable_memory, group.huge_pages)
    identity = json.dumps([group.account, group.region, group.cluster, group.name, offered], sort_keys=True)
    stem = re.sub("[^a-z0-9]+", "-", group.name.lower())[:40].strip("-")
    name = f"{stem}-{_digest(identity, 5)}-{number}"
    zone = group.zones[number % len(group.zones)]
    taints = [{"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in group.taints]
    labels = {
        "eks.amazonaws.com/capacityType": group.capacity_type,
        "eks.amazonaws.com/nodegroup": group.name,
        "kubernetes.io/arch": found.arch,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": found.name,
        "topology.kubernetes.io/region": group.region,
        "topology.kubernetes.io/zone": zone,
    }
    metadata = {"name": name, "labels": {**group.labels, **labels}}
    node = {
        "metadata": metadata,
        "spec": {
            "providerID": f"aws:///{zone}/i-{_digest(f'{identity}/{number}', 17)}",
            **({"taints": taints} if taints else {}),
        },
        "status": offered,
    }
    annotations = {SIMULATED: "fake", _MADE_FROM: _digest(json.dumps(node, sort_keys=True), 16)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        **node,
        "metadata": {**metadata, "annotations": annotations},
    }


def sizes(
    found: Shape, efa_interfaces: int, labels: Mapping[str, str] = MappingProxyType({})
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns what a machine has and what its pods get of that; labels tell how its GPUs are shared."""
    shared = sharing.named(labels)
    devices = {
        **(shared.devices(found) if shared else {"nvidia.com/gpu": found.gpu_count}),
        "aws.amazon.com/neuron": found.accelerator_count,
        "vpc.amazonaws.com/efa": efa_interfaces,
    }
    counted = {name: str(count) for name, count in devices.items() if count}
    counted |= {"pods": str(found.max_pods), "ephemeral-storage": quantity_bytes(_ROOT_DISK)}
    capacity = {"cpu": str(found.vcpu), "memory": f"{found.memory_mib}Mi", **counted}
    allocatable = {
        "cpu": quantity_cpu(found.allocatable_cpu),
        "memory": quantity_bytes(found.allocatable_memory),
        **counted,
    }
    return capacity, allocatable


def _set_aside(offered: dict[str, Any], memory: int, size: int) -> None:
    """Takes huge pages out of the memory that pods get, and offers them as a resource of their own."""
    offered["allocatable"]["memory"] = quantity_bytes(memory - size)
    for amounts in (offered["capacity"], offered["allocatable"]):
        amounts["hugepages-2Mi"] = quantity_bytes(size)


def status(
    capacity: Mapping[str, str], allocatable: Mapping[str, str], found: Shape, version: str
) -> dict[str, Any]:
    """Returns the status that a node of a Kubernetes version such as "1.35" begins with."""
    return {
        "capacity": dict(capacity),
        "allocatable": dict(allocatable),
        "nodeInfo": _node_info(found, version),
    }


def _node_info(found: Shape, version: str) -> dict[str, str]:
    return {
        "architecture": found.arch,
        "bootID": "",
        "containerRuntimeVersion": "containerd://2.1.5",
        "kernelVersion": "6.12.0",
        "kubeProxyVersion": "",
        "kubeletVersion": f"v{version}.0",
        "machineID": "",
        "operatingSystem": "linux",
        "osImage": "Amazon Linux 2023",
        "systemUUID": "",
    }


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


class Nodes:
    """Keeps the cluster's nodes what the node groups ask for, in a thread of its own."""

    def __init__(self, api: Api, aws: AwsView) -> None:
        """Starts; nodes that are there already are taken over."""
        self._api = api
        self._aws = aws
        self._state = threading.Condition()
        self._groups: tuple[NodeGroup, ...] = aws.node_groups()
        self._asked = 1
        self._done = 0
        self._closed = False
        self._refused = False
        self._thread = threading.Thread(target=self._run, name="nodes", daemon=True)
        self._thread.start()
        aws.on_node_groups(self._follow)

    def settle(self, timeout: float) -> bool:
        """Waits until the nodes follow from what the node groups are now; returns whether they do.

        It does not wait for a cluster that cannot be had.
        """
        with self._state:
            asked = self._asked
            self._state.wait_for(lambda: self._done >= asked or self._closed or self._refused, timeout)
            return self._done >= asked

    def close(self) -> None:
        """Stops; the nodes stay."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        self._thread.join(_LEAVE_S)

    def _follow(self) -> None:
        """Has nodes follow a change, and waits for them: AWS, too, is done with a group when they joined."""
        groups = self._aws.node_groups()
        with self._state:
            changed, self._groups = groups != self._groups, groups
            self._asked += 1
            self._state.notify_all()
        if changed and not self.settle(_JOIN_S):
            logger.warning("nodes have not followed their node groups within %g s", _JOIN_S)

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._asked > self._done or self._closed)
                if self._closed:
                    return
                asked = self._asked
            done = self._reconciled()
            with self._state:
                self._done = asked if done else self._done
                self._state.notify_all()
                if not done:
                    self._state.wait_for(lambda: self._closed, _RETRY_S)

    def _reconciled(self) -> bool:
        try:
            reconcile(self._api, wanted(self._aws.node_groups()))
        except (Refused, BadInput) as refusal:
            logger.warning("nodes do not follow the node groups yet: %s", refusal)
            self._refused = True
            return False
        except Exception:
            # Whatever it was (the API server restarting, a type that the catalog does not have), the next
            # attempt may succeed, and a dead thread would leave the cluster without nodes for good.
            logger.exception("nodes do not follow the node groups yet")
            return False
        self._refused = False
        return True


def reconcile(api: Api, target: Mapping[str, Manifest]) -> None:
    """Makes the nodes of a cluster's node groups be the `target`: adds, changes and removes, in parallel."""
    present = {node["metadata"]["name"]: node for node in api.list("v1", "Node") if _made_from(node)}
    changed = [node for name, node in target.items() if _made_from(present.get(name)) != _made_from(node)]
    leaving = [Ref("v1", "Node", name) for name in present.keys() - target.keys()]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for made in [pool.submit(_put, api, node) for node in changed]:
            made.result()
        if api.has_controllers and not joined(api, frozenset(node["metadata"]["name"] for node in changed)):
            logger.warning("not all of %d new nodes are ready after %g s", len(changed), _JOIN_S)
        if leaving:
            _empty(api, pool, frozenset(ref.name for ref in leaving))
        for gone in [pool.submit(api.delete, ref, propagation="Background") for ref in leaving]:
            gone.result()


def joined(api: Api, names: frozenset[str]) -> bool:
    """Waits until pods can be placed on these nodes, or are gone again; returns whether that came about."""
    until = time.monotonic() + _JOIN_S
    while any(
        node["metadata"]["name"] in names and not is_usable(node)
        for node in (api.list("v1", "Node") if names else ())
    ):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True


def is_usable(node: Manifest) -> bool:
    """Whether it is ready, and the control plane has taken off what keeps pods from a new one."""
    ready = any(
        (one["type"], one["status"]) == ("Ready", "True") for one in node["status"].get("conditions") or ()
    )
    taints = node.get("spec", {}).get("taints") or ()
    return ready and not any(taint["key"] == _NOT_READY for taint in taints)


def _made_from(node: Manifest | None) -> str | None:
    """The digest of what a node was made from; None for nodes of others."""
    return None if node is None else (node["metadata"].get("annotations") or {}).get(_MADE_FROM)


def _put(api: Api, node: Manifest) -> None:
    api.apply(node, manager=MANAGER, force=True)


def cordon(api: Api, name: str) -> None:
    """Keeps new pods off a node."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"unschedulable": True}}
    api.apply(node, manager=f"{MANAGER}-drain", force=True)


def _empty(api: Api, pool: ThreadPoolExecutor, leaving: frozenset[str]) -> None:
    """Takes the pods off nodes that go, as a drain does: no new ones, then away with those that are there."""
    for held in [pool.submit(cordon, api, name) for name in leaving]:
        held.result()
    pods = [Ref.of(pod) for pod in api.list("v1", "Pod") if pod.get("spec", {}).get("nodeName") in leaving]
    for gone in [pool.submit(api.delete, pod) for pod in pods]:
        gone.result()
    for pod in pods:
        api.wait(pod, lambda value: value is None, _EMPTY_AFTER_S)
