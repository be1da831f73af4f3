"""Plays the storage provisioners of a cloud: volumes for the claims that wait for one.

Kubernetes' own controllers then bind claim and volume as they do everywhere.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from operations.twin.kubernetes.api import Api, Manifest, Ref
from operations.twin.kubernetes.values import lookup

logger = logging.getLogger(__name__)

MANAGER: Final = "mlcluster-volumes"

# https://kubernetes.io/docs/reference/labels-annotations-taints/
_PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
_PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
_SELECTED: Final = "volume.kubernetes.io/selected-node"

_REACH: Final[Mapping[str, str]] = {
    # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md (volume topology)
    "ebs.csi.aws.com": "topology.kubernetes.io/zone",
    "rancher.io/local-path": "kubernetes.io/hostname",
    "local.csi.openebs.io": "kubernetes.io/hostname",
    "openebs.io/local": "kubernetes.io/hostname",
    "topolvm.io": "kubernetes.io/hostname",
}
"""The label within whose value a provisioner's volumes can be mounted; all others' can be from anywhere."""
_LOOK_S: Final = 1.0
_PAUSE_S: Final = 5.0
_CLASS: Final = "storage.k8s.io/v1", "StorageClass"


def wanted(
    claims: Iterable[Manifest],
    classes: Mapping[str, Manifest],
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Manifest, ...]:
    """Returns the volumes for those claims that wait for a provisioner, whichever it is; pure.

    Args:
        claims: All claims. A controller has noted in each whom it waits for, once it may be provisioned: at
            once, or when a pod that uses it has its node. It waits for nobody when it asks for a volume by
            name, or for one of no class: those are bound by the controller alone.
        classes: Storage classes by name: they say what becomes of a volume when its claim goes.
        labels: Nodes' labels, by name: where a volume is that a pod's node decides on.
    """
    return tuple(_volume(claim, classes, labels or {}) for claim in claims if _waits(claim))


def _waits(claim: Manifest) -> bool:
    asked = lookup(claim, ("metadata", "annotations", _PROVISIONER))
    return bool(asked) and not lookup(claim, ("spec", "volumeName"))


def _volume(
    claim: Manifest, classes: Mapping[str, Manifest], labels: Mapping[str, Mapping[str, str]]
) -> Manifest:
    metadata, spec = claim["metadata"], claim["spec"]
    provisioner = metadata["annotations"][_PROVISIONER]
    name = f"pvc-{metadata['uid']}"
    storage_class = spec.get("storageClassName", "")
    known = classes.get(storage_class, {})
    claim_ref: dict[str, Any] = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": metadata["name"],
        "namespace": metadata["namespace"], "uid": metadata["uid"],
    }  # fmt: skip
    given = {
        "mountOptions": known.get("mountOptions"),
        "nodeAffinity": _reach(provisioner, labels.get(metadata["annotations"].get(_SELECTED, ""), {})),
        "volumeAttributesClassName": spec.get("volumeAttributesClassName"),
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: provisioner}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": claim_ref,
            **_source(provisioner, name),
            "persistentVolumeReclaimPolicy": known.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class,
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            **{key: value for key, value in given.items() if value},
        },
    }


def _source(provisioner: str, name: str) -> dict[str, Any]:
    """Returns what a volume is: only provisioners that are no CSI drivers have a slash in their names."""
    if "/" in provisioner:
        return {"hostPath": {"path": f"/var/lib/volumes/{name}"}}
    return {"csi": {"driver": provisioner, "volumeHandle": name}}


def _reach(provisioner: str, labels: Mapping[str, str]) -> dict[str, Any] | None:
    """Returns from which nodes a volume can be mounted that was made for a node; None for all of them."""
    key = _REACH.get(provisioner)
    if key is None or key not in labels:
        return None
    here = {"key": key, "operator": "In", "values": [labels[key]]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}}


def released(volumes: Iterable[Manifest]) -> tuple[Ref, ...]:
    """Returns the volumes of ours whose claims are gone and that are to go with them; pure."""
    return tuple(
        Ref.of(volume)
        for volume in volumes
        if lookup(volume, ("metadata", "annotations", _PROVISIONED_BY))
        and lookup(volume, ("status", "phase")) in {"Released", "Failed"}
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    )


class Volumes:
    """Provisions volumes, in a thread of its own, for a cluster whose controllers ask for them."""

    def __init__(self, api: Api) -> None:
        """Starts."""
        self._api = api
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="volumes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops; the volumes stay."""
        self._stopped.set()
        self._thread.join(_PAUSE_S)

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            try:
                provision(self._api)
            except Exception:
                # As for nodes: whatever it was may be over next time, and a dead thread would stay dead.
                logger.exception("volumes cannot be provisioned now")
                self._stopped.wait(_PAUSE_S)


def provision(api: Api) -> None:
    """Makes the volumes that claims wait for, and removes those whose claims are gone."""
    claims = api.list("v1", "PersistentVolumeClaim")
    if any(_waits(claim) for claim in claims):
        classes = {value["metadata"]["name"]: value for value in api.list(*_CLASS)}
        labels = {
            node["metadata"]["name"]: node["metadata"].get("labels") or {} for node in api.list("v1", "Node")
        }
        for volume in wanted(claims, classes, labels):
            api.apply(volume, manager=MANAGER, force=True)
    for ref in released(api.list("v1", "PersistentVolume")):
        api.delete(ref, propagation="Background")
