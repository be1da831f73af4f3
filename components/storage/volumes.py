"""Volumes over storage that exists: plain data in Kubernetes' own terms, and the two objects of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra import naming
from infra.labels import Scope

ASKED: Final = "1Gi"
"""What claims ask for. What they get is the volume's capacity, which `kubectl get pvc` shows: a claim on a
volume that was not made for it can never ask for more later, and shared files have no size of their own."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume as its driver mounts it, for one claim in one namespace."""

    claim: str
    namespace: str
    driver: str
    handle: pulumi.Input[str]
    """How the driver knows it, unlike any other: of two volumes with one handle only one is mounted."""
    attributes: Mapping[str, pulumi.Input[str]]
    capacity: str
    """As a Kubernetes quantity; shown, and enforced by nobody."""
    read_only: bool = False
    options: Sequence[str] = ()
    """Mount options."""

    @property
    def access(self) -> list[str]:
        """How many nodes may have it, and for what."""
        return ["ReadOnlyMany" if self.read_only else "ReadWriteMany"]


def volume_spec(volume: Volume) -> dict[str, Any]:
    """The spec of the PersistentVolume: kept for its claim alone, and never deleted with its files."""
    return {
        "accessModes": volume.access,
        "capacity": {"storage": volume.capacity},
        "volumeMode": "Filesystem",
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "mountOptions": list(volume.options),
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": volume.namespace,
            "name": volume.claim,
        },
        "csi": {
            "driver": volume.driver,
            "volumeHandle": volume.handle,
            "volumeAttributes": dict(volume.attributes),
            "readOnly": volume.read_only,
        },
    }


def claim_spec(volume: Volume, name: pulumi.Input[str]) -> dict[str, Any]:
    """The spec of the claim that gets the volume of that name and no other."""
    return {
        "accessModes": volume.access,
        "resources": {"requests": {"storage": ASKED}},
        "storageClassName": "",
        "volumeName": name,
    }


def bound(
    name: str,
    volume: Volume,
    scope: Scope,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> core.PersistentVolumeClaim:
    """Makes a volume and the claim that has it, as children of a component.

    Args:
        name: The logical name of both.
        volume: What they are of.
        scope: Whose they are: the volume's physical name tells the environment.
        labels: Labels of both.
        opts: Their parent, and what they wait for.
    """
    physical = naming.physical(scope.environment, volume.namespace, volume.claim)
    made = core.PersistentVolume(
        name,
        metadata={"name": physical, "labels": dict(labels)},
        spec=volume_spec(volume),
        opts=opts,
    )
    return core.PersistentVolumeClaim(
        name,
        metadata={"name": volume.claim, "namespace": volume.namespace, "labels": dict(labels)},
        spec=claim_spec(volume, made.metadata["name"]),
        opts=opts,
    )
