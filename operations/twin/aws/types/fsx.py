"""FSx: Lustre file systems, and their links to S3."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Change, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list
from operations.twin.aws.values import decapitalised
from operations.twin.backend import UNKNOWN

_CONFIGURATION: Final = (
    "automaticBackupRetentionDays",
    "copyTagsToBackups",
    "dailyAutomaticBackupStartTime",
    "dataCompressionType",
    "dataReadCacheConfiguration",
    "deploymentType",
    "efaEnabled",
    "logConfiguration",
    "metadataConfiguration",
    "perUnitStorageThroughput",
    "rootSquashConfiguration",
    "throughputCapacity",
    "weeklyMaintenanceStartTime",
)
"""Inputs that FSx has within its Lustre configuration."""
_CHANGEABLE: Final = tuple(
    name for name in _CONFIGURATION if name not in {"deploymentType", "efaEnabled", "copyTagsToBackups"}
)
_TAGS: Final = retag(
    lambda operation, keys: operation.call(
        "untag_resource", {"ResourceARN": operation.old["arn"], "TagKeys": keys}
    ),
    lambda operation, tags: operation.call(
        "tag_resource", {"ResourceARN": operation.old["arn"], "Tags": pairs(tags)}
    ),
)


def _capitals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {f"{key[:1].upper()}{key[1:]}": _capitals(item) for key, item in value.items()}
    return value


def _configuration(operation: Operation, names: tuple[str, ...]) -> dict[str, Any]:
    inputs = operation.inputs
    return {f"{name[:1].upper()}{name[1:]}": _capitals(inputs[name]) for name in names if name in inputs}


def _create(operation: Operation) -> dict[str, Any]:
    """A subnet is one text to Pulumi, and a list of one to FSx."""
    inputs = operation.inputs
    return operation.call(
        "create_file_system",
        {
            "ClientRequestToken": uuid.uuid4().hex,
            "FileSystemType": "LUSTRE",
            "StorageCapacity": inputs.get("storageCapacity"),
            "StorageType": inputs.get("storageType"),
            "SubnetIds": [inputs["subnetIds"]],
            "SecurityGroupIds": inputs.get("securityGroupIds"),
            "KmsKeyId": inputs.get("kmsKeyId"),
            "FileSystemTypeVersion": inputs.get("fileSystemTypeVersion"),
            "Tags": tag_list(operation),
            "LustreConfiguration": _configuration(operation, _CONFIGURATION),
        },
    )


def _read(operation: Operation) -> dict[str, Any] | None:
    found: dict[str, Any] | None = operation.find(
        "describe_file_systems", "FileSystems[0]", {"FileSystemIds": [operation.id]}
    )
    return found and {**found, "Lustre": decapitalised(found["LustreConfiguration"])}


def _update(operation: Operation) -> None:
    inputs, old = operation.inputs, operation.old
    grown = inputs.get("storageCapacity") != old.get("storageCapacity")
    operation.call(
        "update_file_system",
        {
            "ClientRequestToken": uuid.uuid4().hex,
            "FileSystemId": operation.id,
            "StorageCapacity": inputs.get("storageCapacity") if grown else None,
            "FileSystemTypeVersion": inputs.get("fileSystemTypeVersion"),
            "LustreConfiguration": _configuration(operation, _CHANGEABLE),
        },
    )


def _delete(operation: Operation) -> None:
    inputs = operation.inputs
    last = {
        "SkipFinalBackup": inputs.get("skipFinalBackup", True),
        "FinalBackupTags": pairs(inputs.get("finalBackupTags")),
    }
    scratch = str(inputs.get("deploymentType")).startswith("SCRATCH")
    operation.call(
        "delete_file_system",
        {"FileSystemId": operation.id, "LustreConfiguration": None if scratch else last},
    )


def _one_way(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """What forces a new file system only in one direction, as the provider sees it.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/fsx/lustre_file_system.go
    """
    forced = set()
    before, after = old.get("storageCapacity"), new.get("storageCapacity")
    if before and after and after < before:
        forced.add("storageCapacity")
    if _iops(new) < _iops(old):
        forced.add("metadataConfiguration")
    before, after = (str(side.get("fileSystemTypeVersion", "")) for side in (old, new))
    if before and after and after < before:
        forced.add("fileSystemTypeVersion")
    return frozenset(forced)


def _iops(inputs: Mapping[str, Any]) -> int:
    given = inputs.get("metadataConfiguration")
    return int(given.get("iops") or 0) if isinstance(given, Mapping) else 0


def _throughput(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Judges throughput as the provider does, before anything is created."""
    given = inputs.get("perUnitStorageThroughput", UNKNOWN)
    if given is not UNKNOWN and given not in {12, 40, 50, 100, 125, 200, 250, 500, 1000}:
        yield "perUnitStorageThroughput", f"{given} is not a throughput that FSx has"
    capacity = inputs.get("storageCapacity", UNKNOWN)
    if capacity is not UNKNOWN and capacity < 1200:
        yield "storageCapacity", f"{capacity} is below the least that FSx has, 1200"


LUSTRE_FILE_SYSTEM = Type(
    type="aws:fsx/lustreFileSystem:LustreFileSystem",
    service="fsx",
    word="file-system",
    required=("subnetIds",),
    optional=(
        *_CONFIGURATION,
        "fileSystemTypeVersion",
        "finalBackupTags",
        "kmsKeyId",
        "securityGroupIds",
        "skipFinalBackup",
        "storageCapacity",
        "storageType",
    ),
    taggable=True,
    rules=(_throughput,),
    defaults={"deploymentType": "SCRATCH_1", "storageType": "SSD"},
    create=_create,
    id="FileSystem.FileSystemId",
    read=_read,
    outputs={
        "arn": "ResourceARN",
        "dnsName": "DNSName",
        "mountName": "Lustre.mountName",
        "networkInterfaceIds": "NetworkInterfaceIds",
        "ownerId": "OwnerId",
        "vpcId": "VpcId",
        "subnetIds": "SubnetIds[0]",
        "securityGroupIds": "SecurityGroupIds",
        "kmsKeyId": "KmsKeyId",
        "storageCapacity": "StorageCapacity",
        "storageType": "StorageType",
        "fileSystemTypeVersion": "FileSystemTypeVersion",
        **{name: f"Lustre.{name}" for name in _CONFIGURATION},
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("storageCapacity", "fileSystemTypeVersion", *_CHANGEABLE), step=_update, on_create=False
        ),
        _TAGS,
    ),
    delete=_delete,
    replace=frozenset(
        {
            "copyTagsToBackups",
            "deploymentType",
            "efaEnabled",
            "kmsKeyId",
            "securityGroupIds",
            "storageType",
            "subnetIds",
        }
    ),
    replaces=_one_way,
    kept=frozenset({"kmsKeyId", "fileSystemTypeVersion", "logConfiguration", "weeklyMaintenanceStartTime"}),
)


def _link_configuration(operation: Operation) -> dict[str, Any] | None:
    given = operation.inputs.get("s3")
    return None if given is None else _capitals(given)


DATA_REPOSITORY_ASSOCIATION = Type(
    type="aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
    service="fsx",
    word="data-repository-association",
    required=("dataRepositoryPath", "fileSystemId", "fileSystemPath"),
    optional=("batchImportMetaDataOnCreate", "deleteDataInFilesystem", "importedFileChunkSize", "s3"),
    taggable=True,
    create=lambda operation: operation.call(
        "create_data_repository_association",
        {
            "FileSystemId": operation.inputs["fileSystemId"],
            "FileSystemPath": operation.inputs["fileSystemPath"],
            "DataRepositoryPath": operation.inputs["dataRepositoryPath"],
            "BatchImportMetaDataOnCreate": operation.inputs.get("batchImportMetaDataOnCreate"),
            "ImportedFileChunkSize": operation.inputs.get("importedFileChunkSize"),
            "S3": _link_configuration(operation),
            "ClientRequestToken": uuid.uuid4().hex,
            "Tags": tag_list(operation),
        },
    ),
    id="Association.AssociationId",
    read=lambda operation: operation.find(
        "describe_data_repository_associations", "Associations[0]", {"AssociationIds": [operation.id]}
    ),
    outputs={
        "arn": "ResourceARN",
        "associationId": "AssociationId",
        "fileSystemId": "FileSystemId",
        "fileSystemPath": "FileSystemPath",
        "dataRepositoryPath": "DataRepositoryPath",
        "importedFileChunkSize": "ImportedFileChunkSize",
        "s3": lambda _, found: decapitalised(found.get("S3")),
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("s3", "importedFileChunkSize"),
            step=lambda operation: operation.call(
                "update_data_repository_association",
                {
                    "AssociationId": operation.id,
                    "S3": _link_configuration(operation),
                    "ImportedFileChunkSize": operation.inputs.get("importedFileChunkSize"),
                },
            ),
            on_create=False,
        ),
        _TAGS,
    ),
    delete=lambda operation: operation.call(
        "delete_data_repository_association",
        {
            "AssociationId": operation.id,
            "DeleteDataInFileSystem": operation.inputs.get("deleteDataInFilesystem", False),
        },
    ),
    replace=frozenset({"dataRepositoryPath", "fileSystemId", "fileSystemPath"}),
    kept=frozenset({"importedFileChunkSize", "s3"}),
)
