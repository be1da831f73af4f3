"""EC2: security groups and their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws import guards
from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import ec2
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import EC2_TAGS, read_tags, specifications

_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """An inline rule of a security group as EC2's IpPermission."""
    text = rule.get("description")
    groups = [*rule.get("securityGroups", ()), *([group] if rule.get("self") else ())]
    return {
        "IpProtocol": rule["protocol"],
        "FromPort": None if rule["protocol"] == "-1" else rule["fromPort"],
        "ToPort": None if rule["protocol"] == "-1" else rule["toPort"],
        "IpRanges": [{"CidrIp": cidr, "Description": text} for cidr in rule.get("cidrBlocks", ())] or None,
        "Ipv6Ranges": [{"CidrIpv6": cidr, "Description": text} for cidr in rule.get("ipv6CidrBlocks", ())]
        or None,
        "UserIdGroupPairs": [{"GroupId": other, "Description": text} for other in groups] or None,
        "PrefixListIds": [
            {"PrefixListId": name, "Description": text} for name in rule.get("prefixListIds", ())
        ]
        or None,
    }


def _inline_rules(path: str) -> Any:
    """Output: the rules of a group in one direction, as the inline inputs spell them."""

    def read(operation: Operation, found: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [_inline(permission, operation.id) for permission in found.get(path) or ()]

    return read


def _inline(permission: Mapping[str, Any], group: str) -> dict[str, Any]:
    pairs = [pair["GroupId"] for pair in permission.get("UserIdGroupPairs", ())]
    sources = (*permission.get("IpRanges", ()), *permission.get("UserIdGroupPairs", ()))
    text = next((source["Description"] for source in sources if source.get("Description")), "")
    return {
        "protocol": permission["IpProtocol"],
        "fromPort": permission.get("FromPort", 0),
        "toPort": permission.get("ToPort", 0),
        "cidrBlocks": [item["CidrIp"] for item in permission.get("IpRanges", ())],
        "ipv6CidrBlocks": [item["CidrIpv6"] for item in permission.get("Ipv6Ranges", ())],
        "prefixListIds": [item["PrefixListId"] for item in permission.get("PrefixListIds", ())],
        "securityGroups": [other for other in pairs if other != group],
        "self": group in pairs,
        "description": text,
    }


def _replace_rules(direction: str) -> Any:
    """Step: makes the rules of one direction those of the inline input."""
    path = "IpPermissions" if direction == "ingress" else "IpPermissionsEgress"

    def step(operation: Operation) -> None:
        group = {"GroupIds": [operation.id]}
        present = operation.find("describe_security_groups", f"SecurityGroups[0].{path}", group)
        if present:
            arguments = {"GroupId": operation.id, "IpPermissions": present}
            operation.call(f"revoke_security_group_{direction}", arguments)
        wanted = [_permission(rule, operation.id) for rule in operation.inputs.get(direction, ())]
        if wanted:
            arguments = {"GroupId": operation.id, "IpPermissions": wanted}
            operation.call(f"authorize_security_group_{direction}", arguments)

    return step


_GROUP_OUTPUTS: Mapping[str, Any] = {
    "arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    "name": "GroupName",
    "description": "Description",
    "vpcId": "VpcId",
    "ownerId": "OwnerId",
    "ingress": _inline_rules("IpPermissions"),
    "egress": _inline_rules("IpPermissionsEgress"),
    "tags": read_tags,
}
_GROUP_CHANGES = (
    Change(inputs=("ingress",), step=_replace_rules("ingress")),
    Change(inputs=("egress",), step=_replace_rules("egress")),
    EC2_TAGS,
)


def _create_group(operation: Operation) -> Any:
    """As Terraform does, without the rule that AWS gives every group: everything may leave."""
    response = operation.call(
        "create_security_group",
        operation.fill(
            {
                "GroupName": "$name",
                "Description": "$description",
                "VpcId": "$vpcId",
                "TagSpecifications": specifications("security-group"),
            }
        ),
    )
    operation.id = response["GroupId"]
    _replace_rules("egress")(operation)
    return response


SECURITY_GROUP = Type(
    type="aws:ec2/securityGroup:SecurityGroup",
    service="ec2",
    word="security-group",
    optional=("name", "namePrefix", "description", "vpcId", "ingress", "egress", "revokeRulesOnDelete"),
    taggable=True,
    name=Name(limit=255),
    defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
    create=_create_group,
    id="GroupId",
    read=Call("describe_security_groups", {"GroupIds": ["$id"]}),
    found="SecurityGroups[0]",
    outputs=_GROUP_OUTPUTS,
    changes=_GROUP_CHANGES,
    delete=Call("delete_security_group", {"GroupId": "$id"}),
    delete_guards=(guards.security_group_unused,),
    replace=frozenset({"name", "namePrefix", "description", "vpcId"}),
    kept=frozenset({"ingress", "egress", "vpcId"}),
)


def _adopt_default(operation: Operation) -> dict[str, str]:
    """Takes over the group that AWS made with the network, without any of its rules."""
    filters = [
        {"Name": "vpc-id", "Values": [operation.inputs["vpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    group = operation.find("describe_security_groups", "SecurityGroups[0].GroupId", {"Filters": filters})
    if group is None:
        vpc = operation.inputs["vpcId"]
        raise ApiError("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
    operation.id = group
    _replace_rules("ingress")(operation)
    _replace_rules("egress")(operation)
    EC2_TAGS.step(operation)  # type: ignore[operator]  # a function, like every change of tags
    return {"GroupId": group}


DEFAULT_SECURITY_GROUP = Type(
    type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    service="ec2",
    word="security-group",
    required=("vpcId",),
    optional=("ingress", "egress", "revokeRulesOnDelete"),
    taggable=True,
    defaults={"revokeRulesOnDelete": False},
    create=_adopt_default,
    id="GroupId",
    read=Call("describe_security_groups", {"GroupIds": ["$id"]}),
    found="SecurityGroups[0]",
    outputs=_GROUP_OUTPUTS,
    changes=_GROUP_CHANGES,
    delete=None,
    replace=frozenset({"vpcId"}),
)


def _one_source(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = [name for name in _SOURCES if name in inputs]
    if len(given) != 1:
        yield "cidrIpv4", f"exactly one of {', '.join(_SOURCES)} is needed; {len(given)} are given"


def _source_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """A rule's kind of source cannot be changed; the source itself can."""
    kinds = [{name for name in _SOURCES if name in inputs} for inputs in (old, new)]
    return frozenset(kinds[0] ^ kinds[1])


def _rule_permission(operation: Operation) -> list[dict[str, Any]]:
    inputs = operation.inputs
    text = inputs.get("description")
    lists = {
        "cidrIpv4": ("IpRanges", "CidrIp"),
        "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListId": ("PrefixListIds", "PrefixListId"),
        "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    }
    source = next(name for name in _SOURCES if name in inputs)
    outer, inner = lists[source]
    return [
        {
            "IpProtocol": inputs["ipProtocol"],
            "FromPort": inputs.get("fromPort"),
            "ToPort": inputs.get("toPort"),
            outer: [{inner: inputs[source], "Description": text}],
        }
    ]


def _rule_description(operation: Operation, found: Mapping[str, Any]) -> str | None:
    text: str | None = found.get("Description")
    return text or ec2.rule_description(Place(operation.cloud.account, operation.region), operation.id)


def _group_exists(operation: Operation) -> None:
    for name in ("securityGroupId", "referencedSecurityGroupId"):
        group = operation.inputs.get(name)
        if group and not operation.find("describe_security_groups", "SecurityGroups", {"GroupIds": [group]}):
            raise ApiError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")


def _rule_type(type_: str, direction: str) -> Type:
    rule = {
        "IpProtocol": "$ipProtocol",
        "FromPort": "$fromPort",
        "ToPort": "$toPort",
        "CidrIpv4": "$cidrIpv4",
        "CidrIpv6": "$cidrIpv6",
        "PrefixListId": "$prefixListId",
        "ReferencedGroupId": "$referencedSecurityGroupId",
        "Description": "$description",
    }
    modify = Call(
        "modify_security_group_rules",
        {
            "GroupId": "$securityGroupId",
            "SecurityGroupRules": [{"SecurityGroupRuleId": "$id", "SecurityGroupRule": rule}],
        },
    )
    changing = ("ipProtocol", "fromPort", "toPort", "description", *_SOURCES)
    return Type(
        type=type_,
        service="ec2",
        word="security-group-rule",
        required=("securityGroupId", "ipProtocol"),
        optional=("fromPort", "toPort", "description", *_SOURCES),
        taggable=True,
        rules=(_one_source,),
        guards=(_group_exists,),
        create=Call(
            f"authorize_security_group_{direction}",
            {
                "GroupId": "$securityGroupId",
                "IpPermissions": _rule_permission,
                "TagSpecifications": specifications("security-group-rule"),
            },
        ),
        id="SecurityGroupRules[0].SecurityGroupRuleId",
        read=Call("describe_security_group_rules", {"SecurityGroupRuleIds": ["$id"]}),
        found="SecurityGroupRules[0]",
        outputs={
            "arn": "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
            "securityGroupRuleId": "SecurityGroupRuleId",
            "securityGroupId": "GroupId",
            "ipProtocol": "IpProtocol",
            "fromPort": "FromPort",
            "toPort": "ToPort",
            "cidrIpv4": "CidrIpv4",
            "cidrIpv6": "CidrIpv6",
            "prefixListId": "PrefixListId",
            "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
            "description": _rule_description,
            "tags": read_tags,
        },
        changes=(Change(inputs=changing, step=modify, on_create=False), EC2_TAGS),
        delete=Call(
            f"revoke_security_group_{direction}",
            {"GroupId": "$securityGroupId", "SecurityGroupRuleIds": ["$id"]},
        ),
        replace=frozenset({"securityGroupId"}),
        replaces=_source_changed,
    )


INGRESS_RULE = _rule_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ingress")
EGRESS_RULE = _rule_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "egress")
