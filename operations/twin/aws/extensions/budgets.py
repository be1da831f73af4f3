"""Budgets: changing them, their subscribers and their tags, which moto lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.backends import get_backend

from operations.twin.aws.cloud import ApiError, Place


def _budget(account: str, name: str) -> Any:
    found = get_backend("budgets")[account]["aws"].budgets[account].get(name)
    if found is None:
        raise ApiError("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def _of_arn(arn: str) -> Any:
    parts = arn.split(":")
    return _budget(parts[4], parts[5].removeprefix("budget/"))


def update_budget(_: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces a budget's settings; its notifications stay."""
    wanted = arguments["NewBudget"]
    found = _budget(arguments["AccountId"], wanted["BudgetName"])
    found.budget = {**found.budget, **_seconds(wanted)}
    return {}


def _seconds(value: Any) -> Any:
    """Times as moto keeps them: as numbers, the way they come over the wire."""
    if isinstance(value, Mapping):
        return {key: _seconds(item) for key, item in value.items()}
    return value.timestamp() if isinstance(value, datetime) else value


def describe_subscribers_for_notification(_: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns who is told."""
    found = _budget(arguments["AccountId"], arguments["BudgetName"])
    wanted = arguments["Notification"]
    for notification in found.notifications:
        if all(notification.details.get(name) == value for name, value in wanted.items()):
            return {"Subscribers": notification.subscribers}
    raise ApiError("NotFoundException", "Unable to find the notification")


def tag_resource(_: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Adds and changes tags."""
    tags = _of_arn(arguments["ResourceARN"]).__dict__.setdefault("twin_tags", {})
    tags.update({tag["Key"]: tag["Value"] for tag in arguments["ResourceTags"]})
    return {}


def untag_resource(_: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes tags."""
    tags = _of_arn(arguments["ResourceARN"]).__dict__.setdefault("twin_tags", {})
    for key in arguments["ResourceTagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(_: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a budget's tags."""
    tags = getattr(_of_arn(arguments["ResourceARN"]), "twin_tags", {})
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}
