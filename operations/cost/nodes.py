"""What pools of nodes cost, whoever makes them: managed node groups, and Karpenter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.catalog import instances, lookup, prices
from infra.catalog.prices import Price
from infra.resources import RecordedResource
from infra.units import ByteSize, GiB
from operations.cost.lines import Context, Share, Size, line, together

Market = Literal["on-demand", "spot", "reservation", "block"]

_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"


@dataclass(frozen=True)
class Fleet:
    """Nodes that may be there."""

    resource: RecordedResource
    types: Sequence[str]
    """Instance types, any of which may come."""
    market: Market
    size: Size
    disks: Sequence[Mapping[str, Any]]
    """What EBS volumes each has, as a launch template writes them."""


def node_group(resource: RecordedResource, _: Price, context: Context) -> Share:
    """The nodes of a managed node group and their volumes."""
    inputs, scaling = resource.inputs, "scalingConfig"
    size = _size(lookup.at(inputs, f"{scaling}.maxSize"), lookup.at(inputs, f"{scaling}.minSize"))
    template = _needed(resource, context, _LAUNCH_TEMPLATE)
    types = inputs.get("instanceTypes") or [template.get("instanceType")]
    disks = [mapping.get("ebs") or {} for mapping in template.get("blockDeviceMappings") or [{}]]
    return _share(resource, types, _market(inputs, template), size, disks)


def node_pool(resource: RecordedResource, _: Price, context: Context) -> Share:
    """The nodes that a NodePool of Karpenter's may have, and their volumes; none of them is always there."""
    spec = resource.inputs.get("spec", {})
    requirements = lookup.at(spec, "template.spec.requirements")
    listed = requirements if isinstance(requirements, list) else []
    wanted = {one["key"]: one.get("values", []) for one in listed}
    most = lookup.at(spec, "limits.nodes")
    size = _size(int(str(most)) if most is not None else None, 0)
    made_of = _needed(resource, context, _NODE_CLASS).get("spec", {})
    reserved = bool(made_of.get("capacityReservationSelectorTerms"))
    capacity = wanted.get("karpenter.sh/capacity-type", ["on-demand"])
    market: Market = "reservation" if reserved else "spot" if capacity == ["spot"] else "on-demand"
    disks = [_as_in_a_template(mapping.get("ebs", {})) for mapping in made_of.get("blockDeviceMappings", ())]
    return _share(resource, wanted.get("node.kubernetes.io/instance-type", []), market, size, disks)


def _size(most: object, fewest: object) -> Size | None:
    if isinstance(most, int | float) and isinstance(fewest, int | float):
        return most, fewest
    return None


def _needed(resource: RecordedResource, context: Context, type_: str) -> Mapping[str, Any]:
    """The inputs of what nodes are made from; dependencies tell which it is, for a recording makes ids up."""
    needed = (context.resources.get(urn) for urn in resource.dependencies)
    return next((other.inputs for other in needed if other and other.type == type_), {})


def _market(group: Mapping[str, Any], template: Mapping[str, Any]) -> Market:
    if group.get("capacityType") in {"SPOT", "CAPACITY_BLOCK"}:
        return "spot" if group["capacityType"] == "SPOT" else "block"
    targeted = lookup.at(template, "capacityReservationSpecification.capacityReservationTarget")
    return "reservation" if targeted else "on-demand"


def _as_in_a_template(ebs: Mapping[str, Any]) -> dict[str, Any]:
    size = ebs.get("volumeSize")
    return {**ebs, "volumeSize": int(ByteSize(size.replace("Gi", "GiB")) // GiB) if size else None}


def _share(
    resource: RecordedResource,
    types: Sequence[str],
    market: Market,
    size: Size | None,
    disks: Sequence[Mapping[str, Any]],
) -> Share:
    if size is None:
        return Share(notes=(f"{resource.name}: how many nodes it may have is not recorded",), unpriced=True)
    fleet = Fleet(resource, types, market, size, disks)
    return together((_nodes(fleet), *_volumes(fleet)))


def _nodes(fleet: Fleet) -> Share:
    name, priced = fleet.resource.name, _PRICE[fleet.market]
    usd = {kind: price for kind in fleet.types if (price := priced(kind)) is not None}
    missing = [kind for kind in fleet.types if kind not in usd]
    notes = [f"{name}: the catalog has no {_WORDS[fleet.market]} price for {kind}" for kind in missing]
    if not usd:
        return Share(notes=tuple(notes), unpriced=True)
    dearest = max(usd, key=lambda kind: (usd[kind], kind))
    if len(usd) > 1:
        notes.append(f"{name}: priced as {dearest}, the dearest of its instance types")
    notes.extend(_explained(fleet, dearest))
    size = (fleet.size[0], fleet.size[0]) if fleet.market in _PAID_ANYWAY else fleet.size
    return Share(
        (line(fleet.resource, dearest, "node", size, usd[dearest], "hour"),), tuple(notes), bool(missing)
    )


def _explained(fleet: Fleet, dearest: str) -> Iterator[str]:
    """What the price of a market means."""
    name = fleet.resource.name
    if fleet.market == "spot":
        least = prices.spot(dearest)
        if least is None:
            yield f"{name}: no spot price of {dearest} is known; priced on demand, which it does not exceed"
        else:
            on_demand = _on_demand(dearest)
            yield (
                f"{name}: spot prices vary; {dearest} was {least:g} USD an hour on {prices.spot_as_of()}, "
                f"and is at most {on_demand:g}, its price on demand"
            )
    elif fleet.market in _PAID_ANYWAY:
        yield f"{name}: what is reserved is paid whether it is used or not; priced for max nodes"


def _on_demand(kind: str) -> float | None:
    shape = instances.shapes().get(kind)
    return None if shape is None else shape.usd_per_hour


def _spot(kind: str) -> float | None:
    return prices.spot(kind) or _on_demand(kind)


def _block(kind: str) -> float | None:
    return prices.block(kind) or _on_demand(kind)


_PRICE: Final[Mapping[Market, Callable[[str], float | None]]] = {
    "on-demand": _on_demand,
    "spot": _spot,
    "reservation": _on_demand,
    "block": _block,
}
_WORDS: Final = {"on-demand": "on-demand", "spot": "on-demand", "reservation": "on-demand", "block": "block"}
_PAID_ANYWAY: Final = {"reservation", "block"}


def _volumes(fleet: Fleet) -> Iterator[Share]:
    for disk in fleet.disks:
        kind = str(disk.get("volumeType"))
        charges = prices.volume(kind)
        if not charges:
            note = f"{fleet.resource.name}: the catalog has no price for its {kind} volumes"
            yield Share(notes=(note,), unpriced=True)
        for charge in charges:
            each = max((disk.get(charge.input) or 0) - charge.included, 0)
            if each:
                amount = (fleet.size[0] * each, fleet.size[1] * each)
                item = f"{kind} volumes"
                yield Share((line(fleet.resource, item, charge.unit, amount, charge.usd, "month"),))
