"""Tags of everything in EKS; moto tags clusters only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store


def _everything(place: Place) -> Iterator[tuple[str, dict[str, str]]]:
    for cluster in store.backend("eks", place).clusters.values():
        yield cluster.arn, cluster.tags
        for group in cluster.nodegroups.values():
            yield group.arn, group.tags
        for addon in store.kept(cluster, "addons").values():
            yield addon["addonArn"], addon["tags"]
        for kept in store.kept(cluster, "access_entries").values():
            yield kept["entry"]["accessEntryArn"], kept["entry"]["tags"]
        for provider in store.kept(cluster, "identity_providers").values():
            yield provider["identityProviderConfigArn"], provider["tags"]
        for association in store.kept(cluster, "pod_identities").values():
            yield association["associationArn"], association["tags"]


def _tags(place: Place, arn: str) -> dict[str, str]:
    found = next((tags for known, tags in _everything(place) if known == arn), None)
    if found is None:
        raise ApiError("NotFoundException", f"Resource {arn} was not found")
    return found


def tag_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Adds and changes tags."""
    _tags(place, arguments["resourceArn"]).update(arguments["tags"])
    return {}


def untag_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes tags."""
    tags = _tags(place, arguments["resourceArn"])
    for key in arguments["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the tags of one thing."""
    return {"tags": dict(_tags(place, arguments["resourceArn"]))}
