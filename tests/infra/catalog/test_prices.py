"""Prices: every type that is used is priced, free or explained."""

from __future__ import annotations

import pytest

from infra.catalog import kinds, prices
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
    of_aws = [known for known in prices.known() if known.startswith("aws:")]
    assert [known for known in of_aws if not exists_in_sdk(known)] == []
    kinds_of_charts = {
        f"kubernetes:{kind.group}/{version}:{kind.kind}"
        for project in kinds.projects().values()
        for kind in project
        for version in kind.versions
    }
    assert set(prices.known()) - set(of_aws) <= kinds_of_charts | {"kubernetes:helm.sh/v3:Release"}


def test_extended_support_costs_six_times_as_much() -> None:
    cluster = price("aws:eks/cluster:Cluster")
    assert cluster is not None
    assert (cluster.usd, cluster.extended_usd) == (0.10, 0.60)


def test_only_gateway_endpoints_are_free() -> None:
    kinds = {None: "free", "Gateway": "free", "Interface": "hourly"}
    for endpoint, kind in kinds.items():
        found = price("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": endpoint} if endpoint else {})
        assert found is not None
        assert found.kind == kind


def test_kubernetes_objects_are_free_and_unknown_types_unknown() -> None:
    namespace = price("kubernetes:core/v1:Namespace")
    assert namespace is not None
    assert namespace.kind == "free"
    assert price("aws:fsx/windowsFileSystem:WindowsFileSystem") is None


def test_gp3_is_charged_by_size_and_by_what_exceeds_its_baseline() -> None:
    assert [(c.unit, c.included, c.usd) for c in prices.volume("gp3")] == [
        ("GiB", 0, 0.08),
        ("IOPS", 3000, 0.005),
        ("MiB/s", 125, 0.04),
    ]
    assert prices.volume("io2") == ()


@pytest.mark.parametrize(
    ("inputs", "usd"),
    [
        ({"deploymentType": "SCRATCH_2"}, 0.14),
        ({"deploymentType": "PERSISTENT_1", "perUnitStorageThroughput": 200}, 0.29),
        ({"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125}, 0.145),
        ({"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 1000}, 0.6),
    ],
)
def test_lustre_is_charged_by_its_size_at_a_price_after_its_throughput(
    inputs: dict[str, object], usd: float
) -> None:
    found = price("aws:fsx/lustreFileSystem:LustreFileSystem", {**inputs, "storageCapacity": 1200})
    assert found is not None
    assert (found.kind, found.unit, found.count, found.usd) == ("monthly", "GiB", "storageCapacity", usd)
    tiered = price("aws:fsx/lustreFileSystem:LustreFileSystem", {"storageType": "INTELLIGENT_TIERING"})
    assert tiered is not None
    assert tiered.kind == "usage"
