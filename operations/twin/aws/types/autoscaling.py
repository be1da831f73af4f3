"""Auto Scaling: tags of groups that somebody else made.

What forces a replacement follows internal/service/autoscaling/group_tag.go of the Terraform AWS provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Change, Type

_KIND = "auto-scaling-group"


def _put(operation: Operation) -> dict[str, str]:
    group, tag = operation.inputs["autoscalingGroupName"], operation.inputs["tag"]
    wanted = {"ResourceId": group, "ResourceType": _KIND, **tag}
    operation.call("create_or_update_tags", {"Tags": [wanted]})
    return {"id": f"{group},{tag['key']}"}


def _read(operation: Operation) -> dict[str, Any] | None:
    group, _, key = operation.id.partition(",")
    filters = [{"Name": _KIND, "Values": [group]}, {"Name": "key", "Values": [key]}]
    found: dict[str, Any] | None = operation.find("describe_tags", "Tags[0]", {"Filters": filters})
    return found


def _tag(_: Operation, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": found["Key"],
        "value": found["Value"],
        "propagateAtLaunch": found["PropagateAtLaunch"],
    }


def _delete(operation: Operation) -> None:
    group, _, key = operation.id.partition(",")
    gone = {"ResourceId": group, "ResourceType": _KIND, "Key": key}
    operation.call("delete_tags", {"Tags": [gone]})


TAG = Type(
    type="aws:autoscaling/tag:Tag",
    service="autoscaling",
    word="tag",
    required=("autoscalingGroupName", "tag"),
    create=_put,
    id="id",
    read=_read,
    outputs={"autoscalingGroupName": "ResourceId", "tag": _tag},
    changes=(Change(inputs=("tag",), step=_put, on_create=False),),
    delete=_delete,
    replace=frozenset({"autoscalingGroupName", "tag.key"}),
)
