"""Snapshots and clones of volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import scheduling
from components.charts import Chart, ChartArgs, ChartSite
from components.storage.custom import custom
from infra import ceph as names
from infra.environment.storage.snapshots import Snapshots
from infra.labels import Scope

_COMPONENT: Final = "snapshots"
_NAMESPACE: Final = "kube-system"
"""Where the project itself puts its controller: a part of Kubernetes that Kubernetes does not bring."""
EBS_DRIVER: Final = "ebs.csi.aws.com"


@dataclass(frozen=True, kw_only=True)
class SnapshotControllerArgs:
    """What the snapshot controller needs."""

    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before it, and outlives it."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class SnapshotController(pulumi.ComponentResource):
    """The kinds of snapshots and the controller that all drivers share, for clusters that have neither.

    The kinds go with it, and all snapshots with them: whatever takes snapshots goes before.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(
        self, name: str, args: SnapshotControllerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlcluster:storage:SnapshotController", name, {}, opts)
        chart = Chart(
            "snapshot-controller",
            ChartArgs(
                chart="snapshot-controller",
                namespace=_NAMESPACE,
                values=controller_values(),
                after=args.after,
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart.release,)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class SnapshotClassesArgs:
    """What classes of snapshots need."""

    scope: Scope
    snapshots: Snapshots
    drivers: Mapping[str, str]
    """CSI drivers that can take snapshots, by what the class is called."""
    after: tuple[pulumi.Resource, ...]
    """The kinds of snapshots, and the drivers."""


class SnapshotClasses(pulumi.ComponentResource):
    """A VolumeSnapshotClass for each driver that can take snapshots.

    A clone needs no class: a claim names another one as its `dataSource`, in the same StorageClass.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: SnapshotClassesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:SnapshotClasses", name, {}, opts)
        self.ready = tuple(
            custom(
                f"{name}-{class_name}",
                "snapshot.storage.k8s.io/v1",
                "VolumeSnapshotClass",
                metadata={"name": class_name, "labels": {**args.scope.labels(_COMPONENT), **_FOR_BACKUPS}},
                **snapshot_class(driver, keep=args.snapshots.keep == "retain"),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
            for class_name, driver in args.drivers.items()
        )
        self.register_outputs({})


_FOR_BACKUPS: Final = {"velero.io/csi-volumesnapshot-class": "true"}
"""By this Velero finds the one class of each driver: https://velero.io/docs/v1.18/csi/"""


def controller_values() -> dict[str, Any]:
    """Values of the chart `snapshot-controller`."""
    return {
        "installCRDs": True,
        "controller": {
            "replicaCount": 2,
            "args": {"leaderElection": True},
            "pdb": {"maxUnavailable": 1},
            "priorityClassName": scheduling.CRITICAL,
            "topologySpreadConstraints": scheduling.spread({"app.kubernetes.io/name": "snapshot-controller"}),
            "resources": scheduling.resources("10m", "64Mi", most="256Mi"),
        },
    }


def snapshot_class(driver: str, *, keep: bool) -> dict[str, Any]:
    """What a VolumeSnapshotClass says; Ceph's drivers must be told which cluster, and whose keys to use."""
    own: dict[str, str] = {}
    for kind in ("rbd", "cephfs"):
        if driver == f"{names.NAMESPACE}.{kind}.csi.ceph.com":
            own = {
                "clusterID": names.NAMESPACE,
                "csi.storage.k8s.io/snapshotter-secret-name": f"rook-csi-{kind}-provisioner",
                "csi.storage.k8s.io/snapshotter-secret-namespace": names.NAMESPACE,
            }
    parameters = {"parameters": own} if own else {}
    return {"driver": driver, "deletionPolicy": "Retain" if keep else "Delete", **parameters}
