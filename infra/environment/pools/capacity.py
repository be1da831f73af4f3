"""How nodes are bought."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    Discriminator,
    PlainSerializer,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from infra.environment.fields import Form
from infra.environment.section import Section
from infra.problems import Wrong

Market = Literal["on-demand", "spot", "reservation", "block"]

ReservationId = Annotated[
    str,
    Form(
        pattern="cr-[0-9a-f]{8}([0-9a-f]{9})?",
        wrong="is not the id of a capacity reservation",
        hint="write one such as cr-0123456789abcdef0, which EC2 shows under Capacity Reservations",
        example="cr-0123456789abcdef0",
    ),
]
ReservationOrGroup = Annotated[
    str,
    Form(
        pattern=r"(cr-[0-9a-f]{8}([0-9a-f]{9})?"
        r"|arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:[0-9]{12}:group/[A-Za-z0-9_.-]+)",
        wrong="is neither a capacity reservation nor a resource group of them",
        hint="write an id such as cr-0123456789abcdef0, or the ARN of the group",
        example="cr-0123456789abcdef0",
        longest=400,
    ),
]


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    written = isinstance(value, str) and re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})", value, re.ASCII
    )
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if written else _refused()
    except (ValueError, OverflowError):  # the 31st of February, or a year that UTC does not have
        return _refused()


def _refused() -> datetime:
    raise Wrong(
        "is not a time with its zone", 'write it in quotes, by RFC 3339, such as "2027-01-15T11:30:00Z"'
    )


Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}", when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-01-15T11:30:00Z"]}),
]
"""A moment, in UTC once it is read."""


class Reserved(Section):
    """Capacity that was bought beforehand: a `reservation`, or a `block`."""

    reservation: ReservationOrGroup | None = None
    """An On-Demand Capacity Reservation, by its id, or several by the ARN of their resource group. Reserved
    capacity is paid whether nodes run or not."""
    block: ReservationId | None = None
    """A Capacity Block for ML: GPUs for some days, paid in advance, in one zone. Wants `ends`."""
    ends: Instant | None = None
    """When the block ends, with its time zone. EC2 takes its machines back from half an hour before; EKS
    drains the nodes ten minutes earlier than that."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Reserved:
        if (self.reservation is None) == (self.block is None):
            raise Wrong(
                "is neither a reservation nor a block" if self.block is None else "is both",
                "write {reservation: cr-…}, or {block: cr-…, ends: …}",
            )
        if self.block is None and self.ends:
            raise Wrong("has an end, which only a block has", "leave out ends")
        if self.block is not None and self.ends is None:
            raise Wrong("does not say when the block ends", 'write ends: "2027-01-15T11:30:00Z" or so')
        return self


def _kind(value: object) -> str:
    return "reserved" if isinstance(value, (Reserved, dict)) else "market"


Capacity = Annotated[
    Annotated[Literal["on-demand", "spot"], Tag("market")] | Annotated[Reserved, Tag("reserved")],
    Discriminator(_kind),
]
"""How nodes are bought, as an environment file writes it."""


def fits(capacity: str | Reserved, info: ValidationInfo) -> str | Reserved:
    """`capacity`, where what is said of the pool before it allows it.

    A reservation is of one instance type, and a block in one zone:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html
    """
    if isinstance(capacity, str):
        return capacity
    if len(info.data.get("instances", ())) > 1:
        raise Wrong("is of one instance type, and the pool has several", "write only the reserved type")
    if "zone" in info.data and info.data["zone"] is None and capacity.block:
        raise Wrong("is a block, which lies in one zone", "write the pool's zone, which is the block's")
    return capacity
