"""Amazon Managed Service for Prometheus: workspaces."""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import read_tags, retag


def _read(operation: Operation) -> dict[str, Any] | None:
    found: dict[str, Any] | None = operation.find(
        "describe_workspace", "workspace", {"workspaceId": operation.id}
    )
    return found


def _arn(operation: Operation) -> dict[str, str]:
    arn = "arn:{partition}:aps:{region}:{account}:workspace/{id}".format_map(operation.facts)
    return {"resourceArn": arn}


WORKSPACE = Type(
    type="aws:amp/workspace:Workspace",
    service="amp",
    word="prometheus workspace",
    optional=("alias",),
    taggable=True,
    create=Call("create_workspace", {"alias": "$alias", "tags": "$tags"}),
    id="workspaceId",
    read=_read,
    outputs={
        "arn": "arn",
        "alias": "alias",
        "prometheusEndpoint": "prometheusEndpoint",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("alias",),
            step=Call("update_workspace_alias", {"workspaceId": "$id", "alias": "$alias"}),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call("untag_resource", {**_arn(operation), "tagKeys": keys}),
            lambda operation, tags: operation.call("tag_resource", {**_arn(operation), "tags": tags}),
        ),
    ),
    delete=Call("delete_workspace", {"workspaceId": "$id"}),
)
