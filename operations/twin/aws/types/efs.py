"""EFS: file systems, their doors, and what guards them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws import rules
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list
from operations.twin.aws.values import decapitalised, text_of_document

_TAGS: Final = retag(
    lambda operation, keys: operation.call("untag_resource", {"ResourceId": operation.id, "TagKeys": keys}),
    lambda operation, tags: operation.call("tag_resource", {"ResourceId": operation.id, "Tags": pairs(tags)}),
)


def _arn(operation: Operation, kind: str, id_: str) -> str:
    facts = operation.facts
    return f"arn:{facts['partition']}:elasticfilesystem:{facts['region']}:{facts['account']}:{kind}/{id_}"


def _lifecycle(operation: Operation) -> None:
    """Makes the rules those that are wanted; each kind of transition is a rule of its own to EFS."""
    given = operation.inputs.get("lifecyclePolicies") or []
    names = {
        "transitionToIa": "TransitionToIA",
        "transitionToArchive": "TransitionToArchive",
        "transitionToPrimaryStorageClass": "TransitionToPrimaryStorageClass",
    }
    wanted = [{names[key]: value} for rule in given for key, value in rule.items()]
    arguments = {"FileSystemId": operation.id, "LifecyclePolicies": wanted}
    operation.call("put_lifecycle_configuration", arguments)


def _read_lifecycle(_: Operation, found: Mapping[str, Any]) -> list[dict[str, str]]:
    names = {"TransitionToIA": "transitionToIa"}
    return [
        {names.get(key) or f"{key[:1].lower()}{key[1:]}": value for key, value in rule.items()}
        for rule in found.get("Rules") or ()
    ]


def _read_system(operation: Operation) -> dict[str, Any] | None:
    system = {"FileSystemId": operation.id}
    found: dict[str, Any] | None = operation.find("describe_file_systems", "FileSystems[0]", system)
    rules_ = operation.find("describe_lifecycle_configuration", "LifecyclePolicies", system)
    return found and {**found, "Rules": rules_}


FILE_SYSTEM = Type(
    type="aws:efs/fileSystem:FileSystem",
    service="efs",
    word="file-system",
    optional=(
        "availabilityZoneName",
        "creationToken",
        "encrypted",
        "kmsKeyId",
        "lifecyclePolicies",
        "performanceMode",
        "provisionedThroughputInMibps",
        "throughputMode",
    ),
    taggable=True,
    create=lambda operation: operation.call(
        "create_file_system",
        {
            "CreationToken": operation.inputs.get("creationToken") or f"terraform-{uuid.uuid4().hex}",
            "PerformanceMode": operation.inputs.get("performanceMode"),
            "Encrypted": operation.inputs.get("encrypted"),
            "KmsKeyId": operation.inputs.get("kmsKeyId"),
            "ThroughputMode": operation.inputs.get("throughputMode"),
            "ProvisionedThroughputInMibps": operation.inputs.get("provisionedThroughputInMibps"),
            "AvailabilityZoneName": operation.inputs.get("availabilityZoneName"),
            "Tags": tag_list(operation),
        },
    ),
    id="FileSystemId",
    read=_read_system,
    outputs={
        "arn": "FileSystemArn",
        "dnsName": lambda operation, _: f"{operation.id}.efs.{operation.region}.amazonaws.com",
        "availabilityZoneId": lambda _, found: found.get("AvailabilityZoneId") or "",
        "creationToken": "CreationToken",
        "encrypted": "Encrypted",
        "kmsKeyId": "KmsKeyId",
        "lifecyclePolicies": _read_lifecycle,
        "name": lambda operation, _: (operation.inputs.get("tags") or {}).get("Name", ""),
        "numberOfMountTargets": "NumberOfMountTargets",
        "ownerId": "OwnerId",
        "performanceMode": "PerformanceMode",
        "provisionedThroughputInMibps": "ProvisionedThroughputInMibps",
        "sizeInBytes": lambda _, found: [
            {"value": found["SizeInBytes"]["Value"], "valueInIa": 0, "valueInStandard": 0}
        ],
        "throughputMode": "ThroughputMode",
        "tags": read_tags,
    },
    changes=(
        Change(inputs=("lifecyclePolicies",), step=_lifecycle),
        Change(
            inputs=("throughputMode", "provisionedThroughputInMibps"),
            step=Call(
                "update_file_system",
                {
                    "FileSystemId": "$id",
                    "ThroughputMode": "$throughputMode",
                    "ProvisionedThroughputInMibps": "$provisionedThroughputInMibps",
                },
            ),
            on_create=False,
        ),
        _TAGS,
    ),
    delete=Call("delete_file_system", {"FileSystemId": "$id"}),
    replace=frozenset({"availabilityZoneName", "creationToken", "encrypted", "kmsKeyId", "performanceMode"}),
    kept=frozenset({"creationToken", "performanceMode", "kmsKeyId"}),
    volatile=("numberOfMountTargets", "name"),
)


def _read_target(operation: Operation) -> dict[str, Any] | None:
    target = {"MountTargetId": operation.id}
    found: dict[str, Any] | None = operation.find("describe_mount_targets", "MountTargets[0]", target)
    groups = operation.find("describe_mount_target_security_groups", "SecurityGroups", target)
    return found and {**found, "SecurityGroups": groups}


MOUNT_TARGET = Type(
    type="aws:efs/mountTarget:MountTarget",
    service="efs",
    word="mount-target",
    required=("fileSystemId", "subnetId"),
    optional=("ipAddress", "securityGroups"),
    create=Call(
        "create_mount_target",
        {
            "FileSystemId": "$fileSystemId",
            "SubnetId": "$subnetId",
            "IpAddress": "$ipAddress",
            "SecurityGroups": "$securityGroups",
        },
    ),
    id="MountTargetId",
    read=_read_target,
    outputs={
        "fileSystemId": "FileSystemId",
        "fileSystemArn": lambda operation, found: _arn(operation, "file-system", found["FileSystemId"]),
        "subnetId": "SubnetId",
        "ipAddress": "IpAddress",
        "securityGroups": "SecurityGroups",
        "networkInterfaceId": "NetworkInterfaceId",
        "availabilityZoneId": "AvailabilityZoneId",
        "availabilityZoneName": "AvailabilityZoneName",
        "mountTargetDnsName": lambda operation, found: (
            f"{found['AvailabilityZoneName']}.{found['FileSystemId']}.efs.{operation.region}.amazonaws.com"
        ),
        "ownerId": "OwnerId",
        "dnsName": lambda operation, found: f"{found['FileSystemId']}.efs.{operation.region}.amazonaws.com",
    },
    changes=(
        Change(
            inputs=("securityGroups",),
            step=Call(
                "modify_mount_target_security_groups",
                {"MountTargetId": "$id", "SecurityGroups": "$securityGroups"},
            ),
            on_create=False,
        ),
    ),
    delete=Call("delete_mount_target", {"MountTargetId": "$id"}),
    replace=frozenset({"fileSystemId", "ipAddress", "subnetId"}),
    delete_before_replace=True,
    kept=frozenset({"ipAddress", "securityGroups"}),
)


def _posix_user(operation: Operation) -> dict[str, Any] | None:
    given = operation.inputs.get("posixUser")
    return given and {
        "Uid": given["uid"],
        "Gid": given["gid"],
        "SecondaryGids": given.get("secondaryGids"),
    }


def _root_directory(operation: Operation) -> dict[str, Any] | None:
    given = operation.inputs.get("rootDirectory")
    if given is None:
        return None
    info = given.get("creationInfo")
    return {
        "Path": given.get("path"),
        "CreationInfo": info
        and {
            "OwnerUid": info["ownerUid"],
            "OwnerGid": info["ownerGid"],
            "Permissions": info["permissions"],
        },
    }


ACCESS_POINT = Type(
    type="aws:efs/accessPoint:AccessPoint",
    service="efs",
    word="access-point",
    required=("fileSystemId",),
    optional=("posixUser", "rootDirectory"),
    taggable=True,
    create=lambda operation: operation.call(
        "create_access_point",
        {
            "ClientToken": uuid.uuid4().hex,
            "FileSystemId": operation.inputs["fileSystemId"],
            "PosixUser": _posix_user(operation),
            "RootDirectory": _root_directory(operation),
            "Tags": tag_list(operation),
        },
    ),
    id="AccessPointId",
    read=lambda operation: operation.find(
        "describe_access_points", "AccessPoints[0]", {"AccessPointId": operation.id}
    ),
    outputs={
        "arn": "AccessPointArn",
        "fileSystemArn": lambda operation, found: _arn(operation, "file-system", found["FileSystemId"]),
        "fileSystemId": "FileSystemId",
        "ownerId": "OwnerId",
        "posixUser": lambda _, found: decapitalised(found.get("PosixUser")) or None,
        "rootDirectory": lambda _, found: decapitalised(found.get("RootDirectory")),
        "tags": read_tags,
    },
    changes=(_TAGS,),
    delete=Call("delete_access_point", {"AccessPointId": "$id"}),
    replace=frozenset({"fileSystemId", "posixUser", "rootDirectory"}),
    kept=frozenset({"rootDirectory"}),
)

FILE_SYSTEM_POLICY = Type(
    type="aws:efs/fileSystemPolicy:FileSystemPolicy",
    service="efs",
    word="none-policy",
    required=("fileSystemId", "policy"),
    optional=("bypassPolicyLockoutSafetyCheck",),
    rules=(rules.policy("policy"),),
    create=Call("put_file_system_policy", {"FileSystemId": "$fileSystemId", "Policy": "$policy"}),
    id="{fileSystemId}",
    read=lambda operation: operation.find("describe_file_system_policy", "@", {"FileSystemId": operation.id}),
    outputs={
        "fileSystemId": lambda operation, _: operation.id,
        "policy": lambda _, found: text_of_document(found["Policy"]),
    },
    changes=(
        Change(
            inputs=("policy",),
            step=Call("put_file_system_policy", {"FileSystemId": "$id", "Policy": "$policy"}),
            on_create=False,
        ),
    ),
    delete=Call("delete_file_system_policy", {"FileSystemId": "$id"}),
    replace=frozenset({"fileSystemId"}),
)


def _switch(status: Any) -> Call:
    return Call("put_backup_policy", {"FileSystemId": "$fileSystemId", "BackupPolicy": {"Status": status}})


BACKUP_POLICY = Type(
    type="aws:efs/backupPolicy:BackupPolicy",
    service="efs",
    word="none-backup-policy",
    required=("backupPolicy", "fileSystemId"),
    create=_switch("$backupPolicy.status"),
    id="{fileSystemId}",
    read=lambda operation: operation.find(
        "describe_backup_policy", "BackupPolicy", {"FileSystemId": operation.id}
    ),
    outputs={
        "fileSystemId": lambda operation, _: operation.id,
        "backupPolicy": lambda _, found: {"status": found["Status"]},
    },
    changes=(Change(inputs=("backupPolicy",), step=_switch("$backupPolicy.status"), on_create=False),),
    delete=Call("put_backup_policy", {"FileSystemId": "$id", "BackupPolicy": {"Status": "DISABLED"}}),
    replace=frozenset({"fileSystemId"}),
)
