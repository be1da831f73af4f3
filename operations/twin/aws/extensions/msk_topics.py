"""MSK's topics, which moto has none of.

The rules are MSK's own:
https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place, partition
from operations.twin.aws.extensions import msk

_NAME: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_LEAST_VERSION: Final = (3, 6)


def create_topic(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a topic on a provisioned cluster."""
    topics, brokers = _topics(place, arguments["ClusterArn"])
    name, replicas = arguments["TopicName"], arguments["ReplicationFactor"]
    if not _NAME.fullmatch(name):
        raise msk.bad_request(f"The topic name {name!r} is not valid.")
    if any(_alike(name) == _alike(there) for there in topics):
        raise ApiError("TopicExistsException", f"Topic '{name}' already exists.")
    if replicas > brokers:
        raise msk.bad_request(f"Replication factor: {replicas} larger than available brokers: {brokers}.")
    topics[name] = {
        "PartitionCount": arguments["PartitionCount"],
        "ReplicationFactor": replicas,
        "Configs": _configs(arguments.get("Configs")),
    }
    return _described(place, arguments, "CREATING")


def _alike(name: str) -> str:
    """Kafka takes names that differ in dots and underscores alone for one, in its metrics."""
    return name.replace(".", "_")


def _topics(place: Place, arn: str) -> tuple[dict[str, dict[str, Any]], int]:
    found = msk.cluster(place, arn)
    if found.cluster_type == "SERVERLESS":
        raise msk.bad_request("This operation is not supported for serverless clusters.")
    version = tuple(int(part) for part in found.twin["KafkaVersion"].split(".")[:2])
    if version < _LEAST_VERSION:
        raise msk.bad_request("This operation needs Apache Kafka 3.6.0 or later.")
    topics: dict[str, dict[str, Any]] = found.twin_topics
    return topics, int(found.twin["NumberOfBrokerNodes"])


def _configs(encoded: str | None) -> dict[str, Any]:
    if encoded is None:
        return {}
    try:
        configs = json.loads(base64.b64decode(encoded, validate=True))
    except ValueError:
        raise msk.bad_request("Configs is not JSON in Base64.") from None
    if not isinstance(configs, dict):
        raise msk.bad_request("Configs is not a JSON object.")
    return configs


def _topic(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    topics, _ = _topics(place, arguments["ClusterArn"])
    found = topics.get(arguments["TopicName"])
    if found is None:
        raise ApiError("NotFoundException", f"Topic '{arguments['TopicName']}' does not exist.")
    return found


def _described(place: Place, arguments: Mapping[str, Any], status: str) -> dict[str, Any]:
    found, name = _topic(place, arguments), arguments["TopicName"]
    owner = arguments["ClusterArn"].partition(":cluster/")[2]
    place_ = f"{partition(place.region)}:kafka:{place.region}:{place.account}"
    return {
        **found,
        "TopicArn": f"arn:{place_}:topic/{owner}/{name}",
        "TopicName": name,
        "Configs": base64.b64encode(json.dumps(found["Configs"]).encode()).decode(),
        "Status": status,
    }


def describe_topic(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes a topic."""
    return _described(place, arguments, "ACTIVE")


def list_topics(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists the topics of a cluster."""
    found = msk.cluster(place, arguments["ClusterArn"]).twin_topics
    return {"Topics": [{"TopicName": name} for name in sorted(found)]}


def update_topic(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes settings or the number of partitions, which only grows; not both in one call."""
    found = _topic(place, arguments)
    if ("Configs" in arguments) == ("PartitionCount" in arguments):
        raise msk.bad_request("You must specify either configs or partitionCount to update.")
    if "Configs" in arguments:
        found["Configs"] = _configs(arguments["Configs"])
        return _described(place, arguments, "UPDATING")
    count, before = arguments["PartitionCount"], found["PartitionCount"]
    if count <= before:
        raise ApiError(
            "KafkaRequestException",
            f"Topic currently has {before} partitions, which is higher than the requested {count}.",
        )
    found["PartitionCount"] = count
    return _described(place, arguments, "UPDATING")


def delete_topic(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a topic, and all that is in it."""
    described = _described(place, arguments, "DELETING")
    topics, _ = _topics(place, arguments["ClusterArn"])
    del topics[arguments["TopicName"]]
    return described
