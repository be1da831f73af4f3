"""SQS: queues and their policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.twin.aws import rules
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import retag
from operations.twin.aws.values import tag_map

_ATTRIBUTES: Final = {
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
"""What may be set of a queue: the input, and SQS' own name of it; all are text there."""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(round(value))


def _attributes(operation: Operation) -> dict[str, str]:
    given = operation.inputs
    return {theirs: _text(given[ours]) for ours, theirs in _ATTRIBUTES.items() if ours in given}


def _new_name(operation: Operation) -> None:
    """Refuses a queue that is there already; SQS itself would take one with the same attributes for it."""
    name = operation.inputs["name"]
    if operation.find("get_queue_url", "QueueUrl", {"QueueName": name}):
        raise ApiError("QueueAlreadyExists", f"A queue named {name} exists already.")


def _read_queue(operation: Operation) -> dict[str, Any] | None:
    queue = {"QueueUrl": operation.id}
    found = operation.find("get_queue_attributes", "Attributes", {**queue, "AttributeNames": ["All"]})
    return found and {**found, "TagMap": operation.find("list_queue_tags", "Tags", queue)}


def _number(name: str) -> Callable[[Operation, Mapping[str, Any]], int]:
    return lambda _, found: int(found[name])


QUEUE: Final = Type(
    type="aws:sqs/queue:Queue",
    service="sqs",
    word="queue",
    optional=("name", "namePrefix", *_ATTRIBUTES),
    taggable=True,
    name=Name(limit=80),
    guards=(_new_name,),
    create=Call("create_queue", {"QueueName": "$name", "Attributes": _attributes, "tags": "$tags"}),
    id="QueueUrl",
    read=_read_queue,
    outputs={
        "arn": "QueueArn",
        "name": lambda operation, _: operation.id.rpartition("/")[2],
        "url": lambda operation, _: operation.id,
        "sqsManagedSseEnabled": lambda _, found: found["SqsManagedSseEnabled"] == "true",
        **{name: _number(theirs) for name, theirs in _ATTRIBUTES.items() if name != "sqsManagedSseEnabled"},
        "tags": lambda _, found: tag_map(found["TagMap"]),
    },
    changes=(
        Change(
            inputs=tuple(_ATTRIBUTES),
            step=Call("set_queue_attributes", {"QueueUrl": "$id", "Attributes": _attributes}),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call(
                "untag_queue", {"QueueUrl": operation.id, "TagKeys": keys}
            ),
            lambda operation, tags: operation.call("tag_queue", {"QueueUrl": operation.id, "Tags": tags}),
        ),
    ),
    delete=Call("delete_queue", {"QueueUrl": "$id"}),
    replace=frozenset({"name", "namePrefix"}),
    kept=frozenset(_ATTRIBUTES),
)


def _put_policy(operation: Operation) -> None:
    """Sets the policy of a queue; without one there is none to set, and SQS says so."""
    policy = {"Policy": operation.inputs["policy"]}
    operation.call("set_queue_attributes", {"QueueUrl": operation.inputs["queueUrl"], "Attributes": policy})


def _read_policy(operation: Operation) -> dict[str, Any] | None:
    arguments = {"QueueUrl": operation.id, "AttributeNames": ["All"]}
    policy = operation.find("get_queue_attributes", "Attributes.Policy", arguments)
    return policy and {"Policy": policy}


QUEUE_POLICY: Final = Type(
    type="aws:sqs/queuePolicy:QueuePolicy",
    service="sqs",
    word="queue-policy",
    required=("queueUrl", "policy"),
    rules=(rules.policy("policy"),),
    create=_put_policy,
    id="{queueUrl}",
    read=_read_policy,
    outputs={"queueUrl": lambda operation, _: operation.id, "policy": "Policy"},
    changes=(Change(inputs=("policy",), step=_put_policy, on_create=False),),
    delete=Call("set_queue_attributes", {"QueueUrl": "$id", "Attributes": {"Policy": ""}}),
    replace=frozenset({"queueUrl"}),
)
