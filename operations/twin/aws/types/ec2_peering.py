"""EC2: peering of networks, also with other accounts and regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import EC2_TAGS, pairs, read_tags, specifications

_ALIVE = "VpcPeeringConnections[?Status.Code!='deleted'] | [0]"


def _accepted_elsewhere(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if inputs.get("autoAccept") and "peerRegion" in inputs:
        yield "peerRegion", "cannot be set whilst autoAccept is true: the peer's region accepts"


def _request(operation: Operation) -> dict[str, Any]:
    """Asks for a peering, and shows it to the peer's account and region; after a restart moto would not."""
    inputs, ours = operation.inputs, operation.cloud.account
    there = Place(inputs.get("peerOwnerId", ours), inputs.get("peerRegion", operation.region))
    response = operation.call(
        "create_vpc_peering_connection",
        operation.fill(
            {
                "VpcId": "$vpcId",
                "PeerVpcId": "$peerVpcId",
                "PeerOwnerId": "$peerOwnerId",
                "PeerRegion": "$peerRegion",
                "TagSpecifications": specifications("vpc-peering-connection"),
            }
        ),
    )
    id_ = response["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    here = store.backend("ec2", Place(ours, operation.region))
    store.backend("ec2", there).vpc_pcxs[id_] = here.vpc_pcxs[id_]
    return response


def _accept(operation: Operation) -> None:
    """Accepts what waits for it; what is accepted stays so."""
    arguments = {"VpcPeeringConnectionId": operation.id}
    path = "VpcPeeringConnections[0].Status.Code"
    status = operation.find(
        "describe_vpc_peering_connections", path, {"VpcPeeringConnectionIds": [operation.id]}
    )
    if operation.inputs.get("autoAccept") and status == "pending-acceptance":
        operation.call("accept_vpc_peering_connection", arguments)


_READ = Call("describe_vpc_peering_connections", {"VpcPeeringConnectionIds": ["$id"]})

PEERING_CONNECTION = Type(
    type="aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    service="ec2",
    word="vpc-peering-connection",
    required=("vpcId", "peerVpcId"),
    optional=("peerOwnerId", "peerRegion", "autoAccept"),
    taggable=True,
    rules=(_accepted_elsewhere,),
    create=_request,
    id="VpcPeeringConnection.VpcPeeringConnectionId",
    read=_READ,
    found=_ALIVE,
    outputs={
        "acceptStatus": "Status.Code",
        "vpcId": "RequesterVpcInfo.VpcId",
        "peerVpcId": "AccepterVpcInfo.VpcId",
        "peerOwnerId": "AccepterVpcInfo.OwnerId",
        "peerRegion": "AccepterVpcInfo.Region",
        "tags": read_tags,
    },
    changes=(Change(inputs=("autoAccept",), step=_accept), EC2_TAGS),
    delete=Call("delete_vpc_peering_connection", {"VpcPeeringConnectionId": "$id"}),
    replace=frozenset({"vpcId", "peerVpcId", "peerOwnerId", "peerRegion"}),
    kept=frozenset({"peerOwnerId", "peerRegion", "autoAccept"}),
)


def _take_over(operation: Operation) -> dict[str, str]:
    """Takes over the peer's side of a connection that was asked for, and accepts it."""
    id_ = operation.inputs["vpcPeeringConnectionId"]
    if not operation.find("describe_vpc_peering_connections", _ALIVE, {"VpcPeeringConnectionIds": [id_]}):
        message = f"The vpcPeeringConnection ID '{id_}' does not exist"
        raise ApiError("InvalidVpcPeeringConnectionID.NotFound", message)
    operation.id = id_
    _accept(operation)
    tags = pairs(operation.inputs.get("tags"))
    if tags:
        operation.call("create_tags", {"Resources": [operation.id], "Tags": tags})
    return {"id": operation.id}


def _own_tags(operation: Operation, _: Mapping[str, Any]) -> dict[str, str]:
    """Output: the tags of this side, which each region has for itself."""
    filters = [{"Name": "resource-id", "Values": [operation.id]}]
    found = operation.find("describe_tags", "Tags", {"Filters": filters}) or []
    return {tag["Key"]: tag["Value"] for tag in found}


PEERING_ACCEPTER = Type(
    type="aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
    service="ec2",
    word="vpc-peering-connection",
    required=("vpcPeeringConnectionId",),
    optional=("autoAccept",),
    taggable=True,
    create=_take_over,
    id="id",
    read=_READ,
    found=_ALIVE,
    outputs={
        "acceptStatus": "Status.Code",
        "vpcPeeringConnectionId": "VpcPeeringConnectionId",
        "vpcId": "AccepterVpcInfo.VpcId",
        "peerVpcId": "RequesterVpcInfo.VpcId",
        "peerOwnerId": "RequesterVpcInfo.OwnerId",
        "peerRegion": "RequesterVpcInfo.Region",
        "tags": _own_tags,
    },
    changes=(Change(inputs=("autoAccept",), step=_accept, on_create=False), EC2_TAGS),
    delete=None,
    replace=frozenset({"vpcPeeringConnectionId"}),
    kept=frozenset({"autoAccept"}),
)
