"""What pools cost by how they are bought, and that it does not matter who makes their nodes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from infra.catalog import instances, prices
from infra.resources import RecordedResource
from operations.cost import Cost, cost
from tests.operations.cost.test_cost import Somewhere, pool, resource

KIND = "r7i.8xlarge"
ON_DEMAND = instances.shape(KIND).usd_per_hour or 0.0
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"


def priced(*resources: RecordedResource) -> Cost:
    return cost(resources, Somewhere())


def nodes(found: Cost) -> Any:
    (line,) = [line for line in found.lines if line.unit == "node"]
    return line


@pytest.fixture
def a_spot_price(monkeypatch: pytest.MonkeyPatch) -> float:
    facts = {"as_of": date(2026, 11, 1), "usd_per_hour": {KIND: 0.8}}
    monkeypatch.setattr(prices, "_spot", lambda: facts)
    return 0.8


def test_spot_is_priced_as_on_the_day_that_it_was_looked_up(a_spot_price: float) -> None:
    found = priced(*pool("spark", [KIND], 0, 4, capacityType="SPOT"))
    assert nodes(found).usd == a_spot_price
    (note,) = [note for note in found.notes if note.startswith("spark")]
    assert "2026-11-01" in note
    assert f"{ON_DEMAND:g}" in note


def test_spot_without_a_price_is_priced_on_demand() -> None:
    unknown = next(
        shape for shape in instances.shapes().values() if shape.usd_per_hour and not prices.spot(shape.name)
    )
    found = priced(*pool("spark", [unknown.name], 0, 4, capacityType="SPOT"))
    assert nodes(found).usd == unknown.usd_per_hour
    assert any("no spot price" in note for note in found.notes)


@pytest.mark.parametrize("kind", sorted(prices._spot()["usd_per_hour"]))
def test_spot_prices_are_of_known_types_and_below_those_on_demand(kind: str) -> None:
    on_demand = instances.shape(kind).usd_per_hour
    spot = prices.spot(kind)
    assert spot is not None
    assert spot > 0
    assert on_demand is None or spot <= on_demand


@pytest.mark.parametrize("kind", sorted(prices._facts()["blocks"]))
def test_blocks_are_of_known_types(kind: str) -> None:
    instances.shape(kind)
    assert (prices.block(kind) or 0) > 0


def test_what_is_reserved_is_paid_idle_or_not() -> None:
    group, template = pool("train", [KIND], 0, 4)
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}}
    reserved = RecordedResource(
        urn=template.urn, type=template.type, name=template.name, dependencies=(),
        inputs={**template.inputs, "capacityReservationSpecification": target}, custom=True,
    )  # fmt: skip
    line = nodes(priced(group, reserved))
    assert line.idle_month == line.month == pytest.approx(4 * ON_DEMAND * 730)


def test_a_block_is_paid_idle_or_not() -> None:
    line = nodes(priced(*pool("train", ["p5.48xlarge"], 0, 4, capacityType="CAPACITY_BLOCK")))
    assert line.idle_quantity == line.quantity == 4


def karpenter(kinds: list[str], most: int, market: str = "on-demand", **spec: Any) -> list[RecordedResource]:
    """A pool as Karpenter has it."""
    disk = {"volumeSize": "100Gi", "volumeType": "gp3"}
    made_of = resource(
        NODE_CLASS,
        "train",
        {"spec": {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}], **spec}},
    )
    requirements = [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": kinds},
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [market]},
    ]
    inputs = {"spec": {"template": {"spec": {"requirements": requirements}}, "limits": {"nodes": str(most)}}}
    return [resource(NODE_POOL, "train", inputs, needs=(made_of.urn,)), made_of]


@pytest.mark.parametrize("market", ["on-demand", "spot"])
def test_a_pool_costs_the_same_at_its_most_whoever_makes_its_nodes(market: str, a_spot_price: float) -> None:
    capacity = {"on-demand": "ON_DEMAND", "spot": "SPOT"}[market]
    managed = priced(*pool("train", [KIND], 0, 4, capacityType=capacity))
    by_karpenter = priced(*karpenter([KIND], 4, market))
    assert by_karpenter.month == pytest.approx(managed.month)
    assert by_karpenter.idle_month == managed.idle_month == 0
    assert by_karpenter.unpriced == ()


def test_a_karpenter_pool_in_a_reservation_is_paid_idle_or_not() -> None:
    terms = {"capacityReservationSelectorTerms": [{"id": "cr-0123456789abcdef0"}]}
    line = nodes(priced(*karpenter([KIND], 4, "reserved", **terms)))
    assert line.idle_month == line.month > 0


def test_a_karpenter_pool_without_a_limit_is_unpriced_not_free() -> None:
    first, *others = karpenter([KIND], 4)
    unlimited = resource(NODE_POOL, "train", {"spec": {}}, needs=first.dependencies)
    assert priced(unlimited, *others).unpriced == (NODE_POOL,)
