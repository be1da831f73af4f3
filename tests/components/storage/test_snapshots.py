"""Snapshots: a class for each driver, and the controller where the cluster has none."""

from __future__ import annotations

from typing import Any

from components.storage.snapshots import (
    EBS_DRIVER,
    SnapshotClasses,
    SnapshotClassesArgs,
    SnapshotController,
    SnapshotControllerArgs,
    controller_values,
)
from infra.environment.storage.snapshots import Snapshots
from tests.components.storage.judging import complaints, needs_upstream, unknown_values
from tests.components.support import SCOPE, Found, record_component

DRIVERS = {
    "ebs": EBS_DRIVER,
    "ceph-block": "rook-ceph.rbd.csi.ceph.com",
    "ceph-shared": "rook-ceph.cephfs.csi.ceph.com",
}


def recorded(**settings: Any) -> Found:
    snapshots = Snapshots.model_validate(settings)

    def build(opts: Any) -> None:
        controller = SnapshotController("snapshot-controller", SnapshotControllerArgs(), opts)
        args = SnapshotClassesArgs(scope=SCOPE, snapshots=snapshots, drivers=DRIVERS, after=controller.ready)
        SnapshotClasses("snapshots", args, opts)

    return record_component(build)


@needs_upstream
def test_the_projects_own_definition_has_nothing_against_it() -> None:
    found = recorded().all("VolumeSnapshotClass")
    assert len(found) == len(DRIVERS)
    for one in found:
        assert complaints(one.inputs) == []
    broken = {key: value for key, value in found[0].inputs.items() if key != "deletionPolicy"}
    assert complaints(broken)
    assert complaints({**found[0].inputs, "deletionPolicy": "Keep"})


def test_the_chart_has_the_values() -> None:
    assert unknown_values("snapshot-controller", controller_values()) == []
    assert recorded().inputs("Release")["chart"] == "snapshot-controller"


def test_ceph_is_told_which_cluster_and_whose_keys() -> None:
    found = recorded()
    assert "parameters" not in found.inputs("VolumeSnapshotClass", "snapshots-ebs")
    for name, kind in (("ceph-block", "rbd"), ("ceph-shared", "cephfs")):
        parameters = found.inputs("VolumeSnapshotClass", f"snapshots-{name}")["parameters"]
        assert parameters["clusterID"] == "rook-ceph"
        assert parameters["csi.storage.k8s.io/snapshotter-secret-name"] == f"rook-csi-{kind}-provisioner"


def test_what_becomes_of_snapshots_is_the_sections_choice() -> None:
    for keep, policy in (("retain", "Retain"), ("destroy", "Delete")):
        found = recorded(keep=keep).all("VolumeSnapshotClass")
        assert {one.inputs["deletionPolicy"] for one in found} == {policy}


def test_velero_finds_one_class_of_each_driver() -> None:
    found = recorded().all("VolumeSnapshotClass")
    marked = [
        one.inputs["driver"]
        for one in found
        if one.inputs["metadata"]["labels"]["velero.io/csi-volumesnapshot-class"] == "true"
    ]
    assert sorted(marked) == sorted(DRIVERS.values())


def test_classes_come_after_the_kinds_and_go_before_them() -> None:
    found = recorded()
    for one in found.all("VolumeSnapshotClass"):
        assert "Release::snapshot-controller" in found.before(one)
