"""Prices: every type that is used is priced, free or explained."""

from __future__ import annotations

import pytest

from infra.catalog import prices
from infra.catalog.prices import price
from tests.infra.catalog.aws_types import AWS_TYPES, exists_in_sdk


@pytest.mark.parametrize("type_token", AWS_TYPES)
def test_every_aws_type_is_priced_or_free_or_explained(type_token: str) -> None:
    found = price(type_token)
    assert found is not None
    assert type_token in prices.known()
    if found.kind in {"hourly", "monthly", "control_plane"}:
        assert found.usd > 0
        assert found.item
        assert found.unit
    if found.kind != "free":
        assert found.source
    if found.kind == "usage":
        assert found.usage


def test_no_prices_for_types_that_do_not_exist() -> None:
    assert [known for known in prices.known() if not exists_in_sdk(known)] == []


def test_extended_support_costs_six_times_as_much() -> None:
    cluster = price("aws:eks/cluster:Cluster")
    assert cluster is not None
    assert (cluster.usd, cluster.extended_usd) == (0.10, 0.60)


def test_only_gateway_endpoints_are_free() -> None:
    kinds = {None: "free", "Gateway": "free", "Interface": "usage"}
    for endpoint, kind in kinds.items():
        found = price("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": endpoint} if endpoint else {})
        assert found is not None
        assert found.kind == kind


def test_kubernetes_objects_are_free_and_unknown_types_unknown() -> None:
    namespace = price("kubernetes:core/v1:Namespace")
    assert namespace is not None
    assert namespace.kind == "free"
    assert price("aws:fsx/lustreFileSystem:LustreFileSystem") is None


def test_gp3_is_charged_by_size_and_by_what_exceeds_its_baseline() -> None:
    assert [(c.unit, c.included, c.usd) for c in prices.volume("gp3")] == [
        ("GiB", 0, 0.08),
        ("IOPS", 3000, 0.005),
        ("MiB/s", 125, 0.04),
    ]
    assert prices.volume("io2") == ()
