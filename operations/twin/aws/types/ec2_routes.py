"""EC2: routes, and endpoints by which a network reaches AWS itself."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws import guards, rules
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.tags import EC2_TAGS, read_tags, specifications

_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "transitGatewayId": "TransitGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}

ROUTE_TABLE = Type(
    type="aws:ec2/routeTable:RouteTable",
    service="ec2",
    word="route-table",
    required=("vpcId",),
    taggable=True,
    create=Call(
        "create_route_table", {"VpcId": "$vpcId", "TagSpecifications": specifications("route-table")}
    ),
    id="RouteTable.RouteTableId",
    read=Call("describe_route_tables", {"RouteTableIds": ["$id"]}),
    found="RouteTables[0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:route-table/{id}",
        "vpcId": "VpcId",
        "ownerId": "OwnerId",
        "tags": read_tags,
    },
    changes=(EC2_TAGS,),
    delete=Call("delete_route_table", {"RouteTableId": "$id"}),
    replace=frozenset({"vpcId"}),
)


def _route_rules(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for names, what in ((_DESTINATIONS, "destination"), (_TARGETS, "target")):
        count = sum(name in inputs for name in names)
        if count != 1:
            yield next(iter(names)), f"exactly one {what} is needed of {', '.join(names)}; {count} are given"


def _route(operation: Operation, names: Mapping[str, str]) -> dict[str, Any]:
    destination = {aws: operation.inputs.get(name) for name, aws in names.items()}
    return {"RouteTableId": operation.inputs["routeTableId"], **destination}


def _create_route(operation: Operation) -> dict[str, str]:
    if _read_route(operation) is not None:
        raise ApiError(
            "RouteAlreadyExists", f"The route identified by {_destination(operation)} already exists."
        )
    operation.call("create_route", _route(operation, {**_DESTINATIONS, **_TARGETS}))
    table = operation.inputs["routeTableId"]
    return {"id": f"r-{table}{zlib.crc32(_destination(operation).encode())}"}


def _destination(operation: Operation) -> str:
    return next(str(operation.inputs[name]) for name in _DESTINATIONS if name in operation.inputs)


def _read_route(operation: Operation) -> dict[str, Any] | None:
    if "routeTableId" not in operation.inputs:  # an import, by Terraform's ROUTETABLE_DESTINATION
        table, _, destination = operation.id.partition("_")
        operation.inputs.update(routeTableId=table, destinationCidrBlock=destination)
    name = next(name for name in _DESTINATIONS if name in operation.inputs)
    path = f"RouteTables[0].Routes[?{_DESTINATIONS[name]}=='{operation.inputs[name]}'] | [0]"
    found: dict[str, Any] | None = operation.find(
        "describe_route_tables", path, {"RouteTableIds": [operation.inputs["routeTableId"]]}
    )
    return found and {**found, "RouteTableId": operation.inputs["routeTableId"]}


ROUTE = Type(
    type="aws:ec2/route:Route",
    service="ec2",
    word="route",
    required=("routeTableId",),
    optional=(*_DESTINATIONS, *_TARGETS),
    rules=(_route_rules,),
    guards=(guards.route_target_exists,),
    create=_create_route,
    id="id",
    read=_read_route,
    outputs={
        "routeTableId": "RouteTableId",
        "origin": "Origin",
        "state": "State",
        **{name: aws for name, aws in (_DESTINATIONS | _TARGETS).items() if name != "vpcEndpointId"},
    },
    changes=(
        Change(
            inputs=tuple(_TARGETS),
            step=lambda operation: operation.call(
                "replace_route", _route(operation, {**_DESTINATIONS, **_TARGETS})
            ),
            on_create=False,
        ),
    ),
    delete=lambda operation: operation.call("delete_route", _route(operation, _DESTINATIONS)),
    replace=frozenset({"routeTableId", *_DESTINATIONS}),
)


def _associate(operation: Operation) -> dict[str, Any]:
    """Refuses a second association of a subnet, which moto takes for the first one."""
    subnet = operation.inputs.get("subnetId")
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    if subnet and operation.find("describe_route_tables", "RouteTables[0]", {"Filters": filters}):
        raise ApiError(
            "Resource.AlreadyAssociated",
            f"the specified association for route table {operation.inputs['routeTableId']} conflicts with an "
            f"existing association of {subnet}",
        )
    names = {"routeTableId": "RouteTableId", "subnetId": "SubnetId", "gatewayId": "GatewayId"}
    return operation.call(
        "associate_route_table", {aws: operation.inputs.get(name) for name, aws in names.items()}
    )


def _read_association(operation: Operation) -> dict[str, Any] | None:
    """Finds the association by its subnet or gateway: replacing it in place gives it another id."""
    key, value = "RouteTableAssociationId", operation.id
    for name, aws in (("subnetId", "SubnetId"), ("gatewayId", "GatewayId")):
        if name in operation.inputs:
            key, value = aws, operation.inputs[name]
    path = f"RouteTables[].Associations[] | [?{key}=='{value}'] | [0]"
    found: dict[str, Any] | None = operation.find("describe_route_tables", path, {})
    return found


def _association_call(method: str, **arguments: str) -> Any:
    def step(operation: Operation) -> None:
        found = _read_association(operation)
        if found is not None:
            operation.call(
                method, {"AssociationId": found["RouteTableAssociationId"], **operation.fill(arguments)}
            )

    return step


ROUTE_TABLE_ASSOCIATION = Type(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    service="ec2",
    word="route-table-association",
    required=("routeTableId",),
    optional=("subnetId", "gatewayId"),
    create=_associate,
    id="AssociationId",
    read=_read_association,
    outputs={"routeTableId": "RouteTableId", "subnetId": "SubnetId", "gatewayId": "GatewayId"},
    changes=(
        Change(
            inputs=("routeTableId",),
            step=_association_call("replace_route_table_association", RouteTableId="$routeTableId"),
            on_create=False,
        ),
    ),
    delete=_association_call("disassociate_route_table"),
    replace=frozenset({"subnetId", "gatewayId"}),
)


def _endpoint_set(name: str, aws: str) -> Change:
    """Adds and removes members of one of an endpoint's sets."""

    def step(operation: Operation) -> None:
        old, new = set(operation.old.get(name) or ()), set(operation.inputs.get(name) or ())
        arguments = {f"Add{aws}": sorted(new - old) or None, f"Remove{aws}": sorted(old - new) or None}
        operation.call("modify_vpc_endpoint", {"VpcEndpointId": operation.id, **arguments})

    return Change(inputs=(name,), step=step, on_create=False)


def _endpoint_change(name: str, aws: str) -> Change:
    call = Call("modify_vpc_endpoint", {"VpcEndpointId": "$id", aws: f"${name}"})
    return Change(inputs=(name,), step=call, on_create=False)


def _prefix_list(operation: Operation, found: Mapping[str, Any]) -> str | None:
    if found["VpcEndpointType"] != "Gateway":
        return None
    path = f"PrefixLists[?PrefixListName=='{found['ServiceName']}'] | [0].PrefixListId"
    listed: str | None = operation.find("describe_prefix_lists", path, {})
    return listed


VPC_ENDPOINT = Type(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    service="ec2",
    word="vpc-endpoint",
    required=("vpcId", "serviceName"),
    optional=(
        "vpcEndpointType",
        "routeTableIds",
        "subnetIds",
        "securityGroupIds",
        "privateDnsEnabled",
        "policy",
    ),
    taggable=True,
    rules=(rules.policy("policy"),),
    defaults={"vpcEndpointType": "Gateway"},
    guards=(guards.endpoint_service_exists,),
    create=Call(
        "create_vpc_endpoint",
        {
            "VpcId": "$vpcId",
            "ServiceName": "$serviceName",
            "VpcEndpointType": "$vpcEndpointType",
            "RouteTableIds": "$routeTableIds",
            "SubnetIds": "$subnetIds",
            "SecurityGroupIds": "$securityGroupIds",
            "PrivateDnsEnabled": "$privateDnsEnabled",
            "PolicyDocument": "$policy",
            "TagSpecifications": specifications("vpc-endpoint"),
        },
    ),
    id="VpcEndpoint.VpcEndpointId",
    read=Call("describe_vpc_endpoints", {"VpcEndpointIds": ["$id"]}),
    found="VpcEndpoints[?State!='deleted'] | [0]",
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
        "vpcId": "VpcId",
        "serviceName": "ServiceName",
        "vpcEndpointType": "VpcEndpointType",
        "routeTableIds": "RouteTableIds",
        "subnetIds": "SubnetIds",
        "securityGroupIds": "Groups[].GroupId",
        "privateDnsEnabled": "PrivateDnsEnabled",
        "policy": "PolicyDocument",
        "prefixListId": _prefix_list,
        "networkInterfaceIds": "NetworkInterfaceIds",
        "dnsEntries": "DnsEntries[].{dnsName: DnsName, hostedZoneId: HostedZoneId}",
        "ownerId": "OwnerId",
        "requesterManaged": "RequesterManaged",
        "state": "State",
        "tags": read_tags,
    },
    changes=(
        _endpoint_set("routeTableIds", "RouteTableIds"),
        _endpoint_set("subnetIds", "SubnetIds"),
        _endpoint_set("securityGroupIds", "SecurityGroupIds"),
        _endpoint_change("policy", "PolicyDocument"),
        _endpoint_change("privateDnsEnabled", "PrivateDnsEnabled"),
        EC2_TAGS,
    ),
    delete=Call("delete_vpc_endpoints", {"VpcEndpointIds": ["$id"]}),
    replace=frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
    kept=frozenset({"routeTableIds", "subnetIds", "securityGroupIds", "policy"}),
)
