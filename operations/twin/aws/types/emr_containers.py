"""EMR on EKS: virtual clusters."""

from __future__ import annotations

from typing import Any

from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Type
from operations.twin.aws.types.tags import read_tags, retag


def _read(operation: Operation) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = operation.find(
            "describe_virtual_cluster", "virtualCluster", {"id": operation.id}
        )
    except ApiError as problem:
        if problem.code == "ValidationException" and "doesn't exist" in str(problem):
            return None
        raise
    return found


def _arn(operation: Operation) -> dict[str, str]:
    # AWS' own form, with a slash after the colon.
    arn = "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/{id}"
    return {"resourceArn": arn.format_map(operation.facts)}


VIRTUAL_CLUSTER = Type(
    type="aws:emrcontainers/virtualCluster:VirtualCluster",
    service="emr-containers",
    word="virtual cluster",
    required=("containerProvider", "name"),
    taggable=True,
    create=Call(
        "create_virtual_cluster",
        {
            "name": "$name",
            "clientToken": "$name",
            "containerProvider": "$containerProvider",
            "tags": "$tags",
        },
    ),
    id="id",
    read=_read,
    outputs={
        "arn": "arn",
        "name": "name",
        "containerProvider": "containerProvider",
        "tags": read_tags,
    },
    changes=(
        retag(
            lambda operation, keys: operation.call("untag_resource", {**_arn(operation), "tagKeys": keys}),
            lambda operation, tags: operation.call("tag_resource", {**_arn(operation), "tags": tags}),
        ),
    ),
    delete=Call("delete_virtual_cluster", {"id": "$id"}),
    replace=frozenset({"name", "containerProvider"}),
)
"""https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/emrcontainers_virtual_cluster:
all but tags forces a new one."""
