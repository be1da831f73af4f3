"""KMS: how often a key is rotated, which moto forgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_PERIOD: Final = 365
"""Days, when none are given."""


def _key(place: Place, wanted: str) -> Any:
    kms = store.backend("kms", place)
    key = kms.keys.get(kms.get_key_id(kms.any_id_to_key_id(wanted)))
    if key is None:
        raise ApiError("NotFoundException", f"Key '{wanted}' does not exist")
    return key


def enable_key_rotation(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Rotates a key every so many days."""
    key = _key(place, arguments["KeyId"])
    key.key_rotation_status = True
    key.twin_rotation_period = arguments.get("RotationPeriodInDays", _PERIOD)
    return {}


def get_key_rotation_status(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns whether a key is rotated, and how often."""
    key = _key(place, arguments["KeyId"])
    if not key.key_rotation_status:
        return {"KeyId": key.arn, "KeyRotationEnabled": False}
    period = getattr(key, "twin_rotation_period", _PERIOD)
    return {"KeyId": key.arn, "KeyRotationEnabled": True, "RotationPeriodInDays": period}
