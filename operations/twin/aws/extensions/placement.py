"""EC2's placement groups, which moto lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.models import validate_resource_ids
from moto.moto_api._internal import mock_random

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store


def groups(place: Place) -> dict[str, Any]:
    """The placement groups of an account in a region, by name."""
    return store.kept(store.backend("ec2", place), "placement_groups")


def create_placement_group(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a group; names are taken once."""
    name = arguments["GroupName"]
    if name in groups(place):
        raise ApiError("InvalidPlacementGroup.Duplicate", f"The placement group '{name}' already exists.")
    strategy = arguments.get("Strategy", "cluster")
    if "PartitionCount" in arguments and strategy != "partition":
        raise ApiError("InvalidParameterCombination", "Partitions are for the strategy partition only.")
    made = {
        "GroupName": name,
        "GroupId": f"pg-{mock_random.get_random_hex(17)}",
        "State": "available",
        "Strategy": strategy,
        **{key: arguments[key] for key in ("PartitionCount", "SpreadLevel") if key in arguments},
    }
    groups(place)[name] = made
    for specification in arguments.get("TagSpecifications", ()):
        tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
        store.backend("ec2", place).create_tags([made["GroupId"]], tags)
    return {"PlacementGroup": _described(place, made)}


def describe_placement_groups(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes groups, all of them or those named."""
    known = groups(place)
    names = arguments.get("GroupNames") or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ApiError("InvalidPlacementGroup.Unknown", f"The Placement Group '{unknown[0]}' is unknown.")
    return {"PlacementGroups": [_described(place, known[name]) for name in names]}


def delete_placement_group(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes a group that no instance is in."""
    name = arguments["GroupName"]
    if name not in groups(place):
        raise ApiError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    users = sorted(_users(place, name))
    if users:
        message = f"The placement group '{name}' is in use by node group {', '.join(users)}."
        raise ApiError("InvalidPlacementGroup.InUse", message)
    del groups(place)[name]
    return {}


def create_tags(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tags things of EC2; moto does not take the ids of placement groups for any."""
    ids, ec2 = arguments["Resources"], store.backend("ec2", place)
    _check_ids(place, ids)
    ec2.create_tags(ids, {tag["Key"]: tag.get("Value", "") for tag in arguments["Tags"]})
    return {}


def delete_tags(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes tags of things of EC2."""
    ids, ec2 = arguments["Resources"], store.backend("ec2", place)
    _check_ids(place, ids)
    ec2.delete_tags(ids, {tag["Key"]: tag.get("Value") for tag in arguments["Tags"]})
    return {}


def _check_ids(place: Place, ids: list[str]) -> None:
    own = {group["GroupId"] for group in groups(place).values()}
    others = [one for one in ids if one not in own]
    if others:
        validate_resource_ids(others)
        store.backend("ec2", place).do_resources_exist(others)


def _described(place: Place, group: Mapping[str, Any]) -> dict[str, Any]:
    tags = store.backend("ec2", place).tags.get(group["GroupId"], {})
    return {**group, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _users(place: Place, name: str) -> Iterator[str]:
    """Node groups whose launch template puts instances into a placement group."""
    templates = store.backend("ec2", place).launch_templates
    for cluster in store.backend("eks", place).clusters.values():
        for nodes in cluster.nodegroups.values():
            reference = nodes.launch_template or {}
            template = templates.get(reference.get("id"))
            data = template.get_version(reference["version"]).data if template is not None else {}
            if data.get("Placement", {}).get("GroupName") == name:
                yield nodes.nodegroup_name
