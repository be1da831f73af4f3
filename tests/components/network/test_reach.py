"""Peers, transit gateways, networks that exist."""

from __future__ import annotations

from typing import Any

import pytest

from components.network.existing import ExistingVpc
from components.network.vpc import Vpc
from infra.environment.network import Network
from tests.components.network.test_vpc import CIDR, args, outlets, recorded
from tests.components.support import PLACE, ZONES, Found, record_component

PEER = {"vpc": "vpc-0123456789abcdef0", "cidr": "10.99.0.0/16"}


def peered(**more: object) -> Found:
    return recorded(peers={"corporate": {**PEER, **more}})


def test_a_peer_is_reached_from_every_private_subnet_and_from_the_control_plane() -> None:
    found = peered()
    routes = [one for one in found.all("Route") if "vpcPeeringConnectionId" in one.inputs]
    tables = {one.inputs["routeTableId"] for one in routes}
    assert {one.inputs["destinationCidrBlock"] for one in routes} == {PEER["cidr"]}
    wanted = {f"RouteTable::network-{name}" for name in ("intra", *(f"private-{zone}" for zone in ZONES))}
    assert wanted == {name for one in routes for name in found.before(one) if name.startswith("RouteTable::")}
    assert len(tables) == 4


def test_a_peer_of_the_same_account_and_region_is_accepted_at_once() -> None:
    found = peered(account=PLACE.account, region=PLACE.region)
    connection = found.inputs("VpcPeeringConnection")
    assert connection["autoAccept"] is True
    assert not {"peerRegion", "peerOwnerId"} & connection.keys()
    assert found.all("VpcPeeringConnectionAccepter") == []


def test_a_peer_in_another_region_is_accepted_there_before_anything_is_sent_to_it() -> None:
    found = peered(region="us-east-1", tables=["rtb-12345678"])
    connection, accepter = found.inputs("VpcPeeringConnection"), found.inputs("VpcPeeringConnectionAccepter")
    assert (connection["peerRegion"], "autoAccept" in connection) == ("us-east-1", False)
    assert (accepter["region"], accepter["autoAccept"]) == ("us-east-1", True)
    back = found.one("Route", "network-peer-corporate-back-rtb-12345678")
    assert (back.inputs["region"], back.inputs["destinationCidrBlock"]) == ("us-east-1", CIDR)
    for route in found.all("Route"):
        if "vpcPeeringConnectionId" in route.inputs:
            assert "VpcPeeringConnectionAccepter::network-peer-corporate" in found.before(route)


def test_a_peer_in_another_account_accepts_by_itself() -> None:
    found = peered(account="999988887777", region="us-east-1")
    connection = found.inputs("VpcPeeringConnection")
    assert (connection["peerOwnerId"], connection["peerRegion"]) == ("999988887777", "us-east-1")
    assert "autoAccept" not in connection
    assert found.all("VpcPeeringConnectionAccepter") == []


def test_the_way_back_in_the_same_region_needs_no_region() -> None:
    back = peered(tables=["rtb-12345678"]).inputs("Route", "network-peer-corporate-back-rtb-12345678")
    assert "region" not in back


def attached(*routes: str, nat: str = "single") -> dict[str, Any]:
    return {"nat": nat, "transit": {"gateway": "tgw-12345678", "routes": list(routes)}}


def test_a_transit_gateway_has_an_address_in_each_zone_and_a_route_in_each_table() -> None:
    found = recorded(**attached("10.0.0.0/8", "192.168.0.0/16"))
    attachment = found.one("VpcAttachment")
    assert attachment.inputs["transitGatewayId"] == "tgw-12345678"
    assert {f"Subnet::network-intra-{zone}" for zone in ZONES} <= found.before(attachment)
    routes = [one for one in found.all("Route") if "transitGatewayId" in one.inputs]
    assert len(routes) == 2 * 4
    assert all("VpcAttachment::network-transit" in found.before(one) for one in routes)


def test_nodes_wait_for_the_transit_gateway_where_it_is_their_way_out() -> None:
    way_out = f"network-transit-private-{ZONES[0]}-0.0.0.0-0"
    assert way_out in outlets(args(**attached("0.0.0.0/0", nat="none")))
    assert not any("transit" in name for name in outlets(args(**attached("10.0.0.0/8"))))


def test_who_reaches_the_api_from_outside_waits_for_the_ways_there() -> None:
    made: list[Any] = []
    given = args(peers={"corporate": PEER}, **attached("10.0.0.0/8"))
    record_component(lambda opts: made.extend(Vpc("network", given, opts).connections))
    names = {one._name for one in made}
    assert {"network-peer-corporate-intra", "network-transit-intra-10.0.0.0-8"} <= names
    assert len(names) == 2 * 4


def existing(**more: object) -> Network:
    subnets = {zone: {"id": f"subnet-1234567{n}", "cidr": f"10.20.{n}.0/24"} for n, zone in enumerate(ZONES)}
    given = {"vpc": "vpc-12345678", "private": subnets, **more}
    return Network.model_validate({"cidr": CIDR, "existing": given})


def test_an_existing_network_is_handed_on_and_nothing_is_made() -> None:
    made: list[ExistingVpc] = []
    found = record_component(lambda _: made.append(ExistingVpc(existing())))
    assert [one for one in found.resources if one.custom and not one.type.startswith("pulumi:")] == []
    handle = made[0].handle
    assert (tuple(handle.private), tuple(handle.intra), dict(handle.public)) == (ZONES, ZONES, {})
    assert (handle.cidrs, handle.addresses.apart, made[0].outlets) == ((CIDR,), False, ())


def test_an_existing_network_can_have_subnets_for_the_control_plane_and_for_pods() -> None:
    intra = {
        zone: {"id": f"subnet-2234567{n}", "cidr": f"10.20.1{n}.0/28"} for n, zone in enumerate(ZONES[:2])
    }
    pods = {zone: {"id": f"subnet-3234567{n}", "cidr": f"100.64.{n}.0/24"} for n, zone in enumerate(ZONES)}
    handle = ExistingVpc(existing(intra=intra, pods=pods)).handle
    assert (tuple(handle.intra), tuple(handle.pods)) == (ZONES[:2], ZONES)
    assert handle.addresses.apart
    assert handle.secondary == ("100.64.0.0/24", "100.64.1.0/24", "100.64.2.0/24")


def test_a_network_to_be_made_does_not_exist() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        ExistingVpc(Network.model_validate({"cidr": CIDR}))
