from __future__ import annotations

import pytest

from operations.twin.backend import UNKNOWN, Refused
from tests.operations.twin.aws.bench import TAGS, Bench, Made, network, urn


def test_a_vpc_has_what_aws_makes_with_it(bench: Bench) -> None:
    vpc = bench.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags=TAGS)
    assert vpc["arn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{vpc.id}"
    assert vpc["enableDnsSupport"] is True
    assert vpc["enableDnsHostnames"] is True
    assert vpc["mainRouteTableId"].startswith("rtb-")
    assert vpc["defaultSecurityGroupId"].startswith("sg-")
    assert vpc["defaultNetworkAclId"].startswith("acl-")
    assert vpc["tagsAll"] == TAGS
    assert bench.diff(vpc, cidrBlock="10.1.0.0/16") == (("cidrBlock",), ("cidrBlock",))
    assert bench.diff(vpc, enableDnsHostnames=None) == ((), ())
    changed = bench.change(vpc, enableDnsHostnames=False, tags={"Name": "other", "new": "1"})
    assert changed["enableDnsHostnames"] is False
    assert changed["tags"] == {"Name": "other", "new": "1"}
    bench.drop(changed)


def test_subnets_must_not_overlap_and_stay_where_they_are(bench: Bench) -> None:
    at = network(bench)
    with pytest.raises(Refused, match=r"InvalidSubnet\.Conflict"):
        bench.make("aws:ec2/subnet:Subnet", "third", vpcId=at.vpc.id, cidrBlock="10.0.1.128/25")
    subnet = at.subnets[0]
    assert bench.diff(subnet, availabilityZone="us-east-1c") == (("availabilityZone",),) * 2
    assert bench.diff(subnet, availabilityZone=None) == ((), ())
    assert bench.change(subnet, mapPublicIpOnLaunch=True)["mapPublicIpOnLaunch"] is True


def test_a_vpc_is_deleted_after_what_is_in_it(bench: Bench) -> None:
    at = network(bench)
    group = bench.make("aws:ec2/securityGroup:SecurityGroup", vpcId=at.vpc.id)
    for used in (at.subnets[0].id, group.id):
        with pytest.raises(Refused, match=f"DependencyViolation: The vpc .* has dependencies.*{used}"):
            bench.drop(at.vpc)
    for made in (*at.subnets, group, at.vpc):
        bench.drop(made)


def way_out(bench: Bench) -> tuple[Made, Made, Made, Made]:
    """A public subnet's internet gateway, the address and NAT gateway in it, and the network."""
    at = network(bench)
    gateway = bench.make("aws:ec2/internetGateway:InternetGateway", vpcId=at.vpc.id, tags=TAGS)
    address = bench.make("aws:ec2/eip:Eip", domain="vpc", tags=TAGS)
    nat = bench.make(
        "aws:ec2/natGateway:NatGateway", subnetId=at.subnets[0].id, allocationId=address.id, tags=TAGS
    )
    return gateway, address, nat, at.subnets[0]


def test_nat_gateways_hold_their_address_their_subnet_and_the_internet_gateway(bench: Bench) -> None:
    gateway, address, nat, subnet = way_out(bench)
    assert nat["publicIp"] == address["publicIp"]
    for held, message in (
        (address, r"InvalidIPAddress\.InUse"),
        (subnet, "DependencyViolation: The subnet .* has dependencies"),
        (gateway, "DependencyViolation: Network .* has some mapped public address"),
    ):
        with pytest.raises(Refused, match=message):
            bench.drop(held)
    for made in (nat, address, subnet, gateway):
        bench.drop(made)


def test_a_nat_gateway_needs_an_internet_gateway_and_a_free_address(bench: Bench) -> None:
    at = network(bench)
    address = bench.make("aws:ec2/eip:Eip", domain="vpc")
    wanted = {"subnetId": at.subnets[0].id, "allocationId": address.id}
    with pytest.raises(Refused, match=r"Gateway\.NotAttached: Network .* has no Internet gateway attached"):
        bench.make("aws:ec2/natGateway:NatGateway", **wanted)
    bench.make("aws:ec2/internetGateway:InternetGateway", vpcId=at.vpc.id)
    bench.make("aws:ec2/natGateway:NatGateway", "one", **wanted)
    with pytest.raises(Refused, match=r"Resource\.AlreadyAssociated"):
        bench.make("aws:ec2/natGateway:NatGateway", "two", **wanted)


def test_an_internet_gateway_moves_to_another_network(bench: Bench) -> None:
    gateway = bench.make("aws:ec2/internetGateway:InternetGateway")
    vpc = bench.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    assert bench.change(gateway, vpcId=vpc.id)["vpcId"] == vpc.id


def test_routes_lead_somewhere(bench: Bench) -> None:
    _, __, nat, subnet = way_out(bench)
    table = bench.make("aws:ec2/routeTable:RouteTable", vpcId=subnet["vpcId"], tags=TAGS)
    to = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0"}
    route = bench.make("aws:ec2/route:Route", **to, natGatewayId=nat.id)
    with pytest.raises(Refused, match="RouteAlreadyExists"):
        bench.make("aws:ec2/route:Route", "again", **to, natGatewayId=nat.id)
    assert bench.diff(route, destinationCidrBlock="10.9.0.0/16") == (("destinationCidrBlock",),) * 2
    bench.drop(route)
    with pytest.raises(Refused, match=r"InvalidNatGatewayID\.NotFound"):
        bench.make("aws:ec2/route:Route", **to, natGatewayId="nat-0123456789abcdef0")
    elsewhere = bench.make("aws:ec2/internetGateway:InternetGateway", "elsewhere")
    with pytest.raises(Refused, match="belong to different networks"):
        bench.make("aws:ec2/route:Route", **to, gatewayId=elsewhere.id)


def test_a_route_needs_one_destination_and_one_target(bench: Bench) -> None:
    type_ = "aws:ec2/route:Route"
    _, failures = bench.session.check(urn(type_, "r"), type_, {}, {"routeTableId": "rtb-1"}, b"")
    assert [name for name, _ in failures] == ["destinationCidrBlock", "gatewayId"]
    given = {"routeTableId": UNKNOWN, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": UNKNOWN}
    assert bench.session.check(urn(type_, "r"), type_, {}, given, b"")[1] == []


def test_a_subnet_has_one_route_table_that_can_be_changed(bench: Bench) -> None:
    at = network(bench)
    tables = [bench.make("aws:ec2/routeTable:RouteTable", name, vpcId=at.vpc.id) for name in ("one", "two")]
    type_ = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    made = bench.make(type_, subnetId=at.subnet_ids[0], routeTableId=tables[0].id)
    with pytest.raises(Refused, match=r"Resource\.AlreadyAssociated"):
        bench.make(type_, "again", subnetId=at.subnet_ids[0], routeTableId=tables[1].id)
    with pytest.raises(Refused, match="DependencyViolation"):
        bench.drop(tables[0])
    moved = bench.change(made, routeTableId=tables[1].id)
    bench.drop(tables[0])
    bench.drop(moved)
    bench.drop(tables[1])


def test_gateway_endpoints_are_routes_in_their_tables(bench: Bench) -> None:
    at = network(bench)
    tables = [bench.make("aws:ec2/routeTable:RouteTable", name, vpcId=at.vpc.id) for name in ("one", "two")]
    type_ = "aws:ec2/vpcEndpoint:VpcEndpoint"
    wanted = {
        "vpcId": at.vpc.id,
        "serviceName": "com.amazonaws.us-east-1.s3",
        "routeTableIds": [tables[0].id],
    }
    endpoint = bench.make(type_, **wanted, tags=TAGS)
    assert endpoint["prefixListId"].startswith("pl-")
    both = bench.change(endpoint, routeTableIds=[table.id for table in tables])
    bench.drop(both)
    for service, code in (
        ("com.amazonaws.eu-west-1.s3", "InvalidServiceName"),
        ("com.amazonaws.us-east-1.sts", "InvalidParameter"),
    ):
        with pytest.raises(Refused, match=code):
            bench.make(type_, "wrong", vpcId=at.vpc.id, serviceName=service)


def test_interface_endpoints_hold_their_subnets_and_groups(bench: Bench) -> None:
    at = network(bench)
    group = bench.make("aws:ec2/securityGroup:SecurityGroup", vpcId=at.vpc.id)
    endpoint = bench.make(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        vpcId=at.vpc.id,
        serviceName="com.amazonaws.us-east-1.sts",
        vpcEndpointType="Interface",
        subnetIds=at.subnet_ids,
        securityGroupIds=[group.id],
        privateDnsEnabled=True,
    )
    assert len(endpoint["networkInterfaceIds"]) == 2
    for held in (group, at.subnets[0]):
        with pytest.raises(Refused, match="DependencyViolation"):
            bench.drop(held)
    changed = bench.change(endpoint, privateDnsEnabled=False)
    for made in (changed, group, *at.subnets, at.vpc):
        bench.drop(made)


def test_the_default_group_is_adopted_and_closed(bench: Bench) -> None:
    at = network(bench)
    group = bench.make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", vpcId=at.vpc.id, tags=TAGS)
    assert group.id == at.vpc["defaultSecurityGroupId"]
    assert group["ingress"] == group["egress"] == []
    session = bench.session
    session.delete(urn(group.type, "it"), group.type, group.id, group.state, 0)
    assert bench.read(group) is not None, "the group itself stays as long as its network"


def test_security_groups_start_without_rules_and_keep_inline_ones(bench: Bench) -> None:
    at = network(bench)
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}
    group = bench.make("aws:ec2/securityGroup:SecurityGroup", vpcId=at.vpc.id, ingress=[rule], tags=TAGS)
    assert group["egress"] == []
    assert group["name"] == "it-0abcdef"
    assert group["description"] == "Managed by Pulumi"
    assert bench.diff(group, description="other") == (("description",),) * 2
    both = bench.change(group, ingress=[rule, {**rule, "fromPort": 80, "toPort": 80}])
    assert len(both["ingress"]) == 2


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
def test_rules_refer_to_groups_and_hold_them(bench: Bench, direction: str) -> None:
    at = network(bench)
    one, two = (bench.make("aws:ec2/securityGroup:SecurityGroup", n, vpcId=at.vpc.id) for n in ("one", "two"))
    type_ = f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule"
    ports = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "description": "why", "tags": TAGS}
    rule = bench.make(type_, securityGroupId=one.id, referencedSecurityGroupId=two.id, **ports)
    with pytest.raises(Refused, match=f"resource {two.id} has a dependent object.*{one.id}"):
        bench.drop(two)
    changed = bench.change(rule, toPort=444, description="because")
    assert (changed["toPort"], changed["description"]) == (444, "because")
    _, replaces = bench.diff(changed, referencedSecurityGroupId=None, cidrIpv4="10.0.0.0/8")
    assert replaces == ("cidrIpv4", "referencedSecurityGroupId")
    assert bench.diff(changed, referencedSecurityGroupId=one.id) == (("referencedSecurityGroupId",), ())
    for made in (changed, two, one):
        bench.drop(made)
    with pytest.raises(Refused, match=r"InvalidGroup\.NotFound"):
        bench.make(type_, "none", securityGroupId=one.id, cidrIpv4="10.0.0.0/8", **ports)


def test_a_changed_launch_template_gets_another_version(bench: Bench) -> None:
    disk = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3", "encrypted": "true"}}
    template = bench.make(
        "aws:ec2/launchTemplate:LaunchTemplate",
        updateDefaultVersion=True,
        blockDeviceMappings=[disk],
        metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 2},
        networkInterfaces=[{"deviceIndex": 0, "interfaceType": "efa", "securityGroups": ["sg-1"]}],
        tagSpecifications=[{"resourceType": "instance", "tags": TAGS}],
        tags=TAGS,
    )
    assert template["latestVersion"] == template["defaultVersion"] == 1
    disk["ebs"]["volumeSize"] = 200  # type: ignore[index]
    where = urn(template.type, "it")
    news = bench.inputs(
        template.type, "it", template.inputs, **bench.wanted(template, {"blockDeviceMappings": [disk]})
    )
    preview = bench.session.update(where, template.type, template.id, template.state, news, 0, True)
    assert preview["latestVersion"] is UNKNOWN, "what follows the version must be previewed as changing"
    changed = bench.change(template, blockDeviceMappings=[disk])
    assert changed["latestVersion"] == changed["defaultVersion"] == 2
    less = bench.change(changed, metadataOptions={"httpTokens": "required"})
    assert less["metadataOptions"] == {"httpTokens": "required"}
    with pytest.raises(Refused, match=r"HttpTokens: .* is not one of optional, required"):
        bench.make(template.type, "wrong", metadataOptions={"httpTokens": "perhaps"})
    with pytest.raises(Refused, match="volumeSizes"):
        bench.make(template.type, "unknown", blockDeviceMappings=[{"ebs": {"volumeSizes": 1}}])
