"""Volumes for claims."""

from __future__ import annotations

from typing import Any

from operations.twin.kubernetes import volumes
from operations.twin.kubernetes.api import Api, Ref
from tests.operations.twin.kubernetes.manifests import thing

ASKED = {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}


def claim(name: str = "data", annotations: dict[str, str] = ASKED, **spec: Any) -> dict[str, Any]:
    wishes = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "8Gi"}},
        "storageClassName": "gp3",
    }
    metadata = {"annotations": annotations, "uid": "u1"}
    return thing("PersistentVolumeClaim", name, "default", metadata=metadata, spec={**wishes, **spec})


def test_a_claim_that_asks_gets_a_volume_of_its_size_and_class() -> None:
    (volume,) = volumes.wanted([claim()], {"gp3": {"reclaimPolicy": "Retain"}})
    assert volume["metadata"]["name"] == "pvc-u1"
    assert volume["spec"]["capacity"] == {"storage": "8Gi"}
    assert volume["spec"]["claimRef"]["uid"] == "u1"
    assert volume["spec"]["csi"] == {"driver": "ebs.csi.aws.com", "volumeHandle": "pvc-u1"}
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volumes.wanted([claim()], {})[0]["spec"]["persistentVolumeReclaimPolicy"] == "Delete"


def test_it_is_where_the_pod_is_and_can_be_mounted_as_its_class_says() -> None:
    asked = {**ASKED, "volume.kubernetes.io/selected-node": "n1"}
    labels = {"n1": {"topology.kubernetes.io/zone": "us-east-1b", "kubernetes.io/hostname": "n1"}}
    classes = {"gp3": {"mountOptions": ["noatime"]}}
    (volume,) = volumes.wanted([claim(annotations=asked)], classes, labels)
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [
        {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-east-1b"]}
    ]
    assert volume["spec"]["mountOptions"] == ["noatime"]
    anywhere = {**asked, "volume.kubernetes.io/storage-provisioner": "efs.csi.aws.com"}
    (volume,) = volumes.wanted([claim(annotations=anywhere)], classes, labels)
    assert "nodeAffinity" not in volume["spec"]
    here = {**asked, "volume.kubernetes.io/storage-provisioner": "rancher.io/local-path"}
    (volume,) = volumes.wanted([claim(annotations=here)], classes, labels)
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["key"] == "kubernetes.io/hostname"
    assert volume["spec"]["hostPath"]["path"].endswith("/pvc-u1"), "it is no CSI driver"


def test_others_get_none() -> None:
    assert volumes.wanted([claim(annotations={}), claim(volumeName="pv-1")], {}) == ()


def test_volumes_go_when_they_are_released_and_only_then(api: Api) -> None:
    def volume(name: str, phase: str, policy: str, **annotations: str) -> dict[str, Any]:
        metadata = {"annotations": annotations}
        spec = {"persistentVolumeReclaimPolicy": policy}
        return thing("PersistentVolume", name, metadata=metadata, spec=spec, status={"phase": phase})

    ours = {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}
    found = [
        volume("gone", "Released", "Delete", **ours),
        volume("kept", "Released", "Retain", **ours),
        volume("used", "Bound", "Delete", **ours),
        volume("theirs", "Released", "Delete"),
    ]
    assert volumes.released(found) == (Ref("v1", "PersistentVolume", "gone"),)
    for manifest in found:
        api.apply(manifest, manager="test")
    volumes.provision(api)
    assert {value["metadata"]["name"] for value in api.list("v1", "PersistentVolume")} == {
        "kept", "used", "theirs"
    }  # fmt: skip


def test_nothing_is_made_twice(api: Api) -> None:
    api.apply(claim(), manager="test")
    volumes.provision(api)
    before = api.list("v1", "PersistentVolume")
    volumes.provision(api)
    assert len(before) == 1
    assert api.list("v1", "PersistentVolume") == before
