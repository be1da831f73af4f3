"""What resources cost: the ceiling, every pool at its maximum, and the floor, every pool at its minimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from infra.catalog import instances, lookup, prices, versions
from infra.catalog.prices import HOURS_PER_MONTH, Kind, Price
from infra.resources import RecordedResource

Period = Literal["hour", "month"]

_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

_Size = tuple[float, float]
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
    """What resources cost in USD: list prices on demand in us-east-1, without discounts and taxes."""

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


class Placed(Protocol):
    """An environment, as far as prices need to know it."""

    @property
    def region(self) -> str | None:
        """Its AWS region; None where it has none."""


@dataclass(frozen=True)
class _Share:
    """What one resource adds."""

    lines: tuple[CostLine, ...] = ()
    notes: tuple[str, ...] = ()
    unpriced: bool = False


@dataclass(frozen=True)
class _Context:
    resources: Mapping[str, RecordedResource]
    on: date


def cost(resources: Sequence[RecordedResource], environment: Placed, on: date | None = None) -> Cost:
    """Price resources as a program asked for them.

    The ceiling is meant to hold: a node pool of several instance types is priced as the dearest of them, and
    spot capacity as on demand, which it does not exceed.

    Args:
        resources: All resources of a stack: a node group's launch template is looked for among them.
        environment: Whose they are; prices are those of us-east-1, and another region is noted.
        on: The day to price for: it decides whether a Kubernetes version is in extended support. By default
            that on which the catalog was looked up, so that the same resources always cost the same.
    """
    context = _Context({resource.urn: resource for resource in resources}, on or versions.as_of())
    custom = [resource for resource in resources if resource.custom]
    shares = [_share(resource, context) for resource in custom]
    lines = tuple(line for share in shares for line in share.lines)
    notes = dict.fromkeys(note for share in shares for note in share.notes)
    return Cost(
        month=math.fsum(line.month for line in lines),
        idle_month=math.fsum(line.idle_month for line in lines),
        unpriced=tuple(sorted({r.type for r, share in zip(custom, shares, strict=True) if share.unpriced})),
        lines=lines,
        notes=(*_general_notes(lines, environment), *notes),
    )


def _general_notes(lines: Sequence[CostLine], environment: Placed) -> Iterator[str]:
    if not lines:
        return
    yield f"list prices of {prices.region()} as of {prices.as_of()}, without discounts and taxes"
    if environment.region != prices.region():
        yield f"{environment.region} has prices of its own: expect other sums there"


def _share(resource: RecordedResource, context: _Context) -> _Share:
    price = prices.price(resource.type, resource.inputs)
    if price is None:
        return _Share(notes=(f"the catalog has no price for {resource.type}",), unpriced=True)
    share = _PRICED_BY[price.kind](resource, price, context)
    usage = (f"not in the sums: {price.usage}",) if price.usage else ()
    return _Share(share.lines, share.notes + usage, share.unpriced)


def _each(resource: RecordedResource, price: Price, _: _Context) -> _Share:
    period: Period = "hour" if price.kind == "hourly" else "month"
    units = _units(lookup.at(resource.inputs, price.count)) if price.count else 1
    if units is None:
        note = f"{resource.name}: how many {price.unit} it has ({price.count}) is not recorded"
        return _Share(notes=(note,), unpriced=True)
    return _Share((_line(resource, price.item, price.unit, (units, units), price.usd, period),))


def _units(value: object) -> float | None:
    """How many a recorded input says: a number, or a list of what there is."""
    if isinstance(value, list | tuple):
        return len(value)
    return value if isinstance(value, int | float) else None


def _line(
    resource: RecordedResource, item: str, unit: str, amount: _Size, usd: float, period: Period
) -> CostLine:
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


def _control_plane(resource: RecordedResource, price: Price, context: _Context) -> _Share:
    version = versions.versions().get(str(resource.inputs.get("version")))
    # With the policy STANDARD, EKS upgrades the cluster instead of charging for extended support.
    upgraded = lookup.at(resource.inputs, "upgradePolicy.supportType") == "STANDARD"
    if version is None or upgraded:
        return _Share((_line(resource, price.item, price.unit, (1, 1), price.usd, "hour"),))
    standard = version.support(context.on) == "standard"
    usd = price.usd if standard else price.extended_usd
    note = (
        f"Kubernetes {version.name} {'enters' if standard else 'entered'} extended support on "
        f"{version.standard_until}: a control plane then costs {price.extended_usd:.2f} instead of "
        f"{price.usd:.2f} USD an hour"
    )
    return _Share((_line(resource, price.item, price.unit, (1, 1), usd, "hour"),), (note,))


def _node_group(resource: RecordedResource, _: Price, context: _Context) -> _Share:
    size = _size(resource)
    if size is None:
        return _Share(notes=(f"{resource.name}: how many nodes it may have is not recorded",), unpriced=True)
    template = _launch_template(resource, context)
    return _together((_nodes(resource, template, size), *_volumes(resource, template, size)))


def _size(resource: RecordedResource) -> _Size | None:
    """The most and the fewest nodes of a group."""
    most, fewest = (lookup.at(resource.inputs, f"scalingConfig.{key}") for key in ("maxSize", "minSize"))
    if isinstance(most, int | float) and isinstance(fewest, int | float):
        return most, fewest
    return None


def _launch_template(resource: RecordedResource, context: _Context) -> Mapping[str, Any]:
    """The inputs of a node group's template. Only dependencies tell which it is: a recording makes ids up."""
    needed = (context.resources.get(urn) for urn in resource.dependencies)
    return next((other.inputs for other in needed if other and other.type == _LAUNCH_TEMPLATE), {})


def _nodes(resource: RecordedResource, template: Mapping[str, Any], size: _Size) -> _Share:
    names = resource.inputs.get("instanceTypes") or [template.get("instanceType")]
    shapes = (instances.shapes().get(name) for name in names)
    usd = {shape.name: shape.usd_per_hour for shape in shapes if shape and shape.usd_per_hour is not None}
    missing = [name for name in names if name not in usd]
    notes = [f"{resource.name}: the catalog has no on-demand price for {name}" for name in missing]
    if not usd:
        return _Share(notes=tuple(notes), unpriced=True)
    dearest = max(usd, key=lambda name: (usd[name], name))
    if len(usd) > 1:
        notes.append(f"{resource.name}: priced as {dearest}, the dearest of its instance types")
    if resource.inputs.get("capacityType") == "SPOT":
        notes.append(f"{resource.name}: spot prices vary; priced on demand, which they do not exceed")
    line = _line(resource, dearest, "node", size, usd[dearest], "hour")
    return _Share((line,), tuple(notes), unpriced=bool(missing))


def _volumes(resource: RecordedResource, template: Mapping[str, Any], size: _Size) -> Iterator[_Share]:
    mappings = template.get("blockDeviceMappings") or [{}]
    for mapping in mappings:
        disk = mapping.get("ebs") or {}
        kind = str(disk.get("volumeType"))
        charges = prices.volume(kind)
        if not charges:
            note = f"{resource.name}: the catalog has no price for its {kind} volumes"
            yield _Share(notes=(note,), unpriced=True)
        for charge in charges:
            each = max((disk.get(charge.input) or 0) - charge.included, 0)
            if each:
                amount = (size[0] * each, size[1] * each)
                line = _line(resource, f"{kind} volumes", charge.unit, amount, charge.usd, "month")
                yield _Share((line,))


def _together(shares: Iterable[_Share]) -> _Share:
    shares = tuple(shares)
    return _Share(
        tuple(line for share in shares for line in share.lines),
        tuple(note for share in shares for note in share.notes),
        any(share.unpriced for share in shares),
    )


_PRICED_BY: Mapping[Kind, Callable[[RecordedResource, Price, _Context], _Share]] = {
    "hourly": _each,
    "monthly": _each,
    "control_plane": _control_plane,
    "node_group": _node_group,
    "free": lambda *_: _Share(),
    "usage": lambda *_: _Share(unpriced=True),
}
