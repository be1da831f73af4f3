"""EC2: flow logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Type
from operations.twin.aws.types.tags import EC2_TAGS, read_tags, specifications

_OF = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
_WRITER = "vpc-flow-logs.amazonaws.com"


def _one_thing(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = [name for name in _OF if name in inputs]
    if len(given) != 1:
        yield "vpcId", f"exactly one of {', '.join(_OF)} is needed; {len(given)} are given"
    if inputs.get("maxAggregationInterval") not in {60, 600}:
        yield "maxAggregationInterval", "is 60 or 600"


def _can_be_delivered(operation: Operation) -> None:
    """The destination exists, and may be written to: AWS would only say so later, in the log's status."""
    to = operation.inputs["logDestination"]
    if operation.inputs["logDestinationType"] == "s3":
        bucket = to.split(":::")[1].partition("/")[0]
        operation.call("head_bucket", {"Bucket": bucket}, service="s3")
        return
    name = to.partition(":log-group:")[2].removesuffix(":*")
    path = f"logGroups[?logGroupName=='{name}'] | [0]"
    if not operation.find("describe_log_groups", path, {"logGroupNamePrefix": name}, service="logs"):
        raise ApiError("InvalidParameter", f"LogDestination: {to} does not exist.")
    place = Place(operation.cloud.account, operation.region)
    try:
        store.check_role(place, operation.inputs.get("iamRoleArn", ""), _WRITER)
    except ApiError as problem:
        raise ApiError("InvalidParameter", f"Unable to assume given IAM role. {problem}") from None


def _resource(operation: Operation) -> str:
    return next(name for name in _OF if name in operation.inputs)


def _of(name: str) -> Any:
    """Output: the id of the thing, where it is of this kind."""
    return lambda operation, found: found["ResourceId"] if name in operation.inputs else None


FLOW_LOG = Type(
    type="aws:ec2/flowLog:FlowLog",
    service="ec2",
    word="flow-log",
    optional=(
        *_OF,
        "trafficType",
        "logDestination",
        "logDestinationType",
        "logFormat",
        "iamRoleArn",
        "maxAggregationInterval",
        "destinationOptions",
    ),
    taggable=True,
    defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    rules=(_one_thing,),
    guards=(_can_be_delivered,),
    create=Call(
        "create_flow_logs",
        {
            "ResourceIds": lambda operation: [operation.inputs[_resource(operation)]],
            "ResourceType": lambda operation: _OF[_resource(operation)],
            "TrafficType": "$trafficType",
            "LogDestination": "$logDestination",
            "LogDestinationType": "$logDestinationType",
            "LogFormat": "$logFormat",
            "DeliverLogsPermissionArn": "$iamRoleArn",
            "MaxAggregationInterval": "$maxAggregationInterval",
            "DestinationOptions": "$destinationOptions",
            "TagSpecifications": specifications("vpc-flow-log"),
        },
    ),
    id="FlowLogIds[0]",
    read=Call("describe_flow_logs", {"FlowLogIds": ["$id"]}),
    found="FlowLogs[0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}",
        **{name: _of(name) for name in _OF},
        "trafficType": "TrafficType",
        "logDestination": "LogDestination",
        "logDestinationType": "LogDestinationType",
        "logFormat": "LogFormat",
        "iamRoleArn": "DeliverLogsPermissionArn",
        "maxAggregationInterval": "MaxAggregationInterval",
        "tags": read_tags,
    },
    changes=(EC2_TAGS,),
    delete=Call("delete_flow_logs", {"FlowLogIds": ["$id"]}),
    replace=frozenset(
        {
            *_OF,
            "trafficType",
            "logDestination",
            "logDestinationType",
            "logFormat",
            "iamRoleArn",
            "maxAggregationInterval",
            "destinationOptions",
        }
    ),
    kept=frozenset({"logFormat"}),
)
