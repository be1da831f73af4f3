"""EMR on EKS: what moto's virtual clusters take that AWS refuses, and the tags that it cannot change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.emrcontainers.models import VirtualCluster

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_SERVICE: Final = "emr-containers"
_USER: Final = "emr-containers"
_ROLE: Final = "AWSServiceRoleForAmazonEMRContainers"


def create_virtual_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Registers a namespace of a cluster; moto takes one of any cluster, or of none, and only once for ever.

    Whom EMR may be in the cluster AWS finds out by asking it for the namespace:
    https://repost.aws/knowledge-center/emr-cluster-creation-failures
    """
    provider = arguments["containerProvider"]
    namespace = provider["info"]["eksInfo"]["namespace"]
    entries = store.kept(store.cluster(place, provider["id"]), "access_entries")
    if not any(
        arn.endswith(f"/{_ROLE}") and one["entry"]["username"] == _USER for arn, one in entries.items()
    ):
        raise _refused(f"Unauthorized to perform read namespace on ({namespace}).")
    found = store.backend(_SERVICE, place)
    for one in found.virtual_clusters.values():
        if (one.container_provider_id, one.namespace) == (provider["id"], namespace):
            raise _refused("A virtual cluster already exists in the given namespace")
    made = VirtualCluster(
        name=arguments["name"],
        container_provider=dict(provider),
        client_token=arguments.get("clientToken", ""),
        account_id=place.account,
        region_name=place.region,
        aws_partition=found.partition,
        tags=dict(arguments.get("tags") or {}),
    )
    found.virtual_clusters[made.id] = made
    return {"id": made.id, "name": made.name, "arn": made.arn}


def delete_virtual_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the namespace free again, which moto's deleted ones do not."""
    found = store.backend(_SERVICE, place).virtual_clusters
    if arguments["id"] not in found:
        raise _absent(f"Virtual cluster {arguments['id']}")
    del found[arguments["id"]]
    return {"id": arguments["id"]}


def tag_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Adds and changes tags."""
    _by_arn(place, arguments["resourceArn"]).tags.update(arguments["tags"])
    return {}


def untag_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes tags."""
    tags = _by_arn(place, arguments["resourceArn"]).tags
    for key in arguments["tagKeys"]:
        tags.pop(key, None)
    return {}


def _by_arn(place: Place, arn: str) -> Any:
    for one in store.backend(_SERVICE, place).virtual_clusters.values():
        if one.arn == arn:
            return one
    raise _absent(arn)


def _absent(what: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"{what} doesn't exist.")


def _refused(message: str) -> ApiError:
    return ApiError("ValidationException", message)
