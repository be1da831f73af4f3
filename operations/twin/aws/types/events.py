"""EventBridge: rules on the default bus, and the queues and the like that they send events to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list
from operations.twin.backend import UNKNOWN


def _pattern(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A rule has a pattern or a schedule; a pattern is a JSON object.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    pattern = inputs.get("eventPattern")
    if pattern is None and inputs.get("scheduleExpression") is None:
        yield "eventPattern", "one of eventPattern and scheduleExpression is needed"
    if pattern not in (None, UNKNOWN) and not isinstance(_parsed(str(pattern)), dict):
        yield "eventPattern", "contains an invalid JSON object"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


_RULE: Final = {
    "Name": "$name",
    "EventPattern": "$eventPattern",
    "ScheduleExpression": "$scheduleExpression",
    "Description": "$description",
    "State": "$state",
}


def _new_name(operation: Operation) -> None:
    """Refuses a rule that is there already: the call that makes one would change that."""
    name = operation.inputs["name"]
    if operation.find("describe_rule", "Name", {"Name": name}):
        raise ApiError("ResourceAlreadyExistsException", f"A rule named {name} exists already.")


def _read_rule(operation: Operation) -> dict[str, Any] | None:
    rule = operation.find("describe_rule", "@", {"Name": operation.id})
    if rule is None:
        return None
    return {**rule, "Tags": operation.find("list_tags_for_resource", "Tags", {"ResourceARN": rule["Arn"]})}


EVENT_RULE: Final = Type(
    type="aws:cloudwatch/eventRule:EventRule",
    service="events",
    word="rule",
    optional=("name", "namePrefix", "description", "eventPattern", "scheduleExpression", "state"),
    taggable=True,
    name=Name(limit=64),
    defaults={"state": "ENABLED"},
    rules=(_pattern,),
    guards=(_new_name,),
    create=Call("put_rule", {**_RULE, "Tags": tag_list}),
    id="{name}",
    read=_read_rule,
    outputs={
        "arn": "Arn",
        "name": "Name",
        "description": "Description",
        "eventBusName": "EventBusName",
        "eventPattern": "EventPattern",
        "scheduleExpression": "ScheduleExpression",
        "state": "State",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("description", "eventPattern", "scheduleExpression", "state"),
            step=Call("put_rule", _RULE),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call(
                "untag_resource", {"ResourceARN": operation.old["arn"], "TagKeys": keys}
            ),
            lambda operation, tags: operation.call(
                "tag_resource", {"ResourceARN": operation.old["arn"], "Tags": pairs(tags)}
            ),
        ),
    ),
    delete=Call("delete_rule", {"Name": "$id"}),
    replace=frozenset({"name", "namePrefix"}),
)


def _put_target(operation: Operation) -> None:
    target = {"Id": operation.inputs["targetId"], "Arn": operation.inputs["arn"]}
    operation.call("put_targets", {"Rule": operation.inputs["rule"], "Targets": [target]})


def _read_target(operation: Operation) -> dict[str, Any] | None:
    rule, target = operation.inputs["rule"], operation.inputs["targetId"]
    found: dict[str, Any] | None = operation.find(
        "list_targets_by_rule", f"Targets[?Id=='{target}'] | [0]", {"Rule": rule}
    )
    return found


def _remove_target(operation: Operation) -> None:
    rule, target = operation.inputs["rule"], operation.inputs["targetId"]
    operation.call("remove_targets", {"Rule": rule, "Ids": [target]})


EVENT_TARGET: Final = Type(
    type="aws:cloudwatch/eventTarget:EventTarget",
    service="events",
    word="rule-target",
    required=("rule", "arn"),
    optional=("targetId",),
    # pulumi-aws makes an id up when there is none; it has no prefix for it.
    name=Name(property="targetId", prefix=None, limit=64),
    create=_put_target,
    id="{rule}-{targetId}",
    read=_read_target,
    outputs={"arn": "Arn", "rule": lambda operation, _: operation.inputs["rule"], "targetId": "Id"},
    changes=(Change(inputs=("arn",), step=_put_target, on_create=False),),
    delete=_remove_target,
    replace=frozenset({"rule", "targetId"}),
)
