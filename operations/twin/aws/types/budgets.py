"""Budgets: what an account may spend, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, retag, tag_list
from operations.twin.aws.values import decapitalised, tag_map

_TIME = "%Y-%m-%d_%H:%M"


def _budget(operation: Operation) -> dict[str, Any]:
    inputs = operation.inputs
    limit = (
        {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]} if "limitAmount" in inputs else None
    )
    period = {"Start": _time(inputs.get("timePeriodStart")), "End": _time(inputs.get("timePeriodEnd"))}
    filters = {item["name"]: item["values"] for item in inputs.get("costFilters", ())}
    return {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": limit,
        "TimePeriod": period if any(period.values()) else None,
        "CostFilters": filters or None,
        "CostTypes": inputs.get("costTypes"),
        "FilterExpression": _expression(inputs.get("filterExpression")),
        "Metrics": [inputs["metrics"]] if "metrics" in inputs else None,
    }


_OPERANDS = {"ands": "And", "ors": "Or"}
"""How the provider calls the lists of an expression, and how the API does."""


def _expression(given: Any) -> Any:
    """A filter expression as the API has it, at every depth."""
    if isinstance(given, Mapping):
        return {
            _OPERANDS.get(key, key[:1].upper() + key[1:]): _expression(item) for key, item in given.items()
        }
    return [_expression(item) for item in given] if isinstance(given, list) else given


def _as_given(found: Any) -> Any:
    """The same as the provider has it."""
    names = {there: here for here, there in _OPERANDS.items()}
    if isinstance(found, Mapping):
        return {names.get(key, key[:1].lower() + key[1:]): _as_given(item) for key, item in found.items()}
    return [_as_given(item) for item in found] if isinstance(found, list) else found


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).strftime(_TIME)


def _notification(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("comparisonOperator", "notificationType", "threshold", "thresholdType")
    subscribers = [
        {"SubscriptionType": kind, "Address": address}
        for kind, name in (("EMAIL", "subscriberEmailAddresses"), ("SNS", "subscriberSnsTopicArns"))
        for address in given.get(name, ())
    ]
    return {"Notification": {name: given.get(name) for name in names}, "Subscribers": subscribers}


def _notifications(operation: Operation) -> list[dict[str, Any]] | None:
    return [_notification(item) for item in operation.inputs.get("notifications", ())] or None


def _create(operation: Operation) -> None:
    """Creates a budget, and tags it afterwards: moto ignores tags that come with it."""
    account = operation.cloud.account
    if operation.inputs.get("accountId", account) != account:
        raise ApiError("AccessDeniedException", "Budgets of another account are not ours to create.")
    notifications = _notifications(operation)
    arguments = {"Budget": _budget(operation), "NotificationsWithSubscribers": notifications}
    operation.call("create_budget", {"AccountId": account, **arguments})
    operation.id = f"{account}:{operation.inputs['name']}"
    tags = tag_list(operation)
    if tags:
        operation.call("tag_resource", {"ResourceARN": _arn(operation), "ResourceTags": tags})


def _renotify(operation: Operation) -> None:
    budget = {"AccountId": operation.cloud.account, "BudgetName": operation.inputs["name"]}
    present = operation.find("describe_notifications_for_budget", "Notifications", budget)
    for notification in present or ():
        operation.call("delete_notification", {**budget, "Notification": notification})
    for wanted in _notifications(operation) or ():
        operation.call("create_notification", {**budget, **wanted})


def _read(operation: Operation) -> dict[str, Any] | None:
    account, _, name = operation.id.partition(":")
    budget = {"AccountId": account, "BudgetName": name}
    found: dict[str, Any] | None = operation.find("describe_budget", "Budget", budget)
    if found is None:
        return None
    notifications = operation.find("describe_notifications_for_budget", "Notifications", budget) or []
    listed = [
        {
            **decapitalised(notification),
            "thresholdType": notification.get("ThresholdType", "PERCENTAGE"),
            **_subscribers(operation, budget, notification),
        }
        for notification in notifications
    ]
    tags = operation.find("list_tags_for_resource", "ResourceTags", {"ResourceARN": _arn(operation)})
    return {**found, "Notifications": listed, "TagMap": tag_map(tags), "AccountId": account}


def _subscribers(
    operation: Operation, budget: Mapping[str, str], notification: Mapping[str, Any]
) -> dict[str, list[str]]:
    arguments = {**budget, "Notification": notification}
    found = operation.find("describe_subscribers_for_notification", "Subscribers", arguments) or []
    kinds = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}
    return {
        name: [item["Address"] for item in found if item["SubscriptionType"] == kind]
        for name, kind in kinds.items()
    }


def _arn(operation: Operation) -> str:
    account, _, name = operation.id.partition(":")
    return f"arn:{operation.facts['partition']}:budgets::{account}:budget/{name}"


def _cost_filters(_: Operation, found: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    filters = found.get("CostFilters") or {}
    return [{"name": name, "values": values} for name, values in filters.items()] or None


BUDGET = Type(
    type="aws:budgets/budget:Budget",
    service="budgets",
    word="budget",
    required=("budgetType", "timeUnit"),
    optional=(
        "name",
        "namePrefix",
        "accountId",
        "limitAmount",
        "limitUnit",
        "timePeriodStart",
        "timePeriodEnd",
        "costFilters",
        "costTypes",
        "filterExpression",
        "metrics",
        "notifications",
    ),
    regional=False,
    taggable=True,
    name=Name(limit=100),
    create=_create,
    id="{account}:{name}",
    read=_read,
    outputs={
        "arn": lambda operation, _: _arn(operation),
        "accountId": "AccountId",
        "name": "BudgetName",
        "budgetType": "BudgetType",
        "timeUnit": "TimeUnit",
        "limitAmount": "BudgetLimit.Amount",
        "limitUnit": "BudgetLimit.Unit",
        "timePeriodStart": lambda _, found: _text(found.get("TimePeriod", {}).get("Start")),
        "timePeriodEnd": lambda _, found: _text(found.get("TimePeriod", {}).get("End")),
        "costFilters": _cost_filters,
        "costTypes": lambda _, found: decapitalised(found.get("CostTypes")),
        "filterExpression": lambda _, found: _as_given(found.get("FilterExpression")),
        "metrics": lambda _, found: next(iter(found.get("Metrics") or ()), None),
        "notifications": "Notifications",
        "tags": "TagMap",
    },
    changes=(
        Change(
            inputs=(
                "budgetType",
                "timeUnit",
                "limitAmount",
                "limitUnit",
                "timePeriodStart",
                "timePeriodEnd",
                "costFilters",
                "costTypes",
                "filterExpression",
                "metrics",
            ),
            step=Call("update_budget", {"AccountId": "$account", "NewBudget": _budget}),
            on_create=False,
        ),
        Change(inputs=("notifications",), step=_renotify, on_create=False),
        retag(
            lambda operation, keys: operation.call(
                "untag_resource", {"ResourceARN": _arn(operation), "ResourceTagKeys": keys}
            ),
            lambda operation, tags: operation.call(
                "tag_resource", {"ResourceARN": _arn(operation), "ResourceTags": pairs(tags)}
            ),
        ),
    ),
    delete=Call("delete_budget", {"AccountId": "$account", "BudgetName": "$name"}),
    replace=frozenset({"name", "namePrefix", "accountId"}),
    kept=frozenset({"accountId", "timePeriodStart", "timePeriodEnd", "costFilters", "costTypes"}),
)
