"""Glue: databases of the Data Catalog."""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import retag
from operations.twin.aws.values import tag_map

_INPUT = {
    "Name": "$name",
    "Description": "$description",
    "LocationUri": "$locationUri",
    "Parameters": "$parameters",
}


def _name(operation: Operation) -> str:
    return operation.id.partition(":")[2]


def _arn(operation: Operation) -> str:
    place = operation.facts
    account, name = place["account"], _name(operation)
    return f"arn:{place['partition']}:glue:{operation.region}:{account}:database/{name}"


def _read(operation: Operation) -> dict[str, Any] | None:
    found: dict[str, Any] | None = operation.find("get_database", "Database", {"Name": _name(operation)})
    if found is None:
        return None
    tags = operation.find("get_tags", "Tags", {"ResourceArn": _arn(operation)})
    return {**found, "TagMap": tag_map(tags)}


CATALOG_DATABASE = Type(
    type="aws:glue/catalogDatabase:CatalogDatabase",
    service="glue",
    word="database",
    optional=("name", "catalogId", "description", "locationUri", "parameters"),
    taggable=True,
    name=Name(prefix=None, limit=255, lower=True),
    create=Call(
        "create_database",
        {"CatalogId": "$catalogId", "DatabaseInput": _INPUT, "Tags": "$tags"},
    ),
    id="{account}:{name}",
    read=_read,
    outputs={
        "arn": lambda operation, _: _arn(operation),
        "name": "Name",
        "catalogId": "CatalogId",
        "description": "Description",
        "locationUri": "LocationUri",
        "parameters": "Parameters",
        "tags": "TagMap",
    },
    changes=(
        Change(
            inputs=("description", "locationUri", "parameters"),
            step=Call("update_database", {"Name": _name, "DatabaseInput": _INPUT}),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call(
                "untag_resource", {"ResourceArn": _arn(operation), "TagsToRemove": keys}
            ),
            lambda operation, tags: operation.call(
                "tag_resource", {"ResourceArn": _arn(operation), "TagsToAdd": tags}
            ),
        ),
    ),
    delete=Call("delete_database", {"Name": _name}),
    replace=frozenset({"name", "catalogId"}),
    kept=frozenset({"catalogId", "locationUri"}),
)
