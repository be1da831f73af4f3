"""KMS: keys and their aliases. A deleted key waits out its window; here it counts as gone at once."""

from __future__ import annotations

from operations.twin.aws import rules
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, retag
from operations.twin.aws.values import tag_map


def _read_key(operation: Operation) -> dict[str, object] | None:
    key = {"KeyId": operation.id}
    found: dict[str, object] | None = operation.find("describe_key", "KeyMetadata", key)
    if found is None or found["KeyState"] == "PendingDeletion":
        return None
    rotation = operation.find("get_key_rotation_status", "@", key) or {}
    return {
        **found,
        "Policy": operation.find("get_key_policy", "Policy", {**key, "PolicyName": "default"}),
        "RotationEnabled": rotation.get("KeyRotationEnabled", False),
        "RotationPeriod": rotation.get("RotationPeriodInDays"),
        "TagMap": tag_map(operation.find("list_resource_tags", "Tags", key), "TagKey", "TagValue"),
    }


def _rotate(operation: Operation) -> None:
    if not operation.inputs.get("enableKeyRotation"):
        operation.call("disable_key_rotation", {"KeyId": operation.id})
        return
    period = operation.inputs.get("rotationPeriodInDays")
    operation.call("enable_key_rotation", {"KeyId": operation.id, "RotationPeriodInDays": period})


def _enable(operation: Operation) -> None:
    method = "enable_key" if operation.inputs.get("isEnabled", True) else "disable_key"
    operation.call(method, {"KeyId": operation.id})


KEY = Type(
    type="aws:kms/key:Key",
    service="kms",
    word="key",
    optional=(
        "description",
        "policy",
        "keyUsage",
        "customerMasterKeySpec",
        "enableKeyRotation",
        "rotationPeriodInDays",
        "deletionWindowInDays",
        "isEnabled",
        "multiRegion",
    ),
    taggable=True,
    rules=(rules.policy("policy"),),
    defaults={
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
    },
    create=Call(
        "create_key",
        {
            "Description": "$description",
            "Policy": "$policy",
            "KeyUsage": "$keyUsage",
            "KeySpec": "$customerMasterKeySpec",
            "MultiRegion": "$multiRegion",
            "Tags": lambda operation: pairs(operation.inputs.get("tags"), "TagKey", "TagValue"),
        },
    ),
    id="KeyMetadata.KeyId",
    read=_read_key,
    outputs={
        "arn": "Arn",
        "keyId": "KeyId",
        "description": "Description",
        "policy": "Policy",
        "keyUsage": "KeyUsage",
        "customerMasterKeySpec": "KeySpec",
        "enableKeyRotation": "RotationEnabled",
        "rotationPeriodInDays": "RotationPeriod",
        "isEnabled": "Enabled",
        "multiRegion": "MultiRegion",
        "tags": "TagMap",
    },
    changes=(
        Change(inputs=("enableKeyRotation", "rotationPeriodInDays"), step=_rotate),
        Change(inputs=("isEnabled",), step=_enable),
        Change(
            inputs=("description",),
            step=Call("update_key_description", {"KeyId": "$id", "Description": "$description"}),
            on_create=False,
        ),
        Change(
            inputs=("policy",),
            step=Call("put_key_policy", {"KeyId": "$id", "PolicyName": "default", "Policy": "$policy"}),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call(
                "untag_resource", {"KeyId": operation.id, "TagKeys": keys}
            ),
            lambda operation, tags: operation.call(
                "tag_resource", {"KeyId": operation.id, "Tags": pairs(tags, "TagKey", "TagValue")}
            ),
        ),
    ),
    delete=lambda operation: operation.call(
        "schedule_key_deletion",
        {"KeyId": operation.id, "PendingWindowInDays": operation.inputs.get("deletionWindowInDays", 30)},
    ),
    replace=frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"}),
    kept=frozenset({"policy", "description", "rotationPeriodInDays"}),
)

ALIAS = Type(
    type="aws:kms/alias:Alias",
    service="kms",
    word="alias",
    required=("targetKeyId",),
    optional=("name", "namePrefix"),
    name=Name(limit=256, form="alias/{}"),
    create=Call("create_alias", {"AliasName": "$name", "TargetKeyId": "$targetKeyId"}),
    id="{name}",
    read=lambda operation: operation.find("list_aliases", f"Aliases[?AliasName=='{operation.id}'] | [0]", {}),
    outputs={
        "arn": "AliasArn",
        "name": "AliasName",
        "targetKeyId": "TargetKeyId",
        "targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{TargetKeyId}",
    },
    changes=(
        Change(
            inputs=("targetKeyId",),
            step=Call("update_alias", {"AliasName": "$id", "TargetKeyId": "$targetKeyId"}),
            on_create=False,
        ),
    ),
    delete=Call("delete_alias", {"AliasName": "$id"}),
    replace=frozenset({"name", "namePrefix"}),
)
