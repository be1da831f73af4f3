"""Ranges, flow logs, peering and transit gateways."""

from __future__ import annotations

import pytest

from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, network, role

RANGE = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
SUBNET = "aws:ec2/subnet:Subnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
ACCEPTER = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
ROUTE = "aws:ec2/route:Route"


def test_a_network_has_further_ranges_and_loses_them_after_their_subnets(bench: Bench) -> None:
    at = network(bench)
    added = bench.make(RANGE, vpcId=at.vpc.id, cidrBlock="100.64.0.0/16")
    subnet = bench.make(SUBNET, "pods", vpcId=at.vpc.id, cidrBlock="100.64.0.0/18", tags=TAGS)
    with pytest.raises(Refused, match=r"InvalidCidrBlock\.InUse: .*100\.64\.0\.0/18"):
        bench.drop(added)
    bench.drop(subnet)
    bench.drop(added)


def test_ranges_of_a_network_do_not_overlap(bench: Bench) -> None:
    at = network(bench)
    with pytest.raises(Refused, match=r"InvalidVpc\.Range: The CIDR '10\.0\.128\.0/17' conflicts"):
        bench.make(RANGE, vpcId=at.vpc.id, cidrBlock="10.0.128.0/17")


def test_a_network_has_five_ranges(bench: Bench) -> None:
    at = network(bench)
    for number in range(4):
        bench.make(RANGE, f"range-{number}", vpcId=at.vpc.id, cidrBlock=f"100.{64 + number}.0.0/16")
    with pytest.raises(Refused, match="VpcCidrBlockLimitExceeded"):
        bench.make(RANGE, "one-more", vpcId=at.vpc.id, cidrBlock="100.68.0.0/16")


def test_another_range_is_another_association(bench: Bench) -> None:
    at = network(bench)
    added = bench.make(RANGE, vpcId=at.vpc.id, cidrBlock="100.64.0.0/16")
    assert bench.diff(added, cidrBlock="100.65.0.0/16") == (("cidrBlock",), ("cidrBlock",))


def test_parts_of_a_subnet_are_reserved_for_blocks(bench: Bench) -> None:
    at = network(bench)
    type_ = "aws:ec2/subnetCidrReservation:SubnetCidrReservation"
    wanted = {"subnetId": at.subnets[0].id, "cidrBlock": "10.0.0.128/25", "reservationType": "prefix"}
    reserved = bench.make(type_, **wanted, description="pods")
    for wrong, code in (
        ({"cidrBlock": "10.0.0.192/26"}, "verlap"),
        ({"cidrBlock": "10.9.0.0/26"}, "ithin"),
        ({"reservationType": "some"}, "one of"),
    ):
        with pytest.raises(Refused, match=code):
            bench.make(type_, "wrong", **(wanted | wrong))
    assert bench.diff(reserved, cidrBlock="10.0.0.64/26") == (("cidrBlock",), ("cidrBlock",))
    bench.drop(reserved)


def log_group(bench: Bench) -> str:
    return str(bench.make("aws:cloudwatch/logGroup:LogGroup", "flows", name="/flows", tags=TAGS)["arn"])


def test_flow_logs_go_to_a_log_group_that_their_role_may_write_to(bench: Bench) -> None:
    at = network(bench)
    writer = role(bench, "writer", "vpc-flow-logs.amazonaws.com")["arn"]
    wanted = {
        "vpcId": at.vpc.id,
        "trafficType": "ALL",
        "logDestination": log_group(bench),
        "iamRoleArn": writer,
    }
    logs = bench.make(FLOW_LOG, **wanted, maxAggregationInterval=60, tags=TAGS)
    assert logs["arn"].endswith(f":vpc-flow-log/{logs.id}")
    assert bench.diff(logs, trafficType="REJECT") == (("trafficType",), ("trafficType",))
    assert bench.change(logs, tags={"Name": "other"})["tags"] == {"Name": "other"}
    stranger = role(bench, "stranger", "ec2.amazonaws.com")["arn"]
    with pytest.raises(Refused, match="Unable to assume given IAM role"):
        bench.make(FLOW_LOG, "untrusted", **(wanted | {"iamRoleArn": stranger}))
    nowhere = wanted["logDestination"] + "-other"
    with pytest.raises(Refused, match=r"LogDestination: .* does not exist"):
        bench.make(FLOW_LOG, "nowhere", **(wanted | {"logDestination": nowhere}))


def test_flow_logs_go_to_a_bucket(bench: Bench) -> None:
    at = network(bench)
    bucket = bench.make("aws:s3/bucket:Bucket", bucket="flows-of-dev", tags=TAGS)
    wanted = {
        "vpcId": at.vpc.id,
        "trafficType": "ALL",
        "logDestination": bucket["arn"],
        "logDestinationType": "s3",
        "destinationOptions": {"fileFormat": "parquet", "perHourPartition": True},
    }
    logs = bench.make(FLOW_LOG, **wanted, tags=TAGS)
    bench.drop(logs)
    with pytest.raises(Refused):
        bench.make(FLOW_LOG, "nowhere", **(wanted | {"logDestination": "arn:aws:s3:::not-there"}))


def test_a_flow_log_is_of_one_thing(bench: Bench) -> None:
    given = {"logDestination": "arn:aws:s3:::b", "maxAggregationInterval": 30}
    _, failures = bench.session.check(f"urn:pulumi:dev::m::{FLOW_LOG}::f", FLOW_LOG, {}, given, b"")
    assert [name for name, _ in failures] == ["vpcId", "maxAggregationInterval"]


def table(bench: Bench, vpc: str, name: str = "table") -> str:
    return bench.make("aws:ec2/routeTable:RouteTable", name, vpcId=vpc, tags=TAGS).id


def test_networks_are_peered_and_lead_to_each_other(bench: Bench) -> None:
    at = network(bench)
    other = bench.make("aws:ec2/vpc:Vpc", "other", cidrBlock="10.1.0.0/16")
    peering = bench.make(PEERING, vpcId=at.vpc.id, peerVpcId=other.id, autoAccept=True, tags=TAGS)
    assert peering["acceptStatus"] == "active"
    to = {"routeTableId": table(bench, at.vpc.id), "destinationCidrBlock": "10.1.0.0/16"}
    route = bench.make(ROUTE, **to, vpcPeeringConnectionId=peering.id)
    bench.drop(route)
    bench.drop(peering)
    with pytest.raises(Refused, match=r"InvalidVpcPeeringConnectionI[dD]"):
        bench.make(ROUTE, "nowhere", **to, vpcPeeringConnectionId="pcx-0123456789abcdef0")


def test_a_peer_in_another_region_accepts_there(bench: Bench) -> None:
    at = network(bench)
    other = bench.make("aws:ec2/vpc:Vpc", "other", cidrBlock="10.1.0.0/16", region="eu-west-1")
    peering = bench.make(PEERING, vpcId=at.vpc.id, peerVpcId=other.id, peerRegion="eu-west-1", tags=TAGS)
    assert peering["acceptStatus"] == "pending-acceptance"
    accepted = bench.make(
        ACCEPTER, vpcPeeringConnectionId=peering.id, autoAccept=True, region="eu-west-1", tags=TAGS
    )
    assert (accepted["acceptStatus"], accepted["region"]) == ("active", "eu-west-1")
    assert (accepted["vpcId"], accepted["peerVpcId"]) == (other.id, at.vpc.id)
    with pytest.raises(Refused, match=r"InvalidVpcPeeringConnectionI[dD]\.NotFound"):
        bench.make(ACCEPTER, "none", vpcPeeringConnectionId="pcx-0123456789abcdef0", autoAccept=True)
    bench.drop(peering)


def test_what_another_region_accepts_is_not_accepted_here(bench: Bench) -> None:
    given = {"vpcId": "vpc-1", "peerVpcId": "vpc-2", "peerRegion": "eu-west-1", "autoAccept": True}
    _, failures = bench.session.check(f"urn:pulumi:dev::m::{PEERING}::p", PEERING, {}, given, b"")
    assert [name for name, _ in failures] == ["peerRegion"]


def test_a_transit_gateway_is_led_to_after_the_attachment_which_holds_its_subnets(bench: Bench) -> None:
    at = network(bench)
    cloud = bench.package.cloud(ACCOUNT)
    made = cloud.call("ec2", "us-east-1", "create_transit_gateway", {})
    gateway = made["TransitGateway"]["TransitGatewayId"]
    to = {"routeTableId": table(bench, at.vpc.id), "destinationCidrBlock": "10.9.0.0/16"}
    with pytest.raises(Refused, match="is not attached to network"):
        bench.make(ROUTE, "early", **to, transitGatewayId=gateway)
    wanted = {"transitGatewayId": gateway, "vpcId": at.vpc.id, "subnetIds": at.subnet_ids}
    attachment = bench.make(ATTACHMENT, **wanted, dnsSupport="enable", tags=TAGS)
    route = bench.make(ROUTE, **to, transitGatewayId=gateway)
    with pytest.raises(Refused, match=f"DependencyViolation: .*{attachment.id}"):
        bench.drop(at.subnets[0])
    assert bench.diff(attachment, vpcId="vpc-other") == (("vpcId",), ("vpcId",))
    fewer = bench.change(attachment, subnetIds=at.subnet_ids[:1], applianceModeSupport="enable")
    assert fewer["subnetIds"] == at.subnet_ids[:1]
    for gone in (route, fewer, *at.subnets):
        bench.drop(gone)


def test_a_gateway_that_is_not_there_is_refused(bench: Bench) -> None:
    at = network(bench)
    wanted = {"transitGatewayId": "tgw-0123456789abcdef0", "vpcId": at.vpc.id, "subnetIds": at.subnet_ids}
    with pytest.raises(Refused, match="InvalidTransitGatewayID"):
        bench.make(ATTACHMENT, **wanted)


def test_all_of_it_is_in_the_inventory(bench: Bench) -> None:
    at = network(bench)
    other = bench.make("aws:ec2/vpc:Vpc", "other", cidrBlock="10.1.0.0/16")
    bench.make(PEERING, vpcId=at.vpc.id, peerVpcId=other.id, autoAccept=True, tags=TAGS)
    words = {item.type for item in bench.package.inventory()}
    assert "vpc-peering-connection" in words
