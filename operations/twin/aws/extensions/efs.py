"""EFS: what moto lacks or lets pass: keys that exist, changes of throughput, backups, policies that go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store


def _system(place: Place, id_: str) -> Any:
    found = store.backend("efs", place).file_systems_by_id.get(id_)
    if found is None:
        raise ApiError("FileSystemNotFound", f"File system '{id_}' does not exist.")
    return found


def _check_throughput(mode: str | None, provisioned: float | None) -> None:
    if (mode == "provisioned") != bool(provisioned):
        raise ApiError(
            "BadRequest", "ProvisionedThroughputInMibps goes with the mode provisioned, and only so"
        )


def create_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a file system, with a key that exists."""
    key = arguments.get("KmsKeyId")
    if key and key not in {known.arn for known in store.backend("kms", place).keys.values()}:
        raise ApiError("BadRequest", f"The KMS key '{key}' does not exist")
    _check_throughput(arguments.get("ThroughputMode"), arguments.get("ProvisionedThroughputInMibps"))
    made = store.backend("efs", place).create_file_system(
        creation_token=arguments["CreationToken"],
        performance_mode=arguments.get("PerformanceMode", "generalPurpose"),
        encrypted=arguments.get("Encrypted", False),
        kms_key_id=key,
        throughput_mode=arguments.get("ThroughputMode", "bursting"),
        provisioned_throughput_in_mibps=arguments.get("ProvisionedThroughputInMibps"),
        availability_zone_name=arguments.get("AvailabilityZoneName"),
        backup=arguments.get("Backup", False),
        tags=arguments.get("Tags") or [],
    )
    return dict(made.info_json())


def update_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes how throughput is had."""
    found = _system(place, arguments["FileSystemId"])
    mode = arguments.get("ThroughputMode", found.throughput_mode)
    _check_throughput(mode, arguments.get("ProvisionedThroughputInMibps"))
    found.throughput_mode = mode
    found.provisioned_throughput_in_mibps = arguments.get("ProvisionedThroughputInMibps")
    return dict(found.info_json())


def create_access_point(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes an access point of a file system that exists."""
    _system(place, arguments["FileSystemId"])
    made = store.backend("efs", place).create_access_point(
        arguments["ClientToken"],
        tags=arguments.get("Tags") or [],
        file_system_id=arguments["FileSystemId"],
        posix_user=arguments.get("PosixUser") or {},
        root_directory=arguments.get("RootDirectory") or {},
    )
    return dict(made.info_json())


def delete_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a file system that has no mount targets any more; its access points go with it."""
    efs, id_ = store.backend("efs", place), arguments["FileSystemId"]
    efs.delete_file_system(id_)
    for key in [key for key, point in efs.access_points.items() if point.file_system_id == id_]:
        efs.delete_access_point(key)
    return {}


def put_backup_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Switches daily backups."""
    found = _system(place, arguments["FileSystemId"])
    found._backup = arguments["BackupPolicy"]["Status"] == "ENABLED"
    return describe_backup_policy(place, arguments)


def describe_backup_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tells whether there are daily backups; moto fails where there are none."""
    found = _system(place, arguments["FileSystemId"])
    return {"BackupPolicy": {"Status": "ENABLED" if found._backup else "DISABLED"}}


def delete_file_system_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes the policy."""
    _system(place, arguments["FileSystemId"]).file_system_policy = None
    return {}


def describe_file_system_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the policy, or says in EFS' words that there is none."""
    found = _system(place, arguments["FileSystemId"])
    if not found.file_system_policy:
        raise ApiError("PolicyNotFound", "The file system has no policy.")
    return {"FileSystemId": found.file_system_id, "Policy": found.file_system_policy}
