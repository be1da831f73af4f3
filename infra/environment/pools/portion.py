"""A part of a pool's nodes: a number of them, or a percentage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from infra.problems import Wrong

_MOST = 5000
"""Nodes of a whole cluster."""


@dataclass(frozen=True)
class Portion:
    """Some of the nodes: ``3``, or ``25%``.

    Attributes:
        amount: How many, or how many of a hundred.
        percent: Which of the two.
    """

    amount: int
    percent: bool = False

    least: ClassVar[int] = 1

    @classmethod
    def parse(cls, value: object) -> Self:
        """The portion that `value` writes.

        Raises:
            Wrong: It writes none, or none of the nodes.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and cls.least <= value <= _MOST:
            return cls(value)
        found = re.fullmatch(r"([0-9]{1,3})%", value, re.ASCII) if isinstance(value, str) else None
        if found and cls.least <= int(found[1]) <= 100:
            return cls(int(found[1]), percent=True)
        hint = f"write a number of at least {cls.least}, or {cls.least}% to 100%, such as 25%"
        raise Wrong("is no part of the nodes", hint)

    def written(self) -> int | str:
        """The portion as an environment file has it."""
        return f"{self.amount}%" if self.percent else self.amount

    def __str__(self) -> str:
        return str(self.written())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.written, when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number = {"type": "integer", "minimum": cls.least, "maximum": _MOST}
        percentage = {"type": "string", "pattern": f"^([{cls.least}-9]|[1-9][0-9]|100)%$"}
        return {"anyOf": [number, percentage], "examples": [1, "25%"]}


class PortionOrNone(Portion):
    """Some of the nodes, or ``0``."""

    least: ClassVar[int] = 0
