from ipaddress import IPv4Network
from typing import Any

import pytest

from components.network.routing import PRIVATE_ENDPOINTS, exits
from components.network.vpc import Vpc, VpcArgs
from infra.environment.network import Network
from tests.components.support import PLACE, SCOPE, ZONES, Found, record_component

CIDR = "10.20.0.0/16"


def recorded(nat: str) -> Found:
    args = VpcArgs(
        scope=SCOPE,
        region=PLACE.region,
        network=Network.model_validate({"cidr": CIDR, "zones": list(ZONES), "nat": nat}),
        zones=ZONES,
        cluster_name="mlcluster-test",
    )
    return record_component(lambda opts: Vpc("network", args, opts))


def subnets(found: Found, kind: str) -> list[dict[str, Any]]:
    return [dict(one.inputs) for one in found.all("Subnet") if one.name.startswith(f"network-{kind}-")]


def test_every_zone_has_its_three_subnets_disjoint_and_inside() -> None:
    blocks = [IPv4Network(one.inputs["cidrBlock"]) for one in recorded("single").all("Subnet")]
    assert len(blocks) == 9
    assert all(block.subnet_of(IPv4Network(CIDR)) for block in blocks)
    assert sum(block.num_addresses for block in blocks) <= IPv4Network(CIDR).num_addresses
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_names_are_resolved_inside_which_private_endpoints_need() -> None:
    vpc = recorded("single").inputs("Vpc")
    assert (vpc["enableDnsSupport"], vpc["enableDnsHostnames"]) == (True, True)


def test_the_default_security_group_is_taken_over_without_rules() -> None:
    group = recorded("single").inputs("DefaultSecurityGroup")
    assert "ingress" not in group
    assert "egress" not in group


def test_subnets_carry_the_tags_by_which_controllers_find_them() -> None:
    found = recorded("single")
    for subnet in subnets(found, "private"):
        assert subnet["tags"]["kubernetes.io/role/internal-elb"] == "1"
        assert subnet["tags"]["karpenter.sh/discovery"] == "mlcluster-test"
    assert {subnet["tags"]["kubernetes.io/role/elb"] for subnet in subnets(found, "public")} == {"1"}
    assert not any("kubernetes.io" in key for subnet in subnets(found, "intra") for key in subnet["tags"])


@pytest.mark.parametrize(("nat", "gateways"), [("single", 1), ("per-zone", 3)])
def test_private_subnets_leave_through_nat(nat: str, gateways: int) -> None:
    found = recorded(nat)
    assert len(found.all("NatGateway")) == len(found.all("Eip")) == gateways
    through = {found.inputs("Route", f"network-private-{zone}")["natGatewayId"] for zone in ZONES}
    assert len(through) == gateways
    assert found.names("Route") == sorted(["network-public", *(f"network-private-{zone}" for zone in ZONES)])


def test_nat_waits_for_the_internet_gateway_which_so_outlives_it() -> None:
    found = recorded("per-zone")
    for gateway in found.all("NatGateway"):
        assert "InternetGateway::network-internet" in found.before(gateway)
    for address in found.all("Eip"):
        assert "InternetGateway::network-internet" in found.before(address)


def test_without_nat_there_is_no_way_to_or_from_the_internet() -> None:
    found = recorded("none")
    for kind in ("InternetGateway", "NatGateway", "Eip", "Route"):
        assert found.all(kind) == []
    assert subnets(found, "public") == []


def test_without_nat_the_apis_that_nodes_need_are_reached_inside() -> None:
    found = recorded("none")
    services = {one.inputs["serviceName"] for one in found.all("VpcEndpoint") if one.name != "network-s3"}
    assert services == {f"com.amazonaws.eu-west-1.{name}" for name in PRIVATE_ENDPOINTS}
    assert {"ecr.api", "ecr.dkr", "ec2", "sts"} <= set(PRIVATE_ENDPOINTS)
    for name in PRIVATE_ENDPOINTS:
        endpoint = found.inputs("VpcEndpoint", f"network-{name}")
        assert endpoint["privateDnsEnabled"] is True
        assert len(endpoint["subnetIds"]) == 3
    (rule,) = found.all("SecurityGroupIngressRule")
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == (CIDR, 443, 443)


def test_with_nat_there_are_no_endpoints_to_pay_for() -> None:
    assert recorded("single").names("VpcEndpoint") == ["network-s3"]


@pytest.mark.parametrize("nat", ["none", "single", "per-zone"])
def test_s3_is_reached_past_nat_from_private_and_intra_subnets(nat: str) -> None:
    found = recorded(nat)
    endpoint = found.one("VpcEndpoint", "network-s3")
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert endpoint.inputs["serviceName"] == "com.amazonaws.eu-west-1.s3"
    tables = {f"RouteTable::{name}" for name in found.names("RouteTable") if "public" not in name}
    assert tables <= found.before(endpoint)
    assert len(endpoint.inputs["routeTableIds"]) == len(tables) == 4


@pytest.mark.parametrize("nat", ["none", "single", "per-zone"])
def test_every_subnet_has_one_route_table(nat: str) -> None:
    found = recorded(nat)
    associated = [one.inputs["subnetId"] for one in found.all("RouteTableAssociation")]
    assert len(associated) == len(set(associated)) == len(found.all("Subnet"))


def test_outlets_are_all_that_private_subnets_need_to_get_out() -> None:
    outlets: list[Any] = []

    def build(opts: Any) -> None:
        args = VpcArgs(
            scope=SCOPE,
            region=PLACE.region,
            network=Network.model_validate({"cidr": CIDR, "zones": list(ZONES), "nat": "single"}),
            zones=ZONES,
            cluster_name="mlcluster-test",
        )
        outlets.extend(Vpc("network", args, opts).outlets)

    record_component(build)
    names = {one._name for one in outlets}
    assert {"network-public", "network-s3", *(f"network-private-{zone}" for zone in ZONES)} <= names


def test_exits_go_through_the_own_zone_or_the_first() -> None:
    assert exits("per-zone", ["a", "b"]) == {"a": "a", "b": "b"}
    assert exits("single", ["a", "b"]) == {"a": "a", "b": "a"}
