"""MSK: topics."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.backend import UNKNOWN


def _json(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Judges settings as the provider does: JSON."""
    text = inputs.get("configs", UNKNOWN)
    if text is UNKNOWN:
        return
    try:
        json.loads(text)
    except ValueError:
        yield "configs", "is not valid JSON"


def _encoded(operation: Operation) -> str | None:
    text = operation.inputs.get("configs")
    return None if text is None else base64.b64encode(text.encode()).decode()


def _place(operation: Operation) -> dict[str, str]:
    arn, _, name = operation.id.rpartition(",")
    return {"ClusterArn": arn, "TopicName": name}


def _configs_found(operation: Operation, found: Mapping[str, Any]) -> str | None:
    """Settings as they were written, where MSK still has them so."""
    actual = json.loads(base64.b64decode(found["Configs"]))
    text = operation.inputs.get("configs")
    if text is None:
        return None
    wanted = json.loads(text)
    now = {name: actual[name] for name in wanted if name in actual}
    return str(text) if now == wanted else json.dumps(now)


def _settings(operation: Operation) -> None:
    operation.call("update_topic", {**_place(operation), "Configs": _encoded(operation) or "e30="})


def _partitions(operation: Operation) -> None:
    count = round(operation.inputs["partitionCount"])
    operation.call("update_topic", {**_place(operation), "PartitionCount": count})


TOPIC: Final = Type(
    type="aws:msk/topic:Topic",
    service="kafka",
    word="topic",
    required=("clusterArn", "name", "partitionCount", "replicationFactor"),
    optional=("configs",),
    rules=(_json,),
    create=Call(
        "create_topic",
        {
            "ClusterArn": "$clusterArn",
            "TopicName": "$name",
            "PartitionCount": "$partitionCount",
            "ReplicationFactor": "$replicationFactor",
            "Configs": _encoded,
        },
    ),
    id="{clusterArn},{name}",
    read=lambda operation: operation.find("describe_topic", "@", _place(operation)),
    outputs={
        "arn": "TopicArn",
        "name": "TopicName",
        "clusterArn": lambda operation, _: _place(operation)["ClusterArn"],
        "partitionCount": "PartitionCount",
        "replicationFactor": "ReplicationFactor",
        "configs": _configs_found,
        "configsActual": lambda _, found: base64.b64decode(found["Configs"]).decode(),
    },
    changes=(
        Change(inputs=("configs",), step=_settings, on_create=False),
        Change(inputs=("partitionCount",), step=_partitions, on_create=False),
    ),
    delete=lambda operation: operation.call("delete_topic", _place(operation)),
    replace=frozenset({"clusterArn", "name", "replicationFactor"}),
    volatile=("configsActual",),
)
