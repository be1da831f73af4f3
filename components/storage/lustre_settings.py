"""What an FSx for Lustre file system is asked for: plain data, and the policies around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra import naming
from infra.environment.storage.lustre import Link, Lustre
from infra.environment.storage.paths import placed
from infra.iam import Statement
from infra.places import Place
from infra.units import GiB, quantity_bytes

VERSION: Final = "2.15"
"""Of Lustre: the newest that FSx has, and what clients on Amazon Linux 2023 speak:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/lustre-client-matrix.html"""

PORTS: Final = ((988, 988), (1018, 1023))
"""TCP ports from and to, between clients and servers and among servers:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html"""

EVENTS: Final = ("NEW", "CHANGED", "DELETED")
"""What is told to the other side of a link."""

_DEPLOYMENTS: Final = {
    "persistent": "PERSISTENT_2",
    "persistent-1": "PERSISTENT_1",
    "scratch": "SCRATCH_2",
}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BACKUP_TIME: Final = "01:00"
"""UTC. A backup takes nothing away from who reads and writes meanwhile."""
_TIERED_METADATA_IOPS: Final = 6000

SHOWN_WITHOUT_LIMIT: Final = "1Pi"
"""The capacity that volumes show where a file system grows with what is in it."""


def settings(lustre: Lustre) -> dict[str, Any]:
    """The arguments of a file system that follow from its section alone."""
    return {
        "deployment_type": _DEPLOYMENTS[lustre.deployment],
        "file_system_type_version": VERSION,
        "data_compression_type": lustre.compression.upper(),
        "weekly_maintenance_start_time": window(lustre.maintenance),
        **_size(lustre),
        **_metadata(lustre),
        **_backups(lustre),
        **({"efa_enabled": True} if lustre.efa else {}),
    }


def _size(lustre: Lustre) -> dict[str, Any]:
    if lustre.mbps is not None:
        return {
            "storage_type": "INTELLIGENT_TIERING",
            "throughput_capacity": lustre.mbps,
            "data_read_cache_configuration": {"sizing_mode": "PROPORTIONAL_TO_THROUGHPUT_CAPACITY"},
        }
    if lustre.capacity is None:
        raise ValueError("a file system on SSD has no capacity: it was never checked")
    size: dict[str, Any] = {"storage_type": "SSD", "storage_capacity": lustre.capacity // GiB}
    if lustre.mbps_per_tib is not None:
        size["per_unit_storage_throughput"] = lustre.mbps_per_tib
    return size


def _metadata(lustre: Lustre) -> dict[str, Any]:
    if lustre.deployment != "persistent":
        return {}
    iops = lustre.metadata_iops or (_TIERED_METADATA_IOPS if lustre.media == "tiered" else None)
    wanted = {"mode": "AUTOMATIC"} if iops is None else {"mode": "USER_PROVISIONED", "iops": iops}
    return {"metadata_configuration": wanted}


def _backups(lustre: Lustre) -> dict[str, Any]:
    """Days of backups: said to be 0 where none are wanted, for FSx would keep 30 days of them."""
    if not lustre.persistent:
        return {}
    last = lustre.keep != "destroy" and not lustre.link
    made: dict[str, Any] = {"automatic_backup_retention_days": 0, "skip_final_backup": not last}
    if lustre.backups is not None:
        made["automatic_backup_retention_days"] = lustre.backups.days
        made["daily_automatic_backup_start_time"] = _BACKUP_TIME
        made["copy_tags_to_backups"] = True
    return made


def window(maintenance: str) -> str:
    """A weekly time as FSx writes it: ``sunday 03:00`` is ``7:03:00``; Monday is 1."""
    day, _, time = maintenance.partition(" ")
    return f"{_DAYS.index(day) + 1}:{time}"


def shown_capacity(lustre: Lustre) -> str:
    """What volumes on it show as their capacity."""
    return SHOWN_WITHOUT_LIMIT if lustre.capacity is None else quantity_bytes(lustre.capacity)


def log_group(environment: str, name: str) -> str:
    """Where FSx writes what it could not move over a link; the name must begin so."""
    return f"/aws/fsx/lustre/{naming.physical(environment, name)}"


def repository(link: Link, buckets: Mapping[str, Any]) -> tuple[Any, str]:
    """The bucket of a link, and the prefix in it with a slash at its end, or "" for all of the bucket."""
    zone, prefix = placed(link.path)
    return buckets[zone], f"{prefix}/" if prefix else ""


def events(link: Link) -> dict[str, Any]:
    """What follows over a link by itself: both ways, or from the lake alone."""
    s3: dict[str, Any] = {"auto_import_policy": {"events": list(EVENTS)}}
    if not link.read_only:
        s3["auto_export_policy"] = {"events": list(EVENTS)}
    return s3


def lake_key(place: Place) -> Statement:
    """A statement of the lake's key: file systems of this account may read and write what it encrypts, by S3.

    FSx works with a role of its own for each file system, which it makes with the first link and which has no
    rights with KMS: https://docs.aws.amazon.com/fsx/latest/LustreGuide/s3-server-side-encryption-support.html
    """
    role = "role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_fs-*"
    return {
        "Sid": "LustreLinks",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": place.account,
                "kms:ViaService": f"s3.{place.region}.{place.dns_suffix}",
            },
            "ArnLike": {"aws:PrincipalArn": f"arn:{place.partition}:iam::{place.account}:{role}"},
        },
    }
