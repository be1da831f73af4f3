"""What an EFS file system is asked for: plain data, and the policies around it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from infra import iam
from infra.environment.storage.shared import Shared
from infra.places import Place

PORT: Final = 2049
"""NFS, TCP: https://docs.aws.amazon.com/efs/latest/ug/network-access.html"""

DRIVER: Final = "efs.csi.aws.com"
SHOWN: Final = "8Ei"
"""The capacity that volumes show: EFS has no limit, and volumes must have one."""

_FIRST_ID: Final = 100_000
_IDS: Final = 2_000_000_000
"""POSIX ids of teams, above those of people and below 2**31."""


def settings(shared: Shared) -> dict[str, Any]:
    """The arguments of a file system that follow from its section alone."""
    made: dict[str, Any] = {
        "performance_mode": "generalPurpose",
        "throughput_mode": shared.performance,
        "lifecycle_policies": lifecycle(shared),
    }
    if shared.throughput is not None:
        made["provisioned_throughput_in_mibps"] = shared.throughput
    return made


def lifecycle(shared: Shared) -> list[dict[str, str]]:
    """When files move to colder tiers; read once, they come back.

    https://docs.aws.amazon.com/efs/latest/ug/API_LifecyclePolicy.html
    """
    rules = []
    if shared.infrequent_after is not None:
        rules.append({"transition_to_ia": _after(shared.infrequent_after)})
    if shared.archived_after is not None:
        rules.append({"transition_to_archive": _after(shared.archived_after)})
    return [*rules, {"transition_to_primary_storage_class": "AFTER_1_ACCESS"}] if rules else []


def _after(age: str) -> str:
    days = int(age.removesuffix("d"))
    return f"AFTER_{days}_DAY" if days == 1 else f"AFTER_{days}_DAYS"


def policy(place: Place, file_system_arn: str) -> str:
    """Who may do what: by a mount target, over TLS, and by an access point of it; nobody is root in it.

    Nobody can mount the root, and so see what is others', without changing this first. What lets a node in is
    the mount targets' security group; which folder a pod gets is decided by its volume, and so by its team.
    https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    """
    return iam.document(
        {
            "Sid": "ByAccessPoint",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Resource": file_system_arn,
            "Condition": {
                "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
                "ArnLike": {
                    "elasticfilesystem:AccessPointArn": place.arn("elasticfilesystem", "access-point/*")
                },
            },
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "*",
            "Resource": file_system_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def team_id(team: str) -> int:
    """The POSIX id that a team's volumes belong to: its own for ever, whichever teams come and go.

    A range from which the driver draws would give a volume that is made again another id, and so no way to
    its old files.
    """
    digest = hashlib.sha256(team.encode()).digest()
    return _FIRST_ID + int.from_bytes(digest[:8], "big") % _IDS


def class_parameters(file_system: Any, team: str) -> dict[str, Any]:
    """Parameters of the class that makes a folder, and an access point to it, for each of a team's claims.

    The folder is called after the claim and stays when that goes: the same claim finds it again.
    https://github.com/kubernetes-sigs/aws-efs-csi-driver#storage-class-parameters-for-dynamic-provisioning
    """
    owner = str(team_id(team))
    return {
        "provisioningMode": "efs-ap",
        "fileSystemId": file_system,
        "directoryPerms": "700",
        "uid": owner,
        "gid": owner,
        "basePath": f"/teams/{team}",
        "subPathPattern": "${.PVC.namespace}/${.PVC.name}",
        "ensureUniqueDirectory": "false",
    }


def home(person: str, uid: int) -> dict[str, Any]:
    """The arguments of the access point of a person's home: whatever a pod runs as, it is this person.

    https://docs.aws.amazon.com/efs/latest/ug/efs-access-points.html
    """
    return {
        "posix_user": {"uid": uid, "gid": uid},
        "root_directory": {
            "path": f"/home/{person}",
            "creation_info": {"owner_uid": uid, "owner_gid": uid, "permissions": "0700"},
        },
    }
