"""Ways to AWS' own APIs."""

from __future__ import annotations

import json

import pytest

from tests.components.network.test_vpc import CIDR, recorded
from tests.components.support import PLACE

SERVICES = ("ec2", "ecr.api", "eks-auth", "sts")


def test_each_service_is_reached_inside_under_its_own_name() -> None:
    found = recorded("none", SERVICES)
    services = {one.inputs["serviceName"] for one in found.all("VpcEndpoint") if one.name != "network-s3"}
    assert services == {f"com.amazonaws.{PLACE.region}.{name}" for name in SERVICES}
    for name in SERVICES:
        endpoint = found.inputs("VpcEndpoint", f"network-{name}")
        assert endpoint["privateDnsEnabled"] is True
        assert len(endpoint["subnetIds"]) == 3
    (rule,) = found.all("SecurityGroupIngressRule")
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == (CIDR, 443, 443)


def test_pods_with_a_range_of_their_own_may_speak_to_them_too() -> None:
    found = recorded("none", SERVICES, pods="100.64.0.0/16")
    ranges = [one.inputs["cidrIpv4"] for one in found.all("SecurityGroupIngressRule")]
    assert ranges == [CIDR, "100.64.0.0/16"]


def test_only_s3_is_free_and_so_always_there() -> None:
    assert recorded("single").names("VpcEndpoint") == ["network-s3"]


def test_without_internet_only_identities_of_the_account_pass() -> None:
    found = recorded("none", SERVICES)
    for name in ("ec2", "ecr.api", "sts"):
        (allowed,) = json.loads(found.inputs("VpcEndpoint", f"network-{name}")["policy"])["Statement"]
        assert allowed["Condition"] == {"StringEquals": {"aws:PrincipalAccount": PLACE.account}}
    assert "policy" not in found.inputs("VpcEndpoint", "network-eks-auth")


def test_layers_of_images_are_fetched_without_an_identity() -> None:
    policy = json.loads(recorded("none", SERVICES).inputs("VpcEndpoint", "network-s3")["policy"])
    ours, anybody = policy["Statement"]
    assert ours["Condition"] == {"StringEquals": {"aws:PrincipalAccount": PLACE.account}}
    assert anybody["Action"] == "s3:GetObject"
    assert f"arn:aws:s3:::prod-{PLACE.region}-starport-layer-bucket/*" in anybody["Resource"]


@pytest.mark.parametrize("more", [{"nat": "single"}, {"nat": "none", "transit": "0.0.0.0/0"}])
def test_a_policy_would_be_in_vain_where_there_is_another_way_out(more: dict[str, str]) -> None:
    nat, routes = more["nat"], more.get("transit")
    transit = {"transit": {"gateway": "tgw-12345678", "routes": [routes]}} if routes else {}
    found = recorded(nat, SERVICES, **transit)
    assert not any("policy" in one.inputs for one in found.all("VpcEndpoint"))
