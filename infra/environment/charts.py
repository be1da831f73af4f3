"""Where charts come from, and values that only an environment knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from infra.catalog.charts import charts
from infra.environment.fields import Form, OneOf
from infra.problems import Wrong

_DEEPEST = 3
"""Steps of a path that a message repeats: enough to find the place."""


def _says_something(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A null would take a default away in Helm; on the way there it is lost."""
    empty = next(_nulls(values, ()), None)
    if empty is not None:
        raise Wrong(f"has nothing at {'.'.join(empty[-_DEEPEST:])}", "write a value, or remove the key")
    return values


def _nulls(value: object, path: tuple[str, ...]) -> Any:
    if value is None:
        yield path
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nulls(inner, (*path, str(key)))


Mirror = Annotated[
    str,
    Form(
        pattern=r"oci://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
        wrong="is not the address of a registry",
        hint="write oci://, the registry's name and a path of small letters, such as oci://registry.example.com/mirror",
        example="oci://111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror",
        longest=200,
    ),
]
"""An OCI registry, with a path in it."""

ChartName = Annotated[str, OneOf(charts, "chart")]
Values = Annotated[Mapping[str, Any], AfterValidator(_says_something)]
