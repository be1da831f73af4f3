"""What AWS refuses and moto does not: things that do not exist, do not fit together, or are still in use."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation


def _ids(operation: Operation, method: str, path: str, name: str, value: str) -> list[str]:
    """What a JMESPath finds in EC2's answer, filtered by one property."""
    arguments = {"Filters": [{"Name": name, "Values": [value]}]}
    found = operation.find(method, path, arguments, service="ec2")
    return sorted({str(item) for item in found or () if item})


def _in_use(message: str, users: list[str]) -> None:
    if users:
        raise ApiError("DependencyViolation", f"{message} It is in use by {', '.join(users)}.")


def clusters(operation: Operation) -> list[dict[str, Any]]:
    """Returns the EKS clusters of the account and region, as EKS describes them."""
    names = operation.find("list_clusters", "clusters", {}, service="eks") or []
    return [operation.find("describe_cluster", "cluster", {"name": name}, service="eks") for name in names]


def node_groups(operation: Operation, cluster: str) -> list[dict[str, Any]]:
    """Returns the node groups of a cluster, as EKS describes them."""
    names = operation.find("list_nodegroups", "nodegroups", {"clusterName": cluster}, service="eks") or []
    return [
        operation.find(
            "describe_nodegroup",
            "nodegroup",
            {"clusterName": cluster, "nodegroupName": name},
            service="eks",
        )
        for name in names
    ]


def vpc_unused(operation: Operation) -> None:
    """A VPC goes only after all that is in it; its default group, table and ACL go with it."""
    vpc = operation.id
    groups = "SecurityGroups[?GroupName!='default'].GroupId"
    gateways = "InternetGateways[].InternetGatewayId"
    users = [
        *_ids(operation, "describe_subnets", "Subnets[].SubnetId", "vpc-id", vpc),
        *_ids(operation, "describe_security_groups", groups, "vpc-id", vpc),
        *_ids(operation, "describe_internet_gateways", gateways, "attachment.vpc-id", vpc),
        *_endpoints(operation, vpc),
        *_ids(
            operation, "describe_network_interfaces", "NetworkInterfaces[].NetworkInterfaceId", "vpc-id", vpc
        ),
    ]
    _in_use(f"The vpc '{vpc}' has dependencies and cannot be deleted.", users)


def _endpoints(operation: Operation, vpc: str) -> list[str]:
    path = "VpcEndpoints[?State!='deleted'].VpcEndpointId"
    return _ids(operation, "describe_vpc_endpoints", path, "vpc-id", vpc)


def subnet_unused(operation: Operation) -> None:
    """A subnet goes only after every network interface in it, also those that EKS keeps there."""
    subnet = operation.id
    interfaces = "NetworkInterfaces[].NetworkInterfaceId"
    users = _ids(operation, "describe_network_interfaces", interfaces, "subnet-id", subnet)
    path = f"TransitGatewayVpcAttachments[?contains(SubnetIds, '{subnet}')].TransitGatewayAttachmentId"
    users += operation.find("describe_transit_gateway_vpc_attachments", path, {}, service="ec2") or []
    for cluster in clusters(operation):
        if subnet in cluster["resourcesVpcConfig"].get("subnetIds", ()):
            users.append(f"EKS cluster {cluster['name']}")
        users += [
            f"EKS node group {group['nodegroupName']}"
            for group in node_groups(operation, cluster["name"])
            if subnet in group["subnets"]
        ]
    _in_use(f"The subnet '{subnet}' has dependencies and cannot be deleted.", users)


def security_group_unused(operation: Operation) -> None:
    """A security group goes only after interfaces with it and rules of other groups that refer to it."""
    group = operation.id
    interfaces = "NetworkInterfaces[].NetworkInterfaceId"
    users = _ids(operation, "describe_network_interfaces", interfaces, "group-id", group)
    path = f"VpcEndpoints[?State!='deleted' && contains(Groups[].GroupId, '{group}')].VpcEndpointId"
    users += operation.find("describe_vpc_endpoints", path, {}, service="ec2") or []
    rules = f"SecurityGroupRules[?ReferencedGroupInfo.GroupId=='{group}' && GroupId!='{group}'].GroupId"
    users += operation.find("describe_security_group_rules", rules, {}, service="ec2") or []
    users += [
        f"EKS cluster {cluster['name']}"
        for cluster in clusters(operation)
        if group in cluster["resourcesVpcConfig"].get("securityGroupIds", ())
    ]
    _in_use(f"resource {group} has a dependent object.", sorted(set(users)))


def internet_gateway_unused(operation: Operation) -> None:
    """A gateway stays attached while its network has public addresses."""
    path = "InternetGateways[0].Attachments[].VpcId"
    attached = operation.find("describe_internet_gateways", path, {"InternetGatewayIds": [operation.id]})
    nats = "NatGateways[?State!='deleted' && ConnectivityType=='public'].NatGatewayId"
    for vpc in attached or ():
        message = (
            f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) "
            "before detaching the gateway."
        )
        _in_use(
            message,
            operation.find("describe_nat_gateways", nats, {"Filter": [{"Name": "vpc-id", "Values": [vpc]}]})
            or [],
        )


def address_unused(operation: Operation) -> None:
    """An Elastic IP is released only after the NAT gateway or instance that has it."""
    address = operation.find("describe_addresses", "Addresses[0]", {"AllocationIds": [operation.id]})
    if address and address.get("AssociationId"):
        user = address.get("NetworkInterfaceId") or address.get("InstanceId")
        raise ApiError("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use by {user}.")


def nat_gateway_possible(operation: Operation) -> None:
    """A public NAT gateway needs a network with an internet gateway, and an address of its own."""
    if operation.inputs["connectivityType"] == "private":
        return
    subnet = operation.inputs["subnetId"]
    vpc = operation.find("describe_subnets", "Subnets[0].VpcId", {"SubnetIds": [subnet]})
    if vpc is None:
        raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
    gateways = "InternetGateways[].InternetGatewayId"
    if not _ids(operation, "describe_internet_gateways", gateways, "attachment.vpc-id", vpc):
        raise ApiError("Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached")
    allocation = operation.inputs["allocationId"]
    path = "Addresses[0].AssociationId"
    if operation.find("describe_addresses", path, {"AllocationIds": [allocation]}):
        raise ApiError(
            "Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated"
        )


def route_target_exists(operation: Operation) -> None:
    """A route leads to a NAT gateway that exists, or to something that its own network is attached to."""
    nat, gateway = operation.inputs.get("natGatewayId"), operation.inputs.get("gatewayId", "")
    alive = "NatGateways[?State!='deleted'] | [0]"
    if nat and not operation.find("describe_nat_gateways", alive, {"NatGatewayIds": [nat]}):
        raise ApiError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
    table = operation.inputs["routeTableId"]
    vpc = operation.find("describe_route_tables", "RouteTables[0].VpcId", {"RouteTableIds": [table]})
    _attached(operation, vpc)
    if not gateway.startswith("igw-"):
        return
    path = "InternetGateways[0].Attachments[].VpcId"
    if vpc not in (
        operation.find("describe_internet_gateways", path, {"InternetGatewayIds": [gateway]}) or ()
    ):
        message = f"route table {table} and network gateway {gateway} belong to different networks"
        raise ApiError("InvalidParameterValue", message)


def _attached(operation: Operation, vpc: str | None) -> None:
    """A transit gateway can be led to once the network is attached to it."""
    gateway = operation.inputs.get("transitGatewayId")
    path = f"TransitGatewayVpcAttachments[?TransitGatewayId=='{gateway}' && VpcId=='{vpc}'] | [0]"
    if gateway and not operation.find("describe_transit_gateway_vpc_attachments", path, {}):
        message = f"The transitGateway ID '{gateway}' is not attached to network {vpc}"
        raise ApiError("InvalidTransitGatewayID.NotFound", message)


def range_unused(operation: Operation) -> None:
    """A network loses a range only after the subnets in it."""
    path = f"Vpcs[].CidrBlockAssociationSet[] | [?AssociationId=='{operation.id}'].CidrBlock | [0]"
    cidr = operation.find("describe_vpcs", path, {})
    vpc = operation.inputs["vpcId"]
    taken = _ids(operation, "describe_subnets", "Subnets[].CidrBlock", "vpc-id", vpc)
    within = [subnet for subnet in taken if cidr and IPv4Network(subnet).subnet_of(IPv4Network(cidr))]
    if within:
        message = f"The vpc {vpc} currently has a subnet within CIDR block {cidr}: {', '.join(within)}"
        raise ApiError("InvalidCidrBlock.InUse", message)


def endpoint_service_exists(operation: Operation) -> None:
    """A service is named with its region, and only S3 and DynamoDB have gateway endpoints."""
    name = operation.inputs["serviceName"]
    prefix = f"com.amazonaws.{operation.region}."
    if not name.startswith(prefix):
        raise ApiError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    gateway = operation.inputs["vpcEndpointType"] == "Gateway"
    if gateway and name.removeprefix(prefix) not in ("s3", "dynamodb"):
        message = "Endpoint type (Gateway) does not match available service types ([Interface])."
        raise ApiError("InvalidParameter", message)
