"""MSK's clusters, as they are changed.

The rules are MSK's own: https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn.html,
https://docs.aws.amazon.com/msk/latest/developerguide/msk-update-storage.html and
https://docs.aws.amazon.com/msk/latest/developerguide/msk-remove-broker.html.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import Any

from operations.twin.aws.cloud import Place
from operations.twin.aws.extensions import msk


def _changed(place: Place, arguments: Mapping[str, Any]) -> Any:
    found = msk.cluster(place, arguments["ClusterArn"])
    if arguments["CurrentVersion"] != f"K{found.twin_revision}":
        raise msk.bad_request("This operation cannot be performed on the provided cluster version.")
    return found


def _done(place: Place, found: Any) -> dict[str, Any]:
    found.twin_revision += 1
    operation = msk.arn_of(place, f"cluster-operation/{found.cluster_name}/{uuid.uuid4()}")
    return {"ClusterArn": found.arn, "ClusterOperationArn": operation}


def update_broker_count(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Adds brokers, or takes away some that hold nothing; the twin's topics lie on all brokers."""
    found = _changed(place, arguments)
    nodes, count = found.twin["BrokerNodeGroupInfo"], arguments["TargetNumberOfBrokerNodes"]
    subnets = msk.network(place, nodes["ClientSubnets"], ())
    if count % len(subnets):
        raise msk.bad_request("The number of broker nodes must be a multiple of Availability Zones.")
    if count < found.twin["NumberOfBrokerNodes"]:
        raise msk.bad_request("You can't remove brokers that have partitions: move them first.")
    there = len(found.twin_interfaces)
    groups = nodes.get("SecurityGroups") or ()
    found.twin_interfaces += [
        msk.interface(place, subnets[number % len(subnets)], groups, found.arn)
        for number in range(there, count)
    ]
    found.twin["NumberOfBrokerNodes"] = count
    return _done(place, found)


def update_broker_type(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Puts brokers of another size in the place of those that are there."""
    found = _changed(place, arguments)
    found.twin["BrokerNodeGroupInfo"]["InstanceType"] = arguments["TargetInstanceType"]
    return _done(place, found)


def update_storage(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes volumes larger or faster, or turns tiered storage on; there is no way back from either."""
    found = _changed(place, arguments)
    nodes = copy.deepcopy(found.twin["BrokerNodeGroupInfo"])
    volume = nodes.setdefault("StorageInfo", {}).setdefault("EbsStorageInfo", {})
    size = arguments.get("VolumeSizeGB")
    if size is not None and size < volume.get("VolumeSize", 0):
        raise msk.bad_request("The target volume size must be greater than the current one.")
    if size is not None:
        volume["VolumeSize"] = size
    if "ProvisionedThroughput" in arguments:
        volume["ProvisionedThroughput"] = dict(arguments["ProvisionedThroughput"])
    mode = arguments.get("StorageMode", found.twin.get("StorageMode", "LOCAL"))
    if mode == "LOCAL" and found.twin.get("StorageMode") == "TIERED":
        raise msk.bad_request("Tiered storage cannot be disabled on a cluster.")
    problem = next(msk.volume_problems(nodes), None)
    if problem is not None:
        raise msk.bad_request(problem)
    found.twin["BrokerNodeGroupInfo"], found.twin["StorageMode"] = nodes, mode
    return _done(place, found)


def update_monitoring(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes metrics, exporters and logs."""
    found = _changed(place, arguments)
    wanted = {
        name: copy.deepcopy(value)
        for name, value in arguments.items()
        if name not in {"ClusterArn", "CurrentVersion"}
    }
    found.twin.update(wanted)
    return _done(place, found)


def update_security(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes how clients say who they are, and what travels encrypted."""
    found = _changed(place, arguments)
    if "ClientAuthentication" in arguments:
        found.twin["ClientAuthentication"] = copy.deepcopy(arguments["ClientAuthentication"])
    if "EncryptionInfo" in arguments:
        kept = found.twin.setdefault("EncryptionInfo", {})
        wanted = arguments["EncryptionInfo"].get("EncryptionInTransit") or {}
        kept["EncryptionInTransit"] = {**(kept.get("EncryptionInTransit") or {}), **wanted}
    return _done(place, found)


def update_cluster_configuration(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gives brokers another configuration, or another revision of it."""
    found = _changed(place, arguments)
    wanted = arguments["ConfigurationInfo"]
    if wanted["Revision"] > msk.configuration(place, wanted["Arn"])["Revision"]:
        raise msk.bad_request("The configuration revision does not exist.")
    found.twin["ConfigurationInfo"] = dict(wanted)
    return _done(place, found)


def update_cluster_kafka_version(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Puts a newer version of Kafka on the brokers, one after the other."""
    found = _changed(place, arguments)
    target = arguments["TargetKafkaVersion"]
    if _release(target) <= _release(found.twin["KafkaVersion"]):
        raise msk.bad_request(f"The target version {target} is not above {found.twin['KafkaVersion']}.")
    found.twin["KafkaVersion"] = target
    if "ConfigurationInfo" in arguments:
        found.twin["ConfigurationInfo"] = dict(arguments["ConfigurationInfo"])
    return _done(place, found)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
