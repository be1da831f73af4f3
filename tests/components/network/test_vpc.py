from ipaddress import IPv4Network
from typing import Any

import pytest

from components.network.routing import exits
from components.network.vpc import Vpc, VpcArgs
from infra.environment.network import Network
from infra.handles import NetworkHandle
from tests.components.support import PLACE, SCOPE, ZONES, Found, record_component

CIDR = "10.20.0.0/16"


def args(endpoints: tuple[str, ...] = (), **network: object) -> VpcArgs:
    given = {"cidr": CIDR, "zones": list(ZONES), **network}
    return VpcArgs(
        scope=SCOPE,
        place=PLACE,
        network=Network.model_validate(given),
        zones=ZONES,
        endpoints=endpoints,
    )


def recorded(nat: str = "single", endpoints: tuple[str, ...] = (), **network: object) -> Found:
    given = args(endpoints, nat=nat, **network)
    return record_component(lambda opts: Vpc("network", given, opts))


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


def outlets(given: VpcArgs) -> set[str]:
    made: list[Any] = []
    record_component(lambda opts: made.extend(Vpc("network", given, opts).outlets))
    return {one._name for one in made}


def test_outlets_are_all_that_private_subnets_need_to_get_out() -> None:
    names = outlets(args(nat="single"))
    assert {"network-public", "network-s3", *(f"network-private-{zone}" for zone in ZONES)} <= names


def test_endpoints_are_outlets_too() -> None:
    names = outlets(args(("sts", "ecr.api"), nat="none"))
    assert {"network-sts", "network-ecr.api", "network-endpoints", "network-s3"} <= names


def test_pods_live_in_a_range_of_their_own_that_outlives_their_subnets() -> None:
    found = recorded(pods="100.64.0.0/16")
    assert found.inputs("VpcIpv4CidrBlockAssociation")["cidrBlock"] == "100.64.0.0/16"
    blocks = [IPv4Network(one["cidrBlock"]) for one in subnets(found, "pods")]
    assert [str(block) for block in blocks] == ["100.64.0.0/18", "100.64.64.0/18", "100.64.128.0/18"]
    for zone in ZONES:
        subnet = found.one("Subnet", f"network-pods-{zone}")
        assert "VpcIpv4CidrBlockAssociation::network-pods" in found.before(subnet)
        assert not any("kubernetes.io" in key for key in subnet.inputs["tags"])
        private = found.inputs("RouteTableAssociation", f"network-private-{zone}")["routeTableId"]
        assert found.inputs("RouteTableAssociation", f"network-pods-{zone}")["routeTableId"] == private


def test_a_range_of_pods_larger_than_a_network_can_have_comes_in_parts() -> None:
    found = recorded(pods="100.64.0.0/14")
    ranges = [one.inputs["cidrBlock"] for one in found.all("VpcIpv4CidrBlockAssociation")]
    assert ranges == ["100.64.0.0/16", "100.65.0.0/16", "100.66.0.0/16"]
    assert [one["cidrBlock"] for one in subnets(found, "pods")] == ranges


def handle(given: VpcArgs) -> NetworkHandle:
    made: list[NetworkHandle] = []
    record_component(lambda opts: made.append(Vpc("network", given, opts).handle))
    return made[0]


def test_the_handle_tells_where_pods_live() -> None:
    alone = handle(args(pods="100.64.0.0/16", prefixes=True))
    assert tuple(alone.pods) == ZONES
    assert (alone.addresses.apart, alone.addresses.blocks) == (True, True)
    assert alone.cidrs == (CIDR, "100.64.0.0/16")
    shared = handle(args())
    assert (dict(shared.pods), shared.cidrs, shared.addresses.apart) == ({}, (CIDR,), False)


@pytest.mark.parametrize(("pods", "kind"), [(None, "private"), ("100.64.0.0/16", "pods")])
def test_blocks_of_addresses_are_kept_whole_where_pods_live(pods: str | None, kind: str) -> None:
    more: dict[str, Any] = {} if pods is None else {"pods": pods}
    found = recorded(prefixes=True, **more)
    for zone in ZONES:
        whole = IPv4Network(found.inputs("Subnet", f"network-{kind}-{zone}")["cidrBlock"])
        parts = [
            IPv4Network(found.inputs("SubnetCidrReservation", f"network-{kind}-{zone}-{number}")["cidrBlock"])
            for number in (0, 1)
        ]
        assert all(part.subnet_of(whole) for part in parts)
        assert sum(part.num_addresses for part in parts) == whole.num_addresses * 3 // 4
        assert whole.network_address not in parts[0]
    assert {one.inputs["reservationType"] for one in found.all("SubnetCidrReservation")} == {"prefix"}
    assert len(found.all("SubnetCidrReservation")) == 6


def test_nodes_come_after_the_reservations() -> None:
    assert {f"network-private-{zone}-1" for zone in ZONES} <= outlets(args(prefixes=True))


def test_exits_go_through_the_own_zone_or_the_first() -> None:
    assert exits("per-zone", ["a", "b"]) == {"a": "a", "b": "b"}
    assert exits("single", ["a", "b"]) == {"a": "a", "b": "a"}
