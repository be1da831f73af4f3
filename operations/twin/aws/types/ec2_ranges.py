"""EC2: further ranges of networks, and parts of subnets that are kept for blocks of addresses."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from operations.twin.aws import guards
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Type

_LIVE = "CidrBlockState.State!='disassociated'"


def _read_range(operation: Operation) -> dict[str, Any] | None:
    vpcs = operation.find("describe_vpcs", "Vpcs[]", {}) or []
    for vpc in vpcs:
        for one in vpc.get("CidrBlockAssociationSet", ()):
            if one["AssociationId"] == operation.id and one["CidrBlockState"]["State"] != "disassociated":
                return {**one, "VpcId": vpc["VpcId"]}
    return None


def _no_overlap(operation: Operation) -> None:
    """A network has every address once; moto would let it have some twice."""
    path = f"Vpcs[0].CidrBlockAssociationSet[?{_LIVE}].CidrBlock"
    taken = operation.find("describe_vpcs", path, {"VpcIds": [operation.inputs["vpcId"]]}) or []
    wanted = operation.inputs["cidrBlock"]
    for cidr in taken:
        if IPv4Network(cidr).overlaps(IPv4Network(wanted)):
            raise ApiError("InvalidVpc.Range", f"The CIDR '{wanted}' conflicts with {cidr}")
    if len(taken) >= 5:
        message = "The maximum number of CIDR blocks of a VPC, 5, has been reached"
        raise ApiError("VpcCidrBlockLimitExceeded", message)


CIDR_BLOCK_ASSOCIATION = Type(
    type="aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
    service="ec2",
    word="vpc-range",
    required=("vpcId",),
    optional=("cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"),
    guards=(_no_overlap,),
    create=Call("associate_vpc_cidr_block", {"VpcId": "$vpcId", "CidrBlock": "$cidrBlock"}),
    id="CidrBlockAssociation.AssociationId",
    read=_read_range,
    outputs={"vpcId": "VpcId", "cidrBlock": "CidrBlock"},
    delete=Call("disassociate_vpc_cidr_block", {"AssociationId": "$id"}),
    delete_guards=(guards.range_unused,),
    replace=frozenset({"vpcId", "cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"}),
)


def _read_reservation(operation: Operation) -> dict[str, Any] | None:
    path = f"SubnetIpv4CidrReservations[?SubnetCidrReservationId=='{operation.id}'] | [0]"
    arguments = {"SubnetId": operation.inputs["subnetId"]}
    found: dict[str, Any] | None = operation.find("get_subnet_cidr_reservations", path, arguments)
    return found


SUBNET_CIDR_RESERVATION = Type(
    type="aws:ec2/subnetCidrReservation:SubnetCidrReservation",
    service="ec2",
    word="subnet-cidr-reservation",
    required=("cidrBlock", "reservationType", "subnetId"),
    optional=("description",),
    create=Call(
        "create_subnet_cidr_reservation",
        {"SubnetId": "$subnetId", "Cidr": "$cidrBlock", "ReservationType": "$reservationType"},
    ),
    id="SubnetCidrReservation.SubnetCidrReservationId",
    read=_read_reservation,
    outputs={
        "subnetId": "SubnetId",
        "cidrBlock": "Cidr",
        "reservationType": "ReservationType",
        "ownerId": "OwnerId",
    },
    delete=Call("delete_subnet_cidr_reservation", {"SubnetCidrReservationId": "$id"}),
    replace=frozenset({"cidrBlock", "reservationType", "subnetId", "description"}),
)
