"""RDS: instances, their subnet groups and their parameter groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list
from operations.twin.backend import UNKNOWN

_LONGEST_BACKUPS: Final = 35
_PARTS_AT_ONCE: Final = 20
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html"""
_ZONES: Final = 2

_TAGS: Final = retag(
    lambda operation, keys: operation.call(
        "remove_tags_from_resource", {"ResourceName": operation.old["arn"], "TagKeys": keys}
    ),
    lambda operation, tags: operation.call(
        "add_tags_to_resource", {"ResourceName": operation.old["arn"], "Tags": pairs(tags)}
    ),
)

# --- subnet groups


def _subnets_apart(operation: Operation) -> None:
    """RDS wants subnets of one network in two zones, for a standby could be asked for at any time."""
    wanted = operation.inputs["subnetIds"]
    found = operation.call("describe_subnets", {"SubnetIds": wanted}, service="ec2")["Subnets"]
    if len({subnet["VpcId"] for subnet in found}) > 1:
        raise ApiError("InvalidVPCNetworkStateFault", "The subnets are not all in the same VPC.")
    if len({subnet["AvailabilityZone"] for subnet in found}) < _ZONES:
        raise ApiError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            f"The DB subnet group does not meet the coverage requirement of {_ZONES} zones.",
        )


def _users(operation: Operation, path: str) -> list[str]:
    found: list[str] = operation.find("describe_db_instances", path, {}) or []
    return found


def _subnets_unused(operation: Operation) -> None:
    path = f"DBInstances[?DBSubnetGroup.DBSubnetGroupName=='{operation.id}'].DBInstanceIdentifier"
    users = _users(operation, path)
    if users:
        message = (
            f"Cannot delete the subnet group '{operation.id}': the instance {users[0]} is still using it."
        )
        raise ApiError("InvalidDBSubnetGroupStateFault", message)


def _one(operation: Operation, method: str, path: str, argument: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = operation.find(method, path, {argument: operation.id})
    if found is None:
        return None
    arn = found.get("DBSubnetGroupArn") or found.get("DBParameterGroupArn") or found["DBInstanceArn"]
    return {**found, "Tags": operation.find("list_tags_for_resource", "TagList", {"ResourceName": arn})}


SUBNET_GROUP = Type(
    type="aws:rds/subnetGroup:SubnetGroup",
    service="rds",
    word="subnet-group",
    required=("subnetIds",),
    optional=("name", "namePrefix", "description"),
    taggable=True,
    name=Name(lower=True),
    defaults={"description": "Managed by Pulumi"},
    guards=(_subnets_apart,),
    create=Call(
        "create_db_subnet_group",
        {
            "DBSubnetGroupName": "$name",
            "DBSubnetGroupDescription": "$description",
            "SubnetIds": "$subnetIds",
            "Tags": tag_list,
        },
    ),
    id="{name}",
    read=lambda operation: _one(
        operation, "describe_db_subnet_groups", "DBSubnetGroups[0]", "DBSubnetGroupName"
    ),
    outputs={
        "arn": "DBSubnetGroupArn",
        "name": "DBSubnetGroupName",
        "description": "DBSubnetGroupDescription",
        "subnetIds": "Subnets[].SubnetIdentifier",
        "vpcId": "VpcId",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("subnetIds", "description"),
            step=Call(
                "modify_db_subnet_group",
                {
                    "DBSubnetGroupName": "$id",
                    "DBSubnetGroupDescription": "$description",
                    "SubnetIds": "$subnetIds",
                },
            ),
            on_create=False,
        ),
        _TAGS,
    ),
    delete=Call("delete_db_subnet_group", {"DBSubnetGroupName": "$id"}),
    delete_guards=(_subnets_unused,),
    replace=frozenset({"name", "namePrefix"}),
)

# --- parameter groups


def _parameters_unused(operation: Operation) -> None:
    path = f"DBInstances[?DBParameterGroups[?DBParameterGroupName=='{operation.id}']].DBInstanceIdentifier"
    users = _users(operation, path)
    if users:
        message = f"The instance {users[0]} is still a member of the parameter group {operation.id}."
        raise ApiError("InvalidDBParameterGroupState", message)


def _set_parameters(operation: Operation) -> None:
    """Sets what is given; what is given no longer goes back to the engine's default."""
    given = list(operation.inputs.get("parameters") or ())
    wanted = [
        {
            "ParameterName": one["name"],
            "ParameterValue": one["value"],
            "ApplyMethod": one.get("applyMethod", "immediate"),
        }
        for one in given
    ]
    for start in range(0, len(wanted), _PARTS_AT_ONCE):
        operation.call(
            "modify_db_parameter_group",
            {"DBParameterGroupName": operation.id, "Parameters": wanted[start : start + _PARTS_AT_ONCE]},
        )


PARAMETER_GROUP = Type(
    type="aws:rds/parameterGroup:ParameterGroup",
    service="rds",
    word="parameter-group",
    required=("family",),
    optional=("name", "namePrefix", "description", "parameters", "skipDestroy"),
    taggable=True,
    name=Name(lower=True),
    defaults={"description": "Managed by Pulumi"},
    create=Call(
        "create_db_parameter_group",
        {
            "DBParameterGroupName": "$name",
            "DBParameterGroupFamily": "$family",
            "Description": "$description",
            "Tags": tag_list,
        },
    ),
    id="{name}",
    read=lambda operation: _one(
        operation, "describe_db_parameter_groups", "DBParameterGroups[0]", "DBParameterGroupName"
    ),
    outputs={
        "arn": "DBParameterGroupArn",
        "name": "DBParameterGroupName",
        "family": "DBParameterGroupFamily",
        "description": "Description",
        "tags": read_tags,
    },
    changes=(Change(inputs=("parameters",), step=_set_parameters), _TAGS),
    delete=lambda operation: (
        operation.inputs.get("skipDestroy")
        or operation.call("delete_db_parameter_group", {"DBParameterGroupName": operation.id})
    ),
    delete_guards=(_parameters_unused,),
    replace=frozenset({"name", "namePrefix", "family", "description"}),
)

# --- instances

_FIXED: Final[Mapping[str, str]] = {
    "engine": "Engine",
    "username": "MasterUsername",
    "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId",
    "dbName": "DBName",
}
"""Inputs that cannot be changed, by the names that RDS has for them.

https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/rds/instance.go
"""
_CHANGEABLE: Final[Mapping[str, str]] = {
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "backupWindow": "PreferredBackupWindow",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "deletionProtection": "DeletionProtection",
    "engineVersion": "EngineVersion",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "instanceClass": "DBInstanceClass",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "multiAz": "MultiAZ",
    "parameterGroupName": "DBParameterGroupName",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "publiclyAccessible": "PubliclyAccessible",
    "storageType": "StorageType",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
_FIRST: Final[Mapping[str, str]] = {
    **_FIXED,
    **_CHANGEABLE,
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "port": "Port",
}
"""What is said when it is made."""
_OURS: Final = (
    "allowMajorVersionUpgrade",
    "applyImmediately",
    "deleteAutomatedBackups",
    "finalSnapshotIdentifier",
    "skipFinalSnapshot",
)
"""What the provider does something with, and RDS never tells."""
_READ: Final = {**_FIXED, **_CHANGEABLE}
_ELSEWHERE: Final = {
    # As it was given: RDS tells the whole version, whereof the beginning is enough to ask for it.
    "engineVersion": None,
    "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
    "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
    "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
    "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
    "performanceInsightsEnabled": None,
    "performanceInsightsKmsKeyId": None,
    "performanceInsightsRetentionPeriod": None,
}
"""Where else RDS tells of inputs; None: moto does not."""


def _arguments(operation: Operation, known: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: operation.inputs[ours] for ours, theirs in known.items() if ours in operation.inputs}


def _refer(operation: Operation) -> None:
    """What an instance names has to be there."""
    inputs = operation.inputs
    groups = inputs.get("vpcSecurityGroupIds") or []
    if groups:
        operation.call("describe_security_groups", {"GroupIds": groups}, service="ec2")
    for name in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"):
        if name in inputs:
            operation.call("describe_key", {"KeyId": inputs[name]}, service="kms")


def _create(operation: Operation) -> dict[str, Any]:
    arguments = {**_arguments(operation, _FIRST), "DBInstanceIdentifier": operation.inputs["identifier"]}
    return operation.call("create_db_instance", {**arguments, "Tags": tag_list(operation)})


def _modify(operation: Operation) -> None:
    """RDS takes no storage back, and upgrades to another major version only when told that this is meant."""
    old, new = operation.old, operation.inputs
    before, after = old.get("allocatedStorage"), new.get("allocatedStorage")
    if before and after and after < before:
        message = (
            f"Requested storage size must be greater than or equal to the current storage size: {before}."
        )
        raise ApiError("InvalidParameterCombination", message)
    majors = [str(side.get("engineVersion", "")).partition(".")[0] for side in (old, new)]
    if int(majors[1] or 0) < int(majors[0] or 0):
        raise ApiError(
            "InvalidParameterCombination", f"Cannot upgrade postgres from {majors[0]} to {majors[1]}"
        )
    if majors[0] != majors[1] and not new.get("allowMajorVersionUpgrade"):
        message = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        raise ApiError("InvalidParameterCombination", message)
    arguments = {**_arguments(operation, _CHANGEABLE), "DBInstanceIdentifier": operation.id}
    if "port" in new:
        arguments["DBPortNumber"] = new["port"]
    if "allowMajorVersionUpgrade" in new:
        arguments["AllowMajorVersionUpgrade"] = new["allowMajorVersionUpgrade"]
    operation.call("modify_db_instance", {**arguments, "ApplyImmediately": True})


def _logs(operation: Operation) -> None:
    old, new = (
        set(side.get("enabledCloudwatchLogsExports") or ()) for side in (operation.old, operation.inputs)
    )
    both = {"EnableLogTypes": sorted(new - old), "DisableLogTypes": sorted(old - new)}
    operation.call(
        "modify_db_instance",
        {"DBInstanceIdentifier": operation.id, "CloudwatchLogsExportConfiguration": both},
    )


def _delete(operation: Operation) -> None:
    inputs = operation.inputs
    skip = inputs.get("skipFinalSnapshot", False)
    if not skip and not inputs.get("finalSnapshotIdentifier"):
        raise ApiError(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )
    operation.call(
        "delete_db_instance",
        {
            "DBInstanceIdentifier": operation.id,
            "SkipFinalSnapshot": skip,
            "FinalDBSnapshotIdentifier": None if skip else inputs["finalSnapshotIdentifier"],
            "DeleteAutomatedBackups": inputs.get("deleteAutomatedBackups", True),
        },
    )


def _instance_rules(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Judges numbers as RDS does."""
    days = inputs.get("backupRetentionPeriod", UNKNOWN)
    if days is not UNKNOWN and not 0 <= days <= _LONGEST_BACKUPS:
        yield "backupRetentionPeriod", f"{days} is not 0 to {_LONGEST_BACKUPS} days"
    least, most = inputs.get("allocatedStorage", UNKNOWN), inputs.get("maxAllocatedStorage", UNKNOWN)
    if UNKNOWN not in (least, most) and most < least:
        yield "maxAllocatedStorage", f"{most} is below allocatedStorage, {least}"
    if inputs.get("multiAz") and inputs.get("availabilityZone"):
        yield "availabilityZone", "cannot be chosen with multiAz"


INSTANCE = Type(
    type="aws:rds/instance:Instance",
    service="rds",
    word="db",
    required=("instanceClass", "identifier", "engine"),
    optional=tuple(sorted({*_FIRST, *_OURS} - {"engine", "instanceClass"})),
    taggable=True,
    rules=(_instance_rules,),
    defaults={"skipFinalSnapshot": False, "deleteAutomatedBackups": True, "applyImmediately": False},
    guards=(_refer,),
    create=_create,
    id="DBInstance.DBInstanceIdentifier",
    read=lambda operation: _one(operation, "describe_db_instances", "DBInstances[0]", "DBInstanceIdentifier"),
    outputs={
        "arn": "DBInstanceArn",
        "identifier": "DBInstanceIdentifier",
        "address": "Endpoint.Address",
        "endpoint": lambda _, found: f"{found['Endpoint']['Address']}:{found['Endpoint']['Port']}",
        "port": "Endpoint.Port",
        "resourceId": "DbiResourceId",
        "status": "DBInstanceStatus",
        "engineVersionActual": "EngineVersion",
        "masterUserSecrets": lambda _, found: _secrets(found),
        "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
        **{
            ours: place
            for ours, theirs in _READ.items()
            if (place := _ELSEWHERE.get(ours, theirs)) is not None
        },
        "tags": read_tags,
    },
    changes=(
        Change(inputs=(*_CHANGEABLE, "port"), step=_modify, on_create=False),
        Change(inputs=("enabledCloudwatchLogsExports",), step=_logs, on_create=False),
        _TAGS,
    ),
    delete=_delete,
    # The provider gives an instance another name in place; here it would be made anew.
    replace=frozenset({*_FIXED, "identifier"}),
    kept=frozenset(
        {
            "backupWindow",
            "dbSubnetGroupName",
            "kmsKeyId",
            "maintenanceWindow",
            "parameterGroupName",
            "performanceInsightsKmsKeyId",
            "vpcSecurityGroupIds",
        }
    ),
)


def _secrets(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The administrator's secret, where RDS manages it."""
    secret = found.get("MasterUserSecret")
    if not secret:
        return []
    return [{"secretArn": secret["SecretArn"], "kmsKeyId": secret["KmsKeyId"], "secretStatus": "active"}]
