"""The JSON Schema of environment files, from which editors complete and explain."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from infra.environment.fields import Region
from infra.environment.loading import PULUMIS, REGION, SECTION
from infra.environment.model import ELSEWHERE, Environment


class _WithoutTitles(GenerateJsonSchema):
    """pydantic's schema without the titles of fields, which only repeat their keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        """Says no."""
        return False


def json_schema() -> dict[str, Any]:
    """The schema of a whole ``Pulumi.<environment>.yaml``, in draft 2020-12."""
    environment = _tidy(Environment.model_json_schema(schema_generator=_WithoutTitles))
    sections = environment.pop("$defs")
    for field in ELSEWHERE:
        del environment["properties"][field]
    environment["required"] = [field for field in environment["required"] if field not in ELSEWHERE]
    region = {"description": "AWS region. Required on platform `aws`.", **TypeAdapter(Region).json_schema()}
    config = {
        "type": "object",
        "description": "What the stack is configured with.",
        "properties": {REGION: region, SECTION: environment},
        "patternProperties": {"^pulumi:": {"description": "A setting of the engine itself."}},
        "required": [SECTION],
        "additionalProperties": False,
    }
    others = {key: {"description": "Written by Pulumi."} for key in PULUMIS if key != "config"}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "mlcluster environment",
        "description": "One environment: the only place where environments differ.",
        "type": "object",
        "properties": {"config": config, **others},
        "required": ["config"],
        "additionalProperties": False,
        "$defs": sections,
    }


_BY_NAME: Final = frozenset({"properties", "patternProperties", "$defs"})
"""Keys of schemas below which there are names of ours, one of which may be `default`."""


def _tidied(key: str, value: Any) -> Any:
    if key in _BY_NAME:
        return {name: _tidy(schema) for name, schema in value.items()}
    return " ".join(value.split()) if key == "description" else _tidy(value)


def _tidy(schema: Any) -> Any:
    """A schema as editors like it.

    Descriptions are on one line; keys that match no pattern are wrong; defaults of null or of whole sections,
    which say nothing, are left out.
    """
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: _tidied(key, value)
        for key, value in schema.items()
        if not (key == "default" and isinstance(value, dict | None))
    }
    return {"additionalProperties": False, **tidy} if "patternProperties" in tidy else tidy
