"""Tags: how each AWS service spells them, and how they are changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Change
from operations.twin.aws.values import tag_map


def pairs(
    tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value"
) -> list[dict[str, str]] | None:
    """Returns a mapping of tags as the list that most services take; None without tags."""
    return [{key: name, value: text} for name, text in tags.items()] if tags else None


def specifications(kind: str) -> Callable[[Operation], list[dict[str, Any]] | None]:
    """Returns the TagSpecifications of an EC2 call that creates a `kind`, such as "subnet"."""

    def fill(operation: Operation) -> list[dict[str, Any]] | None:
        tags = pairs(operation.inputs.get("tags"))
        return [{"ResourceType": kind, "Tags": tags}] if tags else None

    return fill


def tag_list(operation: Operation) -> list[dict[str, str]] | None:
    """Returns the tags of a resource as a list, for the template of a call."""
    return pairs(operation.inputs.get("tags"))


def read_tags(_: Operation, found: Mapping[str, Any]) -> dict[str, str]:
    """Output: the tags of a thing that has them as `Tags` or `tags`."""
    return tag_map(found.get("Tags", found.get("tags")))


def retag(
    remove: Callable[[Operation, list[str]], Any], add: Callable[[Operation, dict[str, str]], Any]
) -> Change:
    """Returns the change of `tags`, by the two calls that remove keys and set values."""

    def step(operation: Operation) -> None:
        old, new = operation.old.get("tags") or {}, operation.inputs.get("tags") or {}
        gone = sorted(old.keys() - new.keys())
        fresh = {name: text for name, text in new.items() if old.get(name) != text}
        if gone:
            remove(operation, gone)
        if fresh:
            add(operation, fresh)

    return Change(inputs=("tags",), step=step, on_create=False)


EC2_TAGS = retag(
    lambda operation, keys: operation.call(
        "delete_tags", {"Resources": [operation.id], "Tags": [{"Key": key} for key in keys]}
    ),
    lambda operation, tags: operation.call("create_tags", {"Resources": [operation.id], "Tags": pairs(tags)}),
)
"""The change of `tags` of everything in EC2, by the id of the resource."""
