"""Ceph: what it is asked for, in which order, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from components.storage import ceph_manifests as manifests
from components.storage.ceph import CephCluster, CephClusterArgs
from infra.environment.storage.ceph import OFFERS, Ceph
from tests.components.storage.judging import complaints, needs_upstream, unknown_values
from tests.components.support import SCOPE, Found, record_component

KINDS = {"block": "CephBlockPool", "shared": "CephFilesystem", "objects": "CephObjectStore"}
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"nodes": {"example.com/disks": "yes"}, "devices": "^nvme[1-9]n1$", "spread": "zone"},
    {"keep": "destroy", "wipe": True, "replicas": 1, "monitors": 1, "spread": "osd"},
    {"certificate": "lake-certificate", "offers": ["objects"]},
)


def recorded(*, snapshots: bool = True, **settings: Any) -> Found:
    ceph = Ceph.model_validate(settings)
    args = CephClusterArgs(scope=SCOPE, ceph=ceph, snapshots=snapshots, users=("b-training", "a-serving"))
    return record_component(lambda opts: CephCluster("ceph", args, opts))


def spec(kind: str, **settings: Any) -> Any:
    return recorded(**settings).inputs(kind)["spec"]


@needs_upstream
@pytest.mark.parametrize("settings", SETTINGS)
def test_rooks_own_definitions_have_nothing_against_it(settings: dict[str, Any]) -> None:
    found = [one for one in recorded(**settings).resources if one.type.startswith("kubernetes:ceph.rook.io/")]
    assert found
    for one in found:
        assert complaints(one.inputs) == []


@needs_upstream
def test_a_definition_does_complain() -> None:
    inputs = dict(recorded().inputs("CephCluster"))
    assert complaints({**inputs, "spec": {**inputs["spec"], "moon": {"count": 3}}})
    assert complaints({**inputs, "spec": {**inputs["spec"], "mon": {"count": 10}}})


@needs_upstream
def test_the_operators_chart_has_the_values() -> None:
    assert unknown_values("rook-ceph", manifests.operator_values()) == []


@pytest.mark.parametrize("snapshots", [True, False])
def test_the_drivers_chart_has_the_values(snapshots: bool) -> None:
    read_but_not_listed = ["operatorConfig.driverSpecDefaults.controllerPlugin.priorityClassName"]
    values = manifests.driver_values(snapshots=snapshots)
    assert unknown_values("ceph-csi-drivers", values) == read_but_not_listed
    assert unknown_values("ceph-csi-drivers", {"drivers": {"rdb": {}}}) == ["drivers.rdb"]


def test_drivers_take_snapshots_only_where_there_are_some() -> None:
    for snapshots, policy in ((True, "volumeSnapshot"), (False, "none")):
        drivers = recorded(snapshots=snapshots).inputs("Release", "ceph-csi-drivers")["values"]["drivers"]
        assert {drivers["rbd"]["snapshotPolicy"], drivers["cephfs"]["snapshotPolicy"]} == {policy}


@pytest.mark.parametrize("settings", SETTINGS)
def test_data_is_encrypted_on_disks_and_on_the_wire(settings: dict[str, Any]) -> None:
    cluster = spec("CephCluster", **settings)
    assert cluster["storage"]["config"]["encryptedDevice"] == "true"
    assert cluster["network"]["connections"]["encryption"] == {"enabled": True}
    assert cluster["network"]["connections"]["requireMsgr2"] is True
    assert cluster["dashboard"] == {"enabled": False}


def test_only_disks_and_nodes_that_were_named_are_taken() -> None:
    assert spec("CephCluster")["storage"]["useAllDevices"] is True
    named = spec("CephCluster", nodes={"example.com/disks": "yes"}, devices="^sd[b-z]$")
    assert named["storage"]["useAllDevices"] is False
    assert named["storage"]["deviceFilter"] == "^sd[b-z]$"
    required = named["placement"]["all"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "example.com/disks", "operator": "In", "values": ["yes"]}]}
    ]


def test_copies_are_spread_and_a_single_one_is_said_to_be_meant() -> None:
    assert spec("CephBlockPool", replicas=3, spread="zone") == {
        "failureDomain": "zone",
        "replicated": {"size": 3, "requireSafeReplicaSize": True},
    }
    pool = spec("CephFilesystem", replicas=1, keep="destroy")["dataPools"][0]
    assert pool["replicated"] == {"size": 1, "requireSafeReplicaSize": False}


@pytest.mark.parametrize("offer", OFFERS)
def test_only_what_is_offered_is_made(offer: str) -> None:
    found = recorded(offers=[offer])
    assert [kind for kind in KINDS.values() if found.all(kind)] == [KINDS[offer]]
    assert bool(found.all("StorageClass")) == (offer != "objects")


def test_the_object_store_speaks_tls_where_there_is_a_certificate() -> None:
    plain, tls = spec("CephObjectStore"), spec("CephObjectStore", certificate="a-certificate")
    assert (plain["gateway"]["port"], "securePort" in plain["gateway"]) == (80, False)
    assert (tls["gateway"]["securePort"], "port" in tls["gateway"]) == (443, False)
    assert tls["gateway"]["sslCertificateRef"] == "a-certificate"
    assert plain["allowUsersInNamespaces"] == ["a-serving", "b-training"]


def test_volumes_use_rooks_own_keys() -> None:
    found = recorded()
    for name, kind in (("ceph-block", "rbd"), ("ceph-shared", "cephfs")):
        inputs = found.inputs("StorageClass", f"ceph-{name}")
        assert inputs["provisioner"] == f"rook-ceph.{kind}.csi.ceph.com"
        parameters = inputs["parameters"]
        assert parameters["csi.storage.k8s.io/node-stage-secret-name"] == f"rook-csi-{kind}-node"
        assert parameters["csi.storage.k8s.io/provisioner-secret-namespace"] == "rook-ceph"


def test_operator_and_drivers_are_there_first_and_go_last() -> None:
    found = recorded()
    operator = {"Namespace::ceph", "Release::rook-ceph", "Release::ceph-csi-drivers"}
    assert operator <= found.before(found.one("CephCluster"))
    assert {"Release::rook-ceph"} <= found.before(found.one("Release", "ceph-csi-drivers"))
    for kind in KINDS.values():
        assert "CephCluster::ceph-CephCluster" in found.before(found.one(kind))
    assert "CephBlockPool::ceph-CephBlockPool" in found.before(found.one("StorageClass", "ceph-ceph-block"))
    assert "CephFilesystem::ceph-CephFilesystem" in found.before(
        found.one("StorageClass", "ceph-ceph-shared")
    )


def test_what_rook_says_is_waited_for() -> None:
    for kind in ("CephCluster", "CephObjectStore"):
        annotations = recorded().inputs(kind)["metadata"]["annotations"]
        assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.phase}=Ready"


def test_what_is_kept_is_protected_and_stays_with_all_that_runs_it() -> None:
    found = recorded(keep="retain")
    custom = [one for one in found.resources if one.custom and not one.type.startswith("pulumi:")]
    assert len(custom) == 9
    assert all(one.protect and one.retain_on_delete for one in custom), custom
    assert spec("CephFilesystem")["preserveFilesystemOnDelete"] is True
    assert spec("CephObjectStore")["preservePoolsOnDelete"] is True


def test_what_is_not_kept_goes_without_a_trace() -> None:
    found = recorded(keep="destroy")
    assert not any(one.protect or one.retain_on_delete for one in found.resources)
    assert found.inputs("CephObjectStore")["spec"]["preservePoolsOnDelete"] is False


def test_disks_are_wiped_only_when_asked() -> None:
    # Rook configures nothing once this is set, so a cluster that has it from the start never comes up.
    assert "cleanupPolicy" not in spec("CephCluster", keep="destroy")
    wiped = spec("CephCluster", keep="destroy", wipe=True)["cleanupPolicy"]
    assert wiped["confirmation"] == "yes-really-destroy-data"
