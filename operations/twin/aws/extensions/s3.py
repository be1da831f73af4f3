"""S3: replication, of which moto forgets most, and which it lets into buckets that cannot have it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from moto.backends import get_backend

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store


def _bucket(place: Place, name: str) -> Any:
    """Returns moto's bucket; they are one namespace for all regions of a partition."""
    partition = store.backend("ec2", place).partition
    found = get_backend("s3")[place.account][partition].buckets.get(name)
    if found is None:
        raise ApiError("NoSuchBucket", f"The specified bucket does not exist ({name})")
    return found


def _replicable(place: Place, name: str, wrong: str) -> Any:
    found = _bucket(place, name)
    if found.versioning_status != "Enabled":
        raise ApiError("InvalidRequest", wrong)
    return found


def put_bucket_replication(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces a bucket's replication, as S3 does: only between buckets that exist and keep versions."""
    wrong = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    source = _replicable(place, arguments["Bucket"], wrong)
    configuration = copy.deepcopy(dict(arguments["ReplicationConfiguration"]))
    store.check_role(place, configuration["Role"], "s3.amazonaws.com")
    for rule in configuration["Rules"]:
        name = rule["Destination"]["Bucket"].rpartition(":")[2]
        try:
            _replicable(place, name, "Destination bucket must have versioning enabled.")
        except ApiError as problem:
            if problem.code != "NoSuchBucket":
                raise
            raise ApiError("InvalidRequest", "Destination bucket must exist.") from None
    source.replication = configuration
    return {}


def get_bucket_replication(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a bucket's replication as it was put."""
    found = getattr(_bucket(place, arguments["Bucket"]), "replication", None)
    if not found:
        message = "The replication configuration was not found"
        raise ApiError("ReplicationConfigurationNotFoundError", message)
    return {"ReplicationConfiguration": copy.deepcopy(found)}
