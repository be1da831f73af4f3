"""Snapshots of volumes."""

from __future__ import annotations

from typing import Annotated, Literal

from infra.environment.fields import Different, Flag, Form
from infra.environment.section import Section

DriverName = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        wrong="is not the name of a CSI driver",
        hint="write one that `kubectl get csidrivers` lists",
        example="csi.vsphere.vmware.com",
    ),
]


class Snapshots(Section):
    """Snapshots and clones of volumes (CSI), with a VolumeSnapshotClass for each driver that has them.

    EBS and Ceph volumes can; EFS, Lustre and Mountpoint for S3 have none.
    """

    keep: Literal["retain", "destroy"] = "destroy"
    """What happens to a snapshot when its VolumeSnapshot goes, with its namespace for instance: `retain`
    leaves it with the storage, where it costs money until somebody deletes it there; `destroy` deletes it."""
    drivers: Annotated[tuple[DriverName, ...], Different] = ()
    """CSI drivers of an existing cluster that can take snapshots, beside Ceph's; each gets a class of its
    name. Only for platform `kubernetes`."""
    controller: Flag = True
    """Whether to install the snapshot controller and its kinds on platform `kubernetes`. `false` where the
    cluster has them already, as many distributions do. On EKS they are an add-on."""
