"""Plays the storage provisioners of a cloud: volumes for the claims that wait for one.

Kubernetes' own controllers then bind claim and volume as they do everywhere.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any, Final

from operations.twin.kubernetes.api import Api, Manifest, Ref
from operations.twin.kubernetes.values import lookup

logger = logging.getLogger(__name__)

MANAGER: Final = "mlcluster-volumes"

# https://kubernetes.io/docs/reference/labels-annotations-taints/
_PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
_PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
_LOOK_S: Final = 1.0
_PAUSE_S: Final = 5.0


def wanted(claims: Iterable[Manifest], policies: dict[str, str]) -> tuple[Manifest, ...]:
    """Returns the volumes for those claims that wait for a provisioner; pure.

    Args:
        claims: All claims. A controller has noted in each whom it waits for, once it may be provisioned: at
            once, or when a pod that uses it has its node.
        policies: What becomes of its volumes when their claims go, by storage class.
    """
    return tuple(_volume(claim, policies) for claim in claims if _waits(claim))


def _waits(claim: Manifest) -> bool:
    asked = lookup(claim, ("metadata", "annotations", _PROVISIONER))
    return bool(asked) and not lookup(claim, ("spec", "volumeName"))


def _volume(claim: Manifest, policies: dict[str, str]) -> Manifest:
    metadata, spec = claim["metadata"], claim["spec"]
    provisioner = metadata["annotations"][_PROVISIONER]
    name = f"pvc-{metadata['uid']}"
    storage_class = spec.get("storageClassName", "")
    claim_ref: dict[str, Any] = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": metadata["name"],
        "namespace": metadata["namespace"], "uid": metadata["uid"],
    }  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: provisioner}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": claim_ref,
            "csi": {"driver": provisioner, "volumeHandle": name},
            "persistentVolumeReclaimPolicy": policies.get(storage_class, "Delete"),
            "storageClassName": storage_class,
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }


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
        classes = api.list("storage.k8s.io/v1", "StorageClass")
        policies = {value["metadata"]["name"]: str(value.get("reclaimPolicy", "Delete")) for value in classes}
        for volume in wanted(claims, policies):
            api.apply(volume, manager=MANAGER, force=True)
    for ref in released(api.list("v1", "PersistentVolume")):
        api.delete(ref, propagation="Background")
