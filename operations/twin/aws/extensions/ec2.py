"""EC2: what moto changes only in part: security group rules and VPC endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_RANGES: Final = {"CidrIpv4": "CidrIp", "CidrIpv6": "CidrIpv6"}


def rule_description(place: Place, id_: str) -> str | None:
    """Returns the description of a rule for another group, which moto keeps but does not tell."""
    groups = store.backend("ec2", place).groups.values()
    rules = (group.get_rule(id_) for network in groups for group in network.values())
    found = next((rule for rule in rules if rule is not None), None)
    description: str | None = None if found is None else found.source_group.get("Description")
    return description


def modify_security_group_rules(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes rules in place; the kind of source (addresses, group, prefix list) stays what it is."""
    group = store.backend("ec2", place).get_security_group_by_name_or_id(arguments["GroupId"])
    if group is None:
        message = f"The security group '{arguments['GroupId']}' does not exist"
        raise ApiError("InvalidGroup.NotFound", message)
    for item in arguments["SecurityGroupRules"]:
        rule = group.get_rule(item["SecurityGroupRuleId"])
        if rule is None:
            message = f"The security group rule ID '{item['SecurityGroupRuleId']}' does not exist"
            raise ApiError("InvalidSecurityGroupRuleId.NotFound", message)
        _modify(rule, item["SecurityGroupRule"], place.account)
    return {"Return": True}


def modify_vpc_endpoint(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes an endpoint; moto knows all but whether private DNS names lead to it."""
    ec2, id_ = store.backend("ec2", place), arguments["VpcEndpointId"]
    endpoint = ec2.vpc_end_points.get(id_)
    if endpoint is None or endpoint.state == "deleted":
        raise ApiError("InvalidVpcEndpointId.NotFound", f"The VpcEndpoint ID '{id_}' does not exist")
    if "PrivateDnsEnabled" in arguments:
        endpoint.private_dns_enabled = arguments["PrivateDnsEnabled"]
    ec2.modify_vpc_endpoint(
        vpc_id=id_,
        policy_doc=arguments.get("PolicyDocument"),
        add_subnets=arguments.get("AddSubnetIds"),
        remove_subnets=arguments.get("RemoveSubnetIds"),
        remove_route_tables=arguments.get("RemoveRouteTableIds"),
        add_route_tables=arguments.get("AddRouteTableIds"),
        add_security_groups=arguments.get("AddSecurityGroupIds"),
        remove_security_groups=arguments.get("RemoveSecurityGroupIds"),
    )
    for table in arguments.get("AddRouteTableIds", ()):
        _lead_to(ec2, table, endpoint)
    for table in arguments.get("RemoveRouteTableIds", ()):
        _lead_away(ec2, table, endpoint)
    return {"Return": True}


def delete_vpc_endpoints(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes endpoints, also those whose route tables went before; moto would not."""
    ec2 = store.backend("ec2", place)
    for id_ in arguments["VpcEndpointIds"]:
        endpoint = ec2.vpc_end_points.get(id_)
        if endpoint is not None and endpoint.state != "deleted":
            for table in endpoint.route_table_ids:
                _lead_away(ec2, table, endpoint)
            endpoint.route_table_ids = []
            ec2.delete_vpc_endpoints([id_])
    return {"Unsuccessful": []}


def _lead_to(ec2: Any, table: str, endpoint: Any) -> None:
    """A gateway endpoint is a route in each of its tables."""
    if endpoint.destination_prefix_list_id is not None:
        to = endpoint.destination_prefix_list_id
        ec2.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=to)


def _lead_away(ec2: Any, table: str, endpoint: Any) -> None:
    routes = getattr(ec2.route_tables.get(table), "_routes", {})
    for key in [key for key, route in routes.items() if getattr(route.gateway, "id", None) == endpoint.id]:
        del routes[key]


def _modify(rule: Any, wanted: Mapping[str, Any], account: str) -> None:
    rule.ip_protocol = wanted["IpProtocol"]
    every = rule.ip_protocol == "-1"
    rule.from_port = None if every else wanted.get("FromPort")
    rule.to_port = None if every else wanted.get("ToPort")
    told = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    if "ReferencedGroupId" in wanted:
        owner = {"OwnerId": account, "UserId": account}
        rule.source_group = {"GroupId": wanted["ReferencedGroupId"], **owner, **told}
    elif "PrefixListId" in wanted:
        rule.prefix_list_id = wanted["PrefixListId"]
    else:
        rule.ip_range = {**{_RANGES[key]: wanted[key] for key in _RANGES if key in wanted}, **told}
