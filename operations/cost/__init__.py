"""What resources cost: the ceiling, every pool at its maximum, and the floor, every pool at its minimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from infra.catalog import lookup, prices, versions
from infra.catalog.prices import Charge, Kind, Price
from infra.resources import RecordedResource
from operations.cost import claims, nodes
from operations.cost.lines import Context, Cost, CostLine, Period, Share, line

__all__ = ["Cost", "CostLine", "cost"]


class Placed(Protocol):
    """An environment, as far as prices need to know it."""

    @property
    def region(self) -> str | None:
        """Its AWS region; None where it has none."""


def cost(resources: Sequence[RecordedResource], environment: Placed, on: date | None = None) -> Cost:
    """Price resources as a program asked for them.

    A pool of several instance types is priced as the dearest of them. Spot capacity has the price of a day,
    where the catalog has one. What is reserved counts at the floor too.

    Args:
        resources: All resources of a stack: a node group's launch template is looked for among them.
        environment: Whose they are; prices are those of us-east-1, and another region is noted.
        on: The day to price for: it decides whether a Kubernetes version is in extended support. By default
            that on which the catalog was looked up, so that the same resources always cost the same.
    """
    context = Context({resource.urn: resource for resource in resources}, on or versions.as_of())
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


def _share(resource: RecordedResource, context: Context) -> Share:
    price = prices.price(resource.type, resource.inputs)
    if price is None:
        return Share(notes=(f"the catalog has no price for {resource.type}",), unpriced=True)
    share = _PRICED_BY[price.kind](resource, price, context)
    usage = (f"not in the sums: {price.usage}",) if price.usage else ()
    return Share(share.lines, share.notes + usage, share.unpriced)


def _each(resource: RecordedResource, price: Price, _: Context) -> Share:
    period: Period = "hour" if price.kind == "hourly" else "month"
    units = _units(lookup.at(resource.inputs, price.count)) if price.count else 1
    if units is None:
        note = f"{resource.name}: how many {price.unit} it has ({price.count}) is not recorded"
        return Share(notes=(note,), unpriced=True)
    first = line(resource, price.item, price.unit, (units, units), price.usd, period)
    return Share((first, *(_also(resource, charge) for charge in price.also)))


def _also(resource: RecordedResource, charge: Charge) -> CostLine:
    many = _units(lookup.at(resource.inputs, charge.count)) or 0
    many *= (_units(lookup.at(resource.inputs, charge.times)) or 0) if charge.times else 1
    return line(resource, charge.item, charge.unit, (many, many), charge.usd, "month")


def _units(value: object) -> float | None:
    """How many a recorded input says: a number, or a list of what there is."""
    if isinstance(value, list | tuple):
        return len(value)
    return value if isinstance(value, int | float) else None


def _control_plane(resource: RecordedResource, price: Price, context: Context) -> Share:
    version = versions.versions().get(str(resource.inputs.get("version")))
    # With the policy STANDARD, EKS upgrades the cluster instead of charging for extended support.
    upgraded = lookup.at(resource.inputs, "upgradePolicy.supportType") == "STANDARD"
    if version is None or upgraded:
        return Share((line(resource, price.item, price.unit, (1, 1), price.usd, "hour"),))
    standard = version.support(context.on) == "standard"
    usd = price.usd if standard else price.extended_usd
    note = (
        f"Kubernetes {version.name} {'enters' if standard else 'entered'} extended support on "
        f"{version.standard_until}: a control plane then costs {price.extended_usd:.2f} instead of "
        f"{price.usd:.2f} USD an hour"
    )
    return Share((line(resource, price.item, price.unit, (1, 1), usd, "hour"),), (note,))


_PRICED_BY: Mapping[Kind, Callable[[RecordedResource, Price, Context], Share]] = {
    "hourly": _each,
    "monthly": _each,
    "control_plane": _control_plane,
    "node_group": nodes.node_group,
    "node_pool": nodes.node_pool,
    "claims": claims.claims,
    "free": lambda *_: Share(),
    "usage": lambda *_: Share(unpriced=True),
}
