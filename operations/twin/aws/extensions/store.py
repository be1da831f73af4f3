"""moto's own objects, for extensions that change them or keep something beside them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.backends import get_backend

from operations.twin.aws.cloud import ApiError, Place


def backend(service: str, place: Place) -> Any:
    """Returns moto's store of a regional service."""
    return get_backend(service)[place.account][place.region]


def iam(place: Place) -> Any:
    """Returns moto's store of the account's IAM."""
    return get_backend("iam")[place.account][backend("ec2", place).partition]


def now() -> datetime:
    """Returns the time that something was created or changed at."""
    return datetime.now(UTC)


def updated(kind: str) -> dict[str, Any]:
    """Returns EKS' answer to an update, which is over at once."""
    return {"update": {"id": str(uuid.uuid4()), "status": "Successful", "type": kind}}


def minor(version: str) -> int:
    """Returns the 35 of Kubernetes "1.35"."""
    return int(version.split(".")[1])


def invalid(message: str) -> ApiError:
    """Returns EKS' refusal of a request whose parts do not fit."""
    return ApiError("InvalidParameterException", message)


def cluster(place: Place, name: str) -> Any:
    """Returns moto's EKS cluster, or refuses as EKS does."""
    found = backend("eks", place).clusters.get(name)
    if found is None:
        raise ApiError("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return found


def node_group(place: Place, cluster_name: str, name: str) -> Any:
    """Returns moto's node group, or refuses as EKS does."""
    found = cluster(place, cluster_name).nodegroups.get(name)
    if found is None:
        raise ApiError("ResourceNotFoundException", f"No node group found for name: {name}.")
    return found


def kept(cluster_object: Any, kind: str) -> dict[str, Any]:
    """Returns what the twin keeps with a cluster ("addons", ...); it goes when the cluster goes."""
    shelf: dict[str, dict[str, Any]] = cluster_object.__dict__.setdefault("twin_shelf", {})
    return shelf.setdefault(kind, {})


def check_role(place: Place, arn: str, trusted: str, action: str = "sts:AssumeRole") -> None:
    """Refuses a role that does not exist, or that does not let the service `trusted` assume it."""
    role = next((role for role in iam(place).roles.values() if role.arn == arn), None)
    if role is None:
        raise invalid(f"Role with arn: {arn}, could not be assumed because it does not exist.")
    document = json.loads(role.assume_role_policy_document)
    if not any(_allows(statement, trusted, action) for statement in _listed(document.get("Statement"))):
        raise invalid(
            f"Role with arn: {arn}, could not be assumed because the trusted entity is not correct: "
            f"its trust policy must allow {action} to {trusted}."
        )


def _allows(statement: dict[str, Any], trusted: str, action: str) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    actions = _listed(statement.get("Action"))
    named = action in actions or "sts:*" in actions or "*" in actions
    return statement.get("Effect") == "Allow" and trusted in services and named


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def subnets(place: Place, ids: Iterable[str]) -> list[Any]:
    """Returns moto's subnets, or refuses those that do not exist or lie in different networks."""
    ec2 = backend("ec2", place)
    known = {subnet.id: subnet for zone in ec2.subnets.values() for subnet in zone.values()}
    for id_ in ids:
        if id_ not in known:
            raise invalid(f"The subnet ID '{id_}' does not exist")
    found = [known[id_] for id_ in ids]
    if len({subnet.vpc_id for subnet in found}) > 1:
        raise invalid("Subnets provided belong to different VPCs")
    return found
