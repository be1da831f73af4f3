"""The AWS side as a whole: its accounts, what is kept on disk, and what the Kubernetes side sees of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from moto.core.config import default_user_config

from infra.units import MiB
from operations.twin import snapshot
from operations.twin.aws import given, inventory, persistence
from operations.twin.aws.cloud import DEFAULT_ACCOUNT, LOCK, Cloud
from operations.twin.aws.extensions import EXTENSIONS, eks_api, store
from operations.twin.aws.faults import Fault, Faults
from operations.twin.aws.session import AwsSession
from operations.twin.backend import ApiServer, Cluster, Item, NodeGroup, Taint
from operations.twin.given import heard

_FILE: Final = "aws.snapshot"
_WATCHED: Final = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
"""Types whose changes the Kubernetes side hears of."""
_FIRST: Final = {
    "ec2": "describe_vpcs",
    "iam": "list_account_aliases",
    "eks": "list_clusters",
    "s3": "list_buckets",
    "kms": "list_keys",
    "logs": "describe_log_groups",
}
"""A call that changes nothing, for each service that every environment uses."""


class AwsPackage:
    """All of AWS in one twin. moto's stores belong to the process: there is one package at a time."""

    def __init__(self, folder: Path, changed: Callable[[], None] = lambda: None) -> None:
        """Opens the twin kept in `folder`; without a snapshot there, nothing exists yet.

        Args:
            folder: Where it is kept.
            changed: Called after every change, in the thread that made it.

        Raises:
            snapshot.Damaged: The snapshot cannot be used.
        """
        self._file = folder / _FILE
        self._clouds: dict[str, Cloud] = {}
        self._listeners: list[Callable[[], None]] = []
        self._dirty = False
        self._saving = threading.Lock()
        with LOCK:
            persistence.forget()
            eks_api.forget()
            default_user_config["iam"]["load_aws_managed_policies"] = True
            extra = self._load()
        self._tell = changed
        self.account: str = extra.get("account", DEFAULT_ACCOUNT)
        """The account that a program used last; whose keys are not the twin's is taken for this one's."""
        self.faults = Faults(tuple(Fault(**fault) for fault in extra.get("faults", ())))

    def _load(self) -> dict[str, Any]:
        payload = snapshot.read(self._file, persistence.versions())
        try:
            return {} if payload is None else persistence.loads(payload)
        except Exception as problem:
            raise snapshot.Damaged(self._file, f"cannot be read: {problem}") from problem

    def session(self) -> AwsSession:
        """Returns a backend for one more provider instance."""
        return AwsSession(self._chosen, self.faults, self._changed)

    def cloud(self, account: str) -> Cloud:
        """Returns boto3 as one of the accounts."""
        return self._clouds.setdefault(account, Cloud(account, EXTENSIONS))

    def _chosen(self, account: str) -> Cloud:
        self.account = account
        return self.cloud(account)

    def fail(self, fault: Fault) -> None:
        """Lets a later create fail."""
        self.faults.add(fault)
        self._changed("")

    def give(self, told: Mapping[str, Any]) -> None:
        """Lets exist what an environment takes for granted (`operations.twin.given`)."""
        if given.put(heard(told)):
            self._changed("")

    def touch(self) -> None:
        """Notes a change that came from outside, past the sessions."""
        self._changed("")

    def inventory(self) -> tuple[Item, ...]:
        """Lists what exists, without what an account has by default."""
        with LOCK:
            return inventory.inventory(self.cloud)

    def save(self) -> None:
        """Writes everything to the folder, unless nothing changed since the last time."""
        with self._saving:
            if not self._dirty:
                return
            with LOCK:
                self._dirty = False
                payload = persistence.dumps({"faults": self.faults.waiting(), "account": self.account})
            try:
                snapshot.write(self._file, payload, persistence.versions())
            except OSError:
                self._dirty = True
                raise

    def close(self) -> None:
        """Forgets everything that is not saved."""
        with LOCK:
            persistence.forget()

    def on_node_groups(self, callback: Callable[[], None]) -> None:
        """Calls back after clusters or node groups changed."""
        self._listeners.append(callback)

    def serve_clusters(self, api_server: Callable[[], ApiServer]) -> None:
        """Lets clusters give `api_server` as theirs; those that exist do so after `warm_up`."""
        eks_api.serve(api_server)

    def clusters(self) -> tuple[Cluster, ...]:
        """Returns the control planes that exist."""
        with LOCK:
            return tuple(_cluster(place, found) for place, found in _clusters())

    def node_groups(self) -> tuple[NodeGroup, ...]:
        """Returns the node groups that exist."""
        with LOCK:
            return tuple(
                _node_group(place, group)
                for place, cluster in _clusters()
                for _, group in sorted(cluster.nodegroups.items())
            )

    def addons(self) -> tuple[str, ...]:
        """Returns the names of the add-ons that clusters have."""
        with LOCK:
            return tuple(sorted({name for _, found in _clusters() for name in store.kept(found, "addons")}))

    def warm_up(self) -> None:
        """Loads what the first calls would wait for: moto's models and botocore's descriptions.

        Then tells the clusters where the control plane answers by now: another program may have its port.
        """
        somewhere = self.cloud(DEFAULT_ACCOUNT)
        for service, method in _FIRST.items():
            somewhere.call(service, "us-east-1", method, {})
        api_server = eks_api.found()
        with LOCK:
            moved = api_server is not None and [eks_api.put(found, api_server) for _, found in _clusters()]
        if moved and any(moved):
            self.touch()

    def _changed(self, type_: str) -> None:
        self._dirty = True
        self._tell()
        if type_ in _WATCHED or not type_:
            for listener in self._listeners:
                listener()


def _clusters() -> list[tuple[tuple[str, str], Any]]:
    from moto.eks.models import eks_backends  # moto.eks takes its time to import

    return [
        ((account, region), store.clusters[name])
        for account, region, store in sorted(eks_backends.iter_backends(), key=lambda found: found[:2])
        for name in sorted(store.clusters)
    ]


def _cluster(place: tuple[str, str], found: Any) -> Cluster:
    return Cluster(
        account=place[0],
        region=place[1],
        name=found.name,
        endpoint=found.endpoint,
        version=found.version,
        certificate_authority=found.certificate_authority["data"],
    )


_EFFECTS: Final = {
    "NO_SCHEDULE": "NoSchedule",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
    "NO_EXECUTE": "NoExecute",
}


def _node_group(place: tuple[str, str], found: Any) -> NodeGroup:
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[place[0]][place[1]]
    zones = {subnet.id: subnet.availability_zone for zone in ec2.subnets.values() for subnet in zone.values()}
    data = _template_data(ec2, found.launch_template)
    interfaces = [item for item in data.get("NetworkInterfaces", ()) if item.get("InterfaceType") in _EFA]
    types = found.instance_types or [data["InstanceType"]]
    return NodeGroup(
        account=place[0],
        region=place[1],
        cluster=found.cluster_name,
        name=found.nodegroup_name,
        version=found.version,
        instance_types=tuple(types),
        desired=int(found.scaling_config["desiredSize"]),
        min=int(found.scaling_config["minSize"]),
        max=int(found.scaling_config["maxSize"]),
        labels=dict(found.labels),
        taints=tuple(
            Taint(taint["key"], taint.get("value", ""), _EFFECTS[taint["effect"]]) for taint in found.taints
        ),
        subnets=tuple(found.subnets),
        zones=tuple(zones.get(subnet, "") for subnet in found.subnets),
        capacity_type=found.capacity_type,
        efa_interfaces=len(interfaces),
        huge_pages=_huge_pages(data.get("UserData")),
        max_pods=_max_pods(data.get("UserData")),
    )


_EFA: Final = ("efa", "efa-only")
_PAGES: Final = re.compile(r"vm\.nr_hugepages\"? = \"?(\d+)")
_PODS: Final = re.compile(r"(?:maxPods: |max-pods = )(\d+)")


def _huge_pages(user_data: Any) -> int:
    """Bytes that a node's start-up sets aside in huge pages, whichever way its image is told."""
    found = _PAGES.search(user_data.decode()) if user_data else None
    return int(found[1]) * 2 * MiB if found else 0


def _max_pods(user_data: Any) -> int | None:
    """The most pods that a node's start-up tells its kubelet, whichever way its image is told."""
    found = _PODS.search(user_data.decode()) if user_data else None
    return int(found[1]) if found else None


def _template_data(ec2: Any, reference: dict[str, str] | None) -> dict[str, Any]:
    template = ec2.launch_templates.get((reference or {}).get("id"))
    if template is None or reference is None:
        return {}
    data: dict[str, Any] = template.get_version(reference["version"]).data
    return data
