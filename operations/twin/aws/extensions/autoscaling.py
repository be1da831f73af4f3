"""Auto Scaling: tags of the groups behind EKS' managed node groups, of which moto has only the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_KIND = "auto-scaling-group"


def _groups(place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and tags of each group; the tags go when the node group goes."""
    for cluster in store.backend("eks", place).clusters.values():
        for nodes in cluster.nodegroups.values():
            for group in nodes.resources["autoScalingGroups"]:
                yield group["name"], store.kept(nodes, "scaling_tags")


def _tags(place: Place, name: str) -> dict[str, Any]:
    found = next((tags for known, tags in _groups(place) if known == name), None)
    if found is None:
        raise ApiError(
            "ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
        )
    return found


def create_or_update_tags(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Sets tags."""
    for tag in arguments["Tags"]:
        tags = _tags(place, tag["ResourceId"])
        if len({*tags, tag["Key"]}) > 50:
            raise ApiError("LimitExceeded", f"{tag['ResourceId']} would have more than 50 tags")
        tags[tag["Key"]] = {"Value": "", "PropagateAtLaunch": False, **tag, "ResourceType": _KIND}
    return {}


def describe_tags(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists tags, by group and key."""
    wanted = {one["Name"]: one["Values"] for one in arguments.get("Filters", ())}
    tags = [tag for _, tags in _groups(place) for tag in tags.values()]
    kept = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    return {
        "Tags": [tag for tag in tags if all(tag[kept[name]] in values for name, values in wanted.items())]
    }


def delete_tags(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes tags."""
    for tag in arguments["Tags"]:
        _tags(place, tag["ResourceId"]).pop(tag["Key"], None)
    return {}
