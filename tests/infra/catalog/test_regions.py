"""Regions and zones, against the SDK's endpoints and moto's zones."""

from __future__ import annotations

import botocore.session
import pytest

from infra.catalog import regions
from infra.problems import BadInput


def test_the_regions_are_those_where_the_sdk_knows_eks() -> None:
    endpoints = botocore.session.get_session().get_available_regions("eks")
    assert regions.regions() == tuple(sorted(endpoints))


def test_zones_exist_and_only_those_that_eks_refuses_are_left_out() -> None:
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    refused = {"use1-az3", "usw1-az2", "cac1-az3"}
    for region in regions.regions():
        expected = [zone.name for zone in RegionsAndZonesBackend.zones[region] if zone.zone_id not in refused]
        assert list(regions.zones(region)) == expected


def test_the_zone_that_eks_control_planes_refuse_is_not_offered() -> None:
    assert "us-east-1e" not in regions.zones("us-east-1")
    assert regions.zones("us-east-1")[:3] == ("us-east-1a", "us-east-1b", "us-east-1c")


def test_an_unknown_region_is_refused_with_a_hint() -> None:
    with pytest.raises(BadInput, match=r"us-est-1 is not a known region; did you mean .*us-east-1"):
        regions.zones("us-est-1")
