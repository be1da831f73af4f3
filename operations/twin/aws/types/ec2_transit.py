"""EC2: attachments of networks to transit gateways."""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import EC2_TAGS, pairs, read_tags

_OPTIONS = {
    "applianceModeSupport": "ApplianceModeSupport",
    "dnsSupport": "DnsSupport",
    "ipv6Support": "Ipv6Support",
    "securityGroupReferencingSupport": "SecurityGroupReferencingSupport",
}
_FILLED = {aws: f"${name}" for name, aws in _OPTIONS.items()}
_BY_DEFAULT = ("transitGatewayDefaultRouteTableAssociation", "transitGatewayDefaultRouteTablePropagation")


def _attach(operation: Operation) -> dict[str, Any]:
    """Attaches; moto looks neither at the subnets nor at the tags."""
    subnets = operation.inputs["subnetIds"]
    operation.call("describe_subnets", {"SubnetIds": subnets})  # refuses what does not exist
    response = operation.call(
        "create_transit_gateway_vpc_attachment",
        operation.fill(
            {
                "TransitGatewayId": "$transitGatewayId",
                "VpcId": "$vpcId",
                "SubnetIds": "$subnetIds",
                "Options": _FILLED,
            }
        ),
    )
    tags = pairs(operation.inputs.get("tags"))
    if tags:
        id_ = response["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        operation.call("create_tags", {"Resources": [id_], "Tags": tags})
    return response


def _change_subnets(operation: Operation) -> None:
    old, new = set(operation.old.get("subnetIds") or ()), set(operation.inputs["subnetIds"])
    operation.call(
        "modify_transit_gateway_vpc_attachment",
        {
            "TransitGatewayAttachmentId": operation.id,
            "AddSubnetIds": sorted(new - old) or None,
            "RemoveSubnetIds": sorted(old - new) or None,
        },
    )


def _change_options(operation: Operation) -> Any:
    return operation.call(
        "modify_transit_gateway_vpc_attachment",
        {"TransitGatewayAttachmentId": operation.id, "Options": operation.fill(_FILLED)},
    )


def _detach(operation: Operation) -> None:
    """Deletes what is there; moto fails over what is not."""
    id_ = {"TransitGatewayAttachmentIds": [operation.id]}
    if operation.find("describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments[0]", id_):
        operation.call("delete_transit_gateway_vpc_attachment", {"TransitGatewayAttachmentId": operation.id})


VPC_ATTACHMENT = Type(
    type="aws:ec2transitgateway/vpcAttachment:VpcAttachment",
    service="ec2",
    word="transit-gateway-attachment",
    required=("subnetIds", "transitGatewayId", "vpcId"),
    optional=(*_OPTIONS, *_BY_DEFAULT),
    taggable=True,
    defaults={
        "applianceModeSupport": "disable",
        "dnsSupport": "enable",
        "ipv6Support": "disable",
        **dict.fromkeys(_BY_DEFAULT, True),
    },
    create=_attach,
    id="TransitGatewayVpcAttachment.TransitGatewayAttachmentId",
    read=Call("describe_transit_gateway_vpc_attachments", {"TransitGatewayAttachmentIds": ["$id"]}),
    found="TransitGatewayVpcAttachments[0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:transit-gateway-attachment/{id}",
        "subnetIds": "SubnetIds",
        "transitGatewayId": "TransitGatewayId",
        "vpcId": "VpcId",
        "vpcOwnerId": "VpcOwnerId",
        **{name: f"Options.{aws}" for name, aws in _OPTIONS.items()},
        "tags": read_tags,
    },
    changes=(
        Change(inputs=("subnetIds",), step=_change_subnets, on_create=False),
        Change(inputs=tuple(_OPTIONS), step=_change_options, on_create=False),
        EC2_TAGS,
    ),
    delete=_detach,
    replace=frozenset({"transitGatewayId", "vpcId"}),
    kept=frozenset({"securityGroupReferencingSupport"}),
)
