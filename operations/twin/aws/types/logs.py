"""CloudWatch Logs: log groups."""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import read_tags, retag


def _read(operation: Operation) -> dict[str, Any] | None:
    group: dict[str, Any] | None = operation.find(
        "describe_log_groups",
        f"logGroups[?logGroupName=='{operation.id}'] | [0]",
        {"logGroupNamePrefix": operation.id},
    )
    return group and {**group, "tags": operation.find("list_tags_for_resource", "tags", _arn(operation))}


def _arn(operation: Operation) -> dict[str, str]:
    arn = "arn:{partition}:logs:{region}:{account}:log-group:{id}".format_map(operation.facts)
    return {"resourceArn": arn}


def _retention(operation: Operation) -> None:
    days = operation.inputs.get("retentionInDays") or 0
    group = {"logGroupName": operation.id}
    if days == 0:  # for ever
        operation.call("delete_retention_policy", group)
    else:
        operation.call("put_retention_policy", {**group, "retentionInDays": days})


def _key(operation: Operation) -> None:
    key = operation.inputs.get("kmsKeyId")
    method = "associate_kms_key" if key else "disassociate_kms_key"
    operation.call(method, {"logGroupName": operation.id, "kmsKeyId": key})


LOG_GROUP = Type(
    type="aws:cloudwatch/logGroup:LogGroup",
    service="logs",
    word="log-group",
    optional=("name", "namePrefix", "retentionInDays", "kmsKeyId", "logGroupClass", "skipDestroy"),
    taggable=True,
    name=Name(limit=512),
    defaults={"skipDestroy": False},
    create=Call(
        "create_log_group",
        {
            "logGroupName": "$name",
            "kmsKeyId": "$kmsKeyId",
            "logGroupClass": "$logGroupClass",
            "tags": "$tags",
        },
    ),
    id="{name}",
    read=_read,
    outputs={
        "arn": "arn:{partition}:logs:{region}:{account}:log-group:{id}",
        "name": "logGroupName",
        "retentionInDays": lambda _, found: found.get("retentionInDays", 0),
        "kmsKeyId": "kmsKeyId",
        "logGroupClass": "logGroupClass",
        "tags": read_tags,
    },
    changes=(
        Change(inputs=("retentionInDays",), step=_retention),
        Change(inputs=("kmsKeyId",), step=_key, on_create=False),
        retag(
            lambda operation, keys: operation.call("untag_resource", {**_arn(operation), "tagKeys": keys}),
            lambda operation, tags: operation.call("tag_resource", {**_arn(operation), "tags": tags}),
        ),
    ),
    delete=lambda operation: (
        operation.inputs.get("skipDestroy")
        or operation.call("delete_log_group", {"logGroupName": operation.id})
    ),
    replace=frozenset({"name", "namePrefix", "logGroupClass"}),
    kept=frozenset({"logGroupClass"}),
)
