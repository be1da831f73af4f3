"""How long an environment lives, and when it sleeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from infra.environment.fields import Flag, Within
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration

_WEEK: Final = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_WRITTEN = re.compile(
    r"(?P<days>[a-z]+) (?P<start>[0-9:]+)-(?P<end>[0-9:]+) (?P<zone>[A-Za-z0-9_+/-]+)", re.ASCII
)
_EXAMPLE = "weekdays 20:00-07:00 Europe/Madrid"


@dataclass(frozen=True)
class Hibernation:
    """When an environment sleeps: from `start` on each of the days to the next `end`, in the zone's time.

    Written ``weekdays 20:00-07:00 Europe/Madrid``; the days are daily, weekdays or weekends.
    """

    days: str
    start: time
    end: time
    zone: ZoneInfo

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Days on which a sleep begins; Monday is 0."""
        return tuple(_WEEK[self.days])

    @classmethod
    def parse(cls, value: object) -> Hibernation:
        """The schedule that `value` writes.

        Raises:
            Wrong: It writes none.
        """
        if isinstance(value, Hibernation):
            return value
        found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
        if not found or found["days"] not in _WEEK:
            raise Wrong(
                "is not a schedule of sleep", f'write days, hours and time zone, such as "{_EXAMPLE}"'
            )
        start, end = _clock(found["start"]), _clock(found["end"])
        if start == end:
            raise Wrong("has no hours in it", f'write hours that differ, such as "{_EXAMPLE}"')
        return cls(found["days"], start, end, _zone(found["zone"]))

    def __str__(self) -> str:
        return f"{self.days} {self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json")
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        pattern = rf"^({'|'.join(_WEEK)}) [0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9] [A-Za-z0-9_+/-]+$"
        return {"type": "string", "pattern": pattern, "examples": [_EXAMPLE]}


def _clock(text: str) -> time:
    if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        raise Wrong(f"has {text}, which is not a time of day", "write hours and minutes from 00:00 to 23:59")
    return time.fromisoformat(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (
        ValueError,
        OSError,
        LookupError,
    ):  # what zoneinfo raises for names that are paths, folders, or unknown
        raise Wrong(
            f"has {name}, which is not a time zone", "write one such as Europe/Madrid or UTC"
        ) from None


class Lifetime(Section):
    """When the environment goes, and when it sleeps."""

    ttl: Annotated[Duration, Within(Duration("1m"))] | None = None
    """How long it is meant to live from its creation; afterwards it may be swept. Default: until it is taken
    down."""
    hibernate: Hibernation | None = None
    """When its nodes sleep: daily, weekdays or weekends, hours, and time zone. Default: never."""
    protect: Flag = False
    """Whether `mlcluster down` wants the environment's name typed."""

    @field_validator("protect")
    @classmethod
    def _not_with_ttl(cls, protect: bool, info: ValidationInfo) -> bool:
        if protect and info.data.get("ttl") is not None:
            raise Wrong("protects what ttl gives up", "leave out protect or ttl")
        return protect
