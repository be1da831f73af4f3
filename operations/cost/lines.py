"""What a sum of costs is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from infra.catalog.prices import HOURS_PER_MONTH
from infra.resources import RecordedResource

Period = Literal["hour", "month"]

Size = tuple[float, float]
"""How many there are at the ceiling, and how many at the floor."""


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One thing that is paid for: a number of units of an item at a price."""

    urn: str
    resource: str
    """The logical name of the resource that is charged."""
    item: str
    """What is paid for: "p4d.24xlarge", "gp3 volumes", "NAT gateway"."""
    unit: str
    """What is counted: "node", "GiB"."""
    quantity: float
    """How many units at the ceiling."""
    idle_quantity: float
    """How many units at the floor."""
    usd: float
    """For each unit and period."""
    period: Period

    @property
    def month(self) -> float:
        """USD a month at the ceiling."""
        return self.quantity * self.usd * self._periods

    @property
    def idle_month(self) -> float:
        """USD a month at the floor."""
        return self.idle_quantity * self.usd * self._periods

    @property
    def what(self) -> str:
        """The line in words: ``train: p4d.24xlarge, 4 nodes at 21.957642 USD/hour``."""
        plural = "s" if self.unit.islower() and self.quantity != 1 else ""
        many = f"{self.quantity:g} {self.unit}{plural}"
        return f"{self.resource}: {self.item}, {many} at {self.usd:.8g} USD/{self.period}"

    @property
    def _periods(self) -> int:
        return HOURS_PER_MONTH if self.period == "hour" else 1


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What resources cost in USD: list prices of us-east-1, without discounts and taxes."""

    month: float
    """Per month of 730 hours, every pool at its maximum."""
    idle_month: float
    """Per month, every pool at its minimum."""
    unpriced: tuple[str, ...]
    """Types whose cost is in no sum, sorted: charged by use alone, or without a price in the catalog."""
    lines: tuple[CostLine, ...]
    notes: tuple[str, ...]
    """What a reader of the sums should know: assumptions, and what is left out and why."""

    @property
    def hour(self) -> float:
        """Per hour, every pool at its maximum."""
        return self.month / HOURS_PER_MONTH


@dataclass(frozen=True)
class Share:
    """What one resource adds to the sums."""

    lines: tuple[CostLine, ...] = ()
    notes: tuple[str, ...] = ()
    unpriced: bool = False


@dataclass(frozen=True)
class Context:
    """What the price of a resource may depend on besides itself."""

    resources: Mapping[str, RecordedResource]
    """All of the stack by URN."""
    on: date
    """The day to price for."""


def line(
    resource: RecordedResource, item: str, unit: str, amount: Size, usd: float, period: Period
) -> CostLine:
    """A line for a resource: so many units, at so much for each."""
    return CostLine(
        urn=resource.urn,
        resource=resource.name,
        item=item,
        unit=unit,
        quantity=amount[0],
        idle_quantity=amount[1],
        usd=usd,
        period=period,
    )


def together(shares: Iterable[Share]) -> Share:
    """Several shares as one."""
    shares = tuple(shares)
    return Share(
        tuple(line for share in shares for line in share.lines),
        tuple(note for share in shares for note in share.notes),
        any(share.unpriced for share in shares),
    )
