"""What one team may take of Kafka's brokers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.fields import Count, Within
from infra.environment.section import Section
from infra.units import ByteSize


class Quota(Section):
    """What a team may take of each broker; who takes more is slowed down, not refused.

    https://kafka.apache.org/43/design/design/#quotas
    """

    write: Annotated[ByteSize, Within(ByteSize("1KiB"))] | None = None
    """Bytes a second written to each broker. Default: any number."""
    read: Annotated[ByteSize, Within(ByteSize("1KiB"))] | None = None
    """Bytes a second read from each broker. Default: any number."""
    requests: Annotated[Count, Field(ge=1, le=100_000)] | None = None
    """Share of each broker's threads, in percent of one: 200 is two of them. Default: any share."""
