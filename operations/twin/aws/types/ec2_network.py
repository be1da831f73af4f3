"""EC2: networks, their subnets and gateways.

What forces a replacement follows the schemas of the Terraform AWS provider (internal/service/ec2), which
pulumi-aws is made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws import guards
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import EC2_TAGS, read_tags, specifications


def _vpc_attribute(name: str) -> Change:
    aws = name[0].upper() + name[1:]
    call = Call("modify_vpc_attribute", {"VpcId": "$id", aws: {"Value": f"${name}"}})
    return Change(inputs=(name,), step=call)


def _read_vpc(operation: Operation) -> dict[str, Any] | None:
    vpc: dict[str, Any] | None = operation.find("describe_vpcs", "Vpcs[0]", {"VpcIds": [operation.id]})
    if vpc is None:
        return None
    of_vpc = [{"Name": "vpc-id", "Values": [operation.id]}]
    for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
        aws = name[0].upper() + name[1:]
        path = f"{aws}.Value"
        vpc[aws] = operation.find("describe_vpc_attribute", path, {"VpcId": operation.id, "Attribute": name})
    main = "RouteTables[?Associations[?Main]] | [0].RouteTableId"
    vpc["MainRouteTableId"] = operation.find("describe_route_tables", main, {"Filters": of_vpc})
    group = "SecurityGroups[?GroupName=='default'] | [0].GroupId"
    vpc["DefaultSecurityGroupId"] = operation.find("describe_security_groups", group, {"Filters": of_vpc})
    acl = "NetworkAcls[?IsDefault] | [0].NetworkAclId"
    vpc["DefaultNetworkAclId"] = operation.find("describe_network_acls", acl, {"Filters": of_vpc})
    return vpc


VPC = Type(
    type="aws:ec2/vpc:Vpc",
    service="ec2",
    word="vpc",
    required=("cidrBlock",),
    optional=(
        "instanceTenancy",
        "enableDnsSupport",
        "enableDnsHostnames",
        "enableNetworkAddressUsageMetrics",
        "assignGeneratedIpv6CidrBlock",
    ),
    taggable=True,
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    create=Call(
        "create_vpc",
        {
            "CidrBlock": "$cidrBlock",
            "InstanceTenancy": "$instanceTenancy",
            "AmazonProvidedIpv6CidrBlock": "$assignGeneratedIpv6CidrBlock",
            "TagSpecifications": specifications("vpc"),
        },
    ),
    id="Vpc.VpcId",
    read=_read_vpc,
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
        "cidrBlock": "CidrBlock",
        "instanceTenancy": "InstanceTenancy",
        "enableDnsSupport": "EnableDnsSupport",
        "enableDnsHostnames": "EnableDnsHostnames",
        "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
        "defaultNetworkAclId": "DefaultNetworkAclId",
        "defaultRouteTableId": "MainRouteTableId",
        "mainRouteTableId": "MainRouteTableId",
        "defaultSecurityGroupId": "DefaultSecurityGroupId",
        "dhcpOptionsId": "DhcpOptionsId",
        "ipv6AssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
        "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
        "ownerId": "OwnerId",
        "tags": read_tags,
    },
    changes=(
        _vpc_attribute("enableDnsSupport"),
        _vpc_attribute("enableDnsHostnames"),
        _vpc_attribute("enableNetworkAddressUsageMetrics"),
        EC2_TAGS,
    ),
    delete=Call("delete_vpc", {"VpcId": "$id"}),
    delete_guards=(guards.vpc_unused,),
    replace=frozenset({"cidrBlock", "instanceTenancy", "assignGeneratedIpv6CidrBlock"}),
    kept=frozenset({"enableDnsHostnames"}),
)


def _subnet_attribute(name: str) -> Change:
    aws = name[0].upper() + name[1:]
    call = Call("modify_subnet_attribute", {"SubnetId": "$id", aws: {"Value": f"${name}"}})
    return Change(inputs=(name,), step=call)


SUBNET = Type(
    type="aws:ec2/subnet:Subnet",
    service="ec2",
    word="subnet",
    required=("vpcId",),
    optional=(
        "cidrBlock",
        "availabilityZone",
        "availabilityZoneId",
        "ipv6CidrBlock",
        "assignIpv6AddressOnCreation",
        "mapPublicIpOnLaunch",
    ),
    taggable=True,
    defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
    create=Call(
        "create_subnet",
        {
            "VpcId": "$vpcId",
            "CidrBlock": "$cidrBlock",
            "AvailabilityZone": "$availabilityZone",
            "AvailabilityZoneId": "$availabilityZoneId",
            "Ipv6CidrBlock": "$ipv6CidrBlock",
            "TagSpecifications": specifications("subnet"),
        },
    ),
    id="Subnet.SubnetId",
    read=Call("describe_subnets", {"SubnetIds": ["$id"]}),
    found="Subnets[0]",
    outputs={
        "arn": "SubnetArn",
        "vpcId": "VpcId",
        "cidrBlock": "CidrBlock",
        "availabilityZone": "AvailabilityZone",
        "availabilityZoneId": "AvailabilityZoneId",
        "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
        "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
        "ipv6CidrBlockAssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
        "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
        "ownerId": "OwnerId",
        "tags": read_tags,
    },
    changes=(
        _subnet_attribute("mapPublicIpOnLaunch"),
        _subnet_attribute("assignIpv6AddressOnCreation"),
        EC2_TAGS,
    ),
    delete=Call("delete_subnet", {"SubnetId": "$id"}),
    delete_guards=(guards.subnet_unused,),
    replace=frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6CidrBlock"}),
    kept=frozenset({"availabilityZone", "availabilityZoneId"}),
)


def _move_gateway(operation: Operation) -> None:
    if operation.old.get("vpcId"):
        guards.internet_gateway_unused(operation)
        operation.call(
            "detach_internet_gateway",
            {"InternetGatewayId": operation.id, "VpcId": operation.old["vpcId"]},
        )
    if operation.inputs.get("vpcId"):
        operation.call(
            "attach_internet_gateway",
            {"InternetGatewayId": operation.id, "VpcId": operation.inputs["vpcId"]},
        )


def _delete_gateway(operation: Operation) -> None:
    gateway = {"InternetGatewayId": operation.id}
    path = "InternetGateways[0].Attachments[].VpcId"
    for vpc in (
        operation.find("describe_internet_gateways", path, {"InternetGatewayIds": [operation.id]}) or ()
    ):
        operation.call("detach_internet_gateway", {**gateway, "VpcId": vpc})
    operation.call("delete_internet_gateway", gateway)


INTERNET_GATEWAY = Type(
    type="aws:ec2/internetGateway:InternetGateway",
    service="ec2",
    word="internet-gateway",
    optional=("vpcId",),
    taggable=True,
    create=Call("create_internet_gateway", {"TagSpecifications": specifications("internet-gateway")}),
    id="InternetGateway.InternetGatewayId",
    read=Call("describe_internet_gateways", {"InternetGatewayIds": ["$id"]}),
    found="InternetGateways[0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}",
        "vpcId": "Attachments[0].VpcId",
        "ownerId": "OwnerId",
        "tags": read_tags,
    },
    changes=(Change(inputs=("vpcId",), step=_move_gateway), EC2_TAGS),
    delete=_delete_gateway,
    delete_guards=(guards.internet_gateway_unused,),
)

EIP = Type(
    type="aws:ec2/eip:Eip",
    service="ec2",
    word="elastic-ip",
    optional=("domain", "networkBorderGroup", "publicIpv4Pool", "address"),
    taggable=True,
    create=Call(
        "allocate_address",
        {
            "Domain": "$domain",
            "Address": "$address",
            "NetworkBorderGroup": "$networkBorderGroup",
            "PublicIpv4Pool": "$publicIpv4Pool",
            "TagSpecifications": specifications("elastic-ip"),
        },
    ),
    id="AllocationId",
    read=Call("describe_addresses", {"AllocationIds": ["$id"]}),
    found="Addresses[0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
        "allocationId": "AllocationId",
        "associationId": "AssociationId",
        "domain": "Domain",
        "networkInterface": "NetworkInterfaceId",
        "networkBorderGroup": "NetworkBorderGroup",
        "privateIp": "PrivateIpAddress",
        "publicIp": "PublicIp",
        "publicDns": lambda operation, found: _public_dns(operation.region, found["PublicIp"]),
        "tags": read_tags,
    },
    changes=(EC2_TAGS,),
    delete=Call("release_address", {"AllocationId": "$id"}),
    delete_guards=(guards.address_unused,),
    replace=frozenset({"domain", "networkBorderGroup", "publicIpv4Pool", "address"}),
    kept=frozenset({"domain", "networkBorderGroup"}),
)


def _public_dns(region: str, address: str) -> str:
    zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com"


def _nat_rules(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    private = inputs["connectivityType"] == "private"
    if private and "allocationId" in inputs:
        yield "allocationId", 'is not supported with connectivityType "private"'
    if not private and "allocationId" not in inputs:
        yield "allocationId", 'is required with connectivityType "public"'


def _delete_nat_gateway(operation: Operation) -> None:
    """Also ends what moto leaves: its network interface, and the association of its address."""
    address = operation.find(
        "describe_nat_gateways", "NatGateways[0].NatGatewayAddresses[0]", {"NatGatewayIds": [operation.id]}
    )
    operation.call("delete_nat_gateway", {"NatGatewayId": operation.id})
    if address.get("AssociationId"):
        operation.call("disassociate_address", {"AssociationId": address["AssociationId"]})
    operation.call("delete_network_interface", {"NetworkInterfaceId": address["NetworkInterfaceId"]})


NAT_GATEWAY = Type(
    type="aws:ec2/natGateway:NatGateway",
    service="ec2",
    word="natgateway",
    required=("subnetId",),
    optional=("allocationId", "connectivityType"),
    taggable=True,
    defaults={"connectivityType": "public"},
    rules=(_nat_rules,),
    guards=(guards.nat_gateway_possible,),
    create=Call(
        "create_nat_gateway",
        {
            "SubnetId": "$subnetId",
            "AllocationId": "$allocationId",
            "ConnectivityType": "$connectivityType",
            "TagSpecifications": specifications("natgateway"),
        },
    ),
    id="NatGateway.NatGatewayId",
    read=Call("describe_nat_gateways", {"NatGatewayIds": ["$id"]}),
    found="NatGateways[?State!='deleted'] | [0]",
    outputs={
        "subnetId": "SubnetId",
        "vpcId": "VpcId",
        "connectivityType": "ConnectivityType",
        "allocationId": "NatGatewayAddresses[0].AllocationId",
        "associationId": "NatGatewayAddresses[0].AssociationId",
        "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
        "privateIp": "NatGatewayAddresses[0].PrivateIp",
        "publicIp": "NatGatewayAddresses[0].PublicIp",
        "tags": read_tags,
    },
    changes=(EC2_TAGS,),
    delete=_delete_nat_gateway,
    replace=frozenset({"subnetId", "allocationId", "connectivityType"}),
)
