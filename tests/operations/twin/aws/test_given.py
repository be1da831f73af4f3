"""What an environment takes for granted is there, under its ids, and is nobody's leftover."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.twin import given
from operations.twin.backend import Refused
from tests.infra.environment.samples import small
from tests.infra.environment.test_network import PEER, TRANSIT, in_existing
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, cluster, network

MINE: dict[str, Any] = {"account": ACCOUNT}


def give(bench: Bench, changes: dict[str, Any]) -> None:
    told = given.of(small({**MINE, **changes})).told()
    bench.package.give(json.loads(json.dumps(told)))  # as it comes over the wire


def test_most_environments_take_nothing_for_granted() -> None:
    assert given.of(small()) == given.Given()


def test_an_existing_network_is_there_with_its_subnets(bench: Bench) -> None:
    pods = {
        "us-east-1a": {"id": "subnet-0000000c", "cidr": "100.64.0.0/18"},
        "us-east-1b": {"id": "subnet-0000000d", "cidr": "100.64.64.0/18"},
    }
    give(bench, in_existing(pods=pods))
    call = bench.package.cloud(ACCOUNT).call
    found = call(
        "ec2", "us-east-1", "describe_subnets", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-12345678"]}]}
    )
    assert {one["SubnetId"]: (one["AvailabilityZone"], one["CidrBlock"]) for one in found["Subnets"]} == {
        "subnet-0000000a": ("us-east-1a", "10.10.0.0/20"),
        "subnet-0000000b": ("us-east-1b", "10.10.16.0/20"),
        "subnet-0000000c": ("us-east-1a", "100.64.0.0/18"),
        "subnet-0000000d": ("us-east-1b", "100.64.64.0/18"),
    }


def test_a_cluster_can_be_made_in_it(bench: Bench) -> None:
    wanted = {"subnetIds": ["subnet-0000000a", "subnet-0000000b"], "endpointPrivateAccess": True}
    with pytest.raises(Refused, match="subnet-0000000a' does not exist"):
        cluster(bench, network(bench), vpcConfig=wanted)
    give(bench, in_existing())
    made = bench.make(
        "aws:eks/cluster:Cluster",
        "in-existing",
        name="in-existing",
        version="1.34",
        roleArn=bench.package.cloud(ACCOUNT).call("iam", "us-east-1", "list_roles", {})["Roles"][0]["Arn"],
        vpcConfig=wanted,
        accessConfig={"authenticationMode": "API"},
        tags=TAGS,
    )
    assert made["vpcConfig"]["vpcId"] == "vpc-12345678"


def test_giving_it_again_changes_nothing_and_it_is_no_leftover(bench: Bench) -> None:
    changes = {
        "network.peers": {"corp": {**PEER, "tables": ["rtb-12345678"]}},
        "network.transit": {**TRANSIT, "routes": ["192.168.0.0/16"]},
    }
    give(bench, changes)
    give(bench, changes)
    give(bench, in_existing(vpc="vpc-87654321"))
    assert [item for item in bench.package.inventory() if item.service == "ec2"] == []


def test_peers_and_gateways_can_be_connected_to(bench: Bench) -> None:
    peer = {**PEER, "region": "eu-west-1", "tables": ["rtb-12345678"]}
    give(
        bench, {"network.peers": {"corp": peer}, "network.transit": {**TRANSIT, "routes": ["192.168.0.0/16"]}}
    )
    at = network(bench)
    peering = bench.make(
        "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
        vpcId=at.vpc.id,
        peerVpcId=PEER["vpc"],
        peerRegion="eu-west-1",
    )
    bench.make(
        "aws:ec2/route:Route",
        routeTableId="rtb-12345678",
        destinationCidrBlock="10.0.0.0/16",
        vpcPeeringConnectionId=peering.id,
        region="eu-west-1",
    )
    bench.make(
        "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
        vpcId=at.vpc.id,
        subnetIds=at.subnet_ids,
        transitGatewayId="tgw-12345678",
    )


def test_a_peer_of_another_account_is_in_that_account(bench: Bench) -> None:
    give(bench, {"network.peers": {"corp": {**PEER, "account": "999988887777"}}})
    cloud = bench.package.cloud("999988887777")
    assert cloud.call("ec2", "us-east-1", "describe_vpcs", {"VpcIds": [PEER["vpc"]]})["Vpcs"]
