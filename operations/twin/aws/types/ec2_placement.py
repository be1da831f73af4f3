"""EC2: placement groups.

What forces a replacement follows internal/service/ec2/ec2_placement_group.go of the Terraform AWS provider.
"""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Name, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, specifications

_TAGS = retag(
    lambda operation, keys: operation.call(
        "delete_tags", {"Resources": [_id(operation)], "Tags": [{"Key": key} for key in keys]}
    ),
    lambda operation, tags: operation.call(
        "create_tags", {"Resources": [_id(operation)], "Tags": pairs(tags)}
    ),
)


def _id(operation: Operation) -> str:
    return str(operation.old["placementGroupId"])


def _read(operation: Operation) -> Any:
    """The group; None when it is gone, for which EC2's code is InvalidPlacementGroup.Unknown."""
    named = f"PlacementGroups[?GroupName=='{operation.id}'] | [0]"
    return operation.find("describe_placement_groups", named, {})


PLACEMENT_GROUP = Type(
    type="aws:ec2/placementGroup:PlacementGroup",
    service="ec2",
    word="placement-group",
    required=("strategy",),
    optional=("name", "partitionCount", "spreadLevel"),
    taggable=True,
    name=Name(prefix=None, limit=255),
    create=Call(
        "create_placement_group",
        {
            "GroupName": "$name",
            "Strategy": "$strategy",
            "PartitionCount": "$partitionCount",
            "SpreadLevel": "$spreadLevel",
            "TagSpecifications": specifications("placement-group"),
        },
    ),
    id="{name}",
    read=_read,
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:placement-group/{id}",
        "name": "GroupName",
        "placementGroupId": "GroupId",
        "strategy": "Strategy",
        "partitionCount": "PartitionCount",
        "spreadLevel": "SpreadLevel",
        "tags": read_tags,
    },
    changes=(_TAGS,),
    delete=lambda operation: (
        _read(operation) and operation.call("delete_placement_group", {"GroupName": operation.id})
    ),
    replace=frozenset({"name", "strategy", "partitionCount", "spreadLevel"}),
    kept=frozenset({"partitionCount", "spreadLevel"}),
)
