"""Quantities as people write them, parsed once: sizes, durations and processors."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from infra.problems import Wrong

KiB = 1024
MiB = 1024 * KiB
GiB = 1024 * MiB
TiB = 1024 * GiB
PiB = 1024 * TiB

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_SIZES = {"": 1, "Ki": KiB, "Mi": MiB, "Gi": GiB, "Ti": TiB, "Pi": PiB}
_SPANS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
_LARGEST = 2**63 - 1
"""Kubernetes and the AWS APIs hold quantities in 64 bits."""
_MOST_MILLIS = 10**15
"""Thousandths of a processor that a float still tells apart."""


class _Written:
    """A number with a unit: a class of numbers that pydantic reads from, and writes as, what people write."""

    _schema: ClassVar[JsonSchemaValue]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.written, when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(cls._schema)

    @classmethod
    def _read(cls, value: object) -> Self:
        """The quantity that a file has."""
        raise NotImplementedError

    def written(self) -> str | int | float:
        """The quantity as an environment file has it: parsing it gives the same quantity."""
        raise NotImplementedError


class ByteSize(_Written, int):
    """A size in bytes, written with a binary unit: ``500GiB``, ``1.5TiB``.

    Kubernetes' ``500Gi`` means the same. Decimal units (``GB``) are refused: AWS and Kubernetes mean binary
    ones.

    Raises:
        Wrong: For anything else, for fractions of a byte, and for what does not fit 64 bits.
    """

    _schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "pattern": r"^[0-9]+(\.[0-9]+)?([KMGTP]iB?|B)$",
        "examples": ["100GiB", "4TiB"],
    }

    def __new__(cls, value: object) -> Self:
        """Reads what is written; a plain number is in bytes."""
        if isinstance(value, int) and not isinstance(value, bool):
            return super().__new__(cls, _bounded(value, "100GiB"))
        found = isinstance(value, str) and re.fullmatch(
            r"([0-9]{1,19}(?:\.[0-9]{1,19})?)(?:([KMGTP]i)B?|B)", value, re.A
        )
        if not found:
            raise Wrong("is not a size", "write a number with a binary unit, such as 100GiB or 4TiB")
        size = Fraction(found[1]) * _SIZES[found[2] or ""]
        if size.denominator != 1:
            raise Wrong("is not a whole number of bytes", "write a rounder size, such as 100GiB")
        return super().__new__(cls, _bounded(size.numerator, "100GiB"))

    @classmethod
    def _read(cls, value: object) -> Self:
        return value if isinstance(value, cls) else cls(_text(value))

    def written(self) -> str:
        """The size with the largest unit that keeps it whole: ``500GiB``."""
        return f"{quantity_bytes(self)}B"

    def __str__(self) -> str:
        return self.written()


class Duration(_Written, int):
    """A time in seconds, written with a unit: ``30s``, ``45m``, ``12h`` or ``7d``.

    Raises:
        Wrong: For anything else, and for what does not fit 64 bits.
    """

    _schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "pattern": "^[0-9]+[smhd]$",
        "examples": ["30m", "12h", "7d"],
    }

    def __new__(cls, value: object) -> Self:
        """Reads what is written; a plain number is in seconds."""
        if isinstance(value, int) and not isinstance(value, bool):
            return super().__new__(cls, _bounded(value, "12h"))
        found = isinstance(value, str) and re.fullmatch(r"([0-9]{1,19})([smhd])", value, re.A)
        if not found:
            raise Wrong("is not a duration", "write a whole number with s, m, h or d, such as 12h or 7d")
        return super().__new__(cls, _bounded(int(found[1]) * _SPANS[found[2]], "12h"))

    @classmethod
    def _read(cls, value: object) -> Self:
        return value if isinstance(value, cls) else cls(_text(value))

    def written(self) -> str:
        """The duration with the largest unit that keeps it whole: ``90d``."""
        unit, seconds = max(
            (pair for pair in _SPANS.items() if self % pair[1] == 0), key=lambda pair: pair[1]
        )
        return f"{self // seconds}{unit}"

    @property
    def days(self) -> int:
        """Whole days in it."""
        return self // DAY

    def __str__(self) -> str:
        return self.written()


class Cpu(_Written, float):
    """Processors (vCPUs), to the thousandth: ``16``, ``16.5``, or Kubernetes' ``500m``.

    Raises:
        Wrong: For anything else, and for fractions below a thousandth, which Kubernetes cannot hold.
    """

    _schema: ClassVar[JsonSchemaValue] = {
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+m$"}],
        "examples": [16, 16.5, "500m"],
    }

    def __new__(cls, value: object) -> Self:
        """Reads what is written; a plain number is in vCPUs."""
        millis = _millis(value)
        if millis is None or not 0 <= millis <= _MOST_MILLIS:
            raise Wrong("is not a number of processors", "write vCPUs, such as 16, 16.5 or 500m")
        if millis.denominator != 1:
            raise Wrong(
                "is finer than a thousandth of a processor", "write at most three decimals, such as 16.5"
            )
        return super().__new__(cls, millis.numerator / 1000)

    @classmethod
    def _read(cls, value: object) -> Self:
        return cls(value)

    @property
    def millis(self) -> int:
        """Thousandths of a processor, exactly."""
        return round(self * 1000)

    def written(self) -> int | float:
        """The plain number, without a fraction where there is none."""
        return int(self) if self.is_integer() else float(self)


def quantity_bytes(size: int) -> str:
    """A size in bytes as a Kubernetes quantity, exact: ``4Ti``, ``500Gi``, ``1000``."""
    unit, scale = max((pair for pair in _SIZES.items() if size % pair[1] == 0), key=lambda pair: pair[1])
    return f"{size // scale}{unit}" if size else "0"


def quantity_cpu(cpu: float) -> str:
    """Processors as a Kubernetes quantity, to the thousandth: ``16``, ``16500m``."""
    millis = round(cpu * 1000)
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def _text(value: object) -> str | None:
    """`value` where it is text: in a file, a number without its unit would be a riddle."""
    return value if isinstance(value, str) else None


def _millis(value: object) -> Fraction | None:
    """A number of processors in thousandths, as its decimals say, or None where it is no number."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}m", value, re.A):
        return Fraction(value[:-1])
    if isinstance(value, float) and isfinite(value):
        return Fraction(repr(float(value))) * 1000
    return Fraction(value * 1000) if isinstance(value, int) and not isinstance(value, bool) else None


def _bounded(value: int, example: str) -> int:
    """`value`, where it is neither negative nor too large to be held."""
    if not 0 <= value <= _LARGEST:
        raise Wrong("is negative or too large", f"write one such as {example}")
    return value
