"""Outputs that a recording makes up: what only exists after creation, in the shape that AWS gives it.

The same resource always gets the same values (they are drawn from its URN), so recordings can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from operations.recorder import fields


@dataclass(frozen=True)
class Account:
    """Where the made-up resources live, read from the provider that they were given."""

    number: str = "000000000000"
    region: str = "us-east-1"

    @property
    def partition(self) -> str:
        """The AWS partition of the region."""
        for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
            if self.region.startswith(prefix):
                return partition
        return "aws"


@dataclass(frozen=True)
class _Kind:
    """How AWS names one type of resource.

    `id` and `arn` are templates over the inputs and: hex (17 digits), uuid, partition, region, number, id.
    """

    id: str
    arn: str | None = None


_REGIONAL = "arn:{partition}:{service}:{region}:{number}:"
_KINDS: dict[str, _Kind] = {
    "aws:budgets/budget:Budget": _Kind("{number}:{name}", "arn:{partition}:budgets::{number}:budget/{name}"),
    "aws:cloudwatch/logGroup:LogGroup": _Kind(
        "{name}", "arn:{partition}:logs:{region}:{number}:log-group:{name}"
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _Kind("sg-{hex}", _REGIONAL + "security-group/{id}"),
    "aws:ec2/eip:Eip": _Kind("eipalloc-{hex}", _REGIONAL + "elastic-ip/{id}"),
    "aws:ec2/internetGateway:InternetGateway": _Kind("igw-{hex}", _REGIONAL + "internet-gateway/{id}"),
    "aws:ec2/launchTemplate:LaunchTemplate": _Kind("lt-{hex}", _REGIONAL + "launch-template/{id}"),
    "aws:ec2/natGateway:NatGateway": _Kind("nat-{hex}"),
    "aws:ec2/route:Route": _Kind("r-{routeTableId}"),
    "aws:ec2/routeTable:RouteTable": _Kind("rtb-{hex}", _REGIONAL + "route-table/{id}"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _Kind("rtbassoc-{hex}"),
    "aws:ec2/securityGroup:SecurityGroup": _Kind("sg-{hex}", _REGIONAL + "security-group/{id}"),
    "aws:ec2/subnet:Subnet": _Kind("subnet-{hex}", _REGIONAL + "subnet/{id}"),
    "aws:ec2/vpc:Vpc": _Kind("vpc-{hex}", _REGIONAL + "vpc/{id}"),
    "aws:amp/workspace:Workspace": _Kind("ws-{uuid}", "arn:{partition}:aps:{region}:{number}:workspace/{id}"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _Kind("vpce-{hex}", _REGIONAL + "vpc-endpoint/{id}"),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _Kind("{repository}"),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": _Kind("{ecrRepositoryPrefix}"),
    "aws:ecr/repository:Repository": _Kind("{name}", _REGIONAL + "repository/{name}"),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": _Kind("{prefix}"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _Kind("{repository}"),
    "aws:eks/accessEntry:AccessEntry": _Kind("{clusterName}:{principalArn}"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _Kind(
        "{clusterName}#{principalArn}#{policyArn}"
    ),
    "aws:eks/addon:Addon": _Kind(
        "{clusterName}:{addonName}", _REGIONAL + "addon/{clusterName}/{addonName}/{uuid}"
    ),
    "aws:eks/cluster:Cluster": _Kind("{name}", _REGIONAL + "cluster/{name}"),
    "aws:autoscaling/tag:Tag": _Kind("{autoscalingGroupName},{hex}"),
    "aws:ec2/placementGroup:PlacementGroup": _Kind("{name}", _REGIONAL + "placement-group/{id}"),
    "aws:eks/nodeGroup:NodeGroup": _Kind(
        "{clusterName}:{nodeGroupNamePrefix}{hex}",
        _REGIONAL + "nodegroup/{clusterName}/{nodeGroupNamePrefix}{hex}/{uuid}",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _Kind("a-{hex}"),
    "aws:emrcontainers/virtualCluster:VirtualCluster": _Kind(
        "{hex}", "arn:{partition}:emr-containers:{region}:{number}:/virtualclusters/{id}"
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": _Kind("{number}:{name}", _REGIONAL + "database/{name}"),
    "aws:iam/role:Role": _Kind("{name}", "arn:{partition}:iam::{number}:role/{name}"),
    "aws:iam/rolePolicy:RolePolicy": _Kind("{role}:{name}"),
    "aws:kms/alias:Alias": _Kind("{name}", "arn:{partition}:kms:{region}:{number}:{name}"),
    "aws:kms/key:Key": _Kind("{uuid}", "arn:{partition}:kms:{region}:{number}:key/{uuid}"),
    "aws:rds/instance:Instance": _Kind("db-{hex}", "arn:{partition}:rds:{region}:{number}:db:{identifier}"),
    "aws:rds/parameterGroup:ParameterGroup": _Kind(
        "{name}", "arn:{partition}:rds:{region}:{number}:pg:{name}"
    ),
    "aws:rds/subnetGroup:SubnetGroup": _Kind("{name}", "arn:{partition}:rds:{region}:{number}:subgrp:{name}"),
    "aws:s3/bucket:Bucket": _Kind("{bucket}", "arn:{partition}:s3:::{bucket}"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _Kind(
        "sgr-{hex}", _REGIONAL + "security-group-rule/{id}"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _Kind(
        "sgr-{hex}", _REGIONAL + "security-group-rule/{id}"
    ),
}


def outputs(urn: str, token: str, inputs: Mapping[str, Any], account: Account) -> tuple[str, dict[str, Any]]:
    """The id of a resource and the outputs that it has beside (or instead of) its inputs.

    Args:
        urn: the resource.
        token: its type.
        inputs: its inputs in the provider's spelling.
        account: where it would be created.
    """
    digest = hashlib.sha256(urn.encode()).hexdigest()
    uuid = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    if token.startswith("kubernetes:"):
        return _kubernetes_id(inputs), {"metadata": {**inputs.get("metadata", {}), "uid": uuid}}
    if not token.startswith("aws:"):
        return digest[:17], {}
    kind = _KINDS.get(token, _Kind("{kind}-{hex}", _REGIONAL + "{kind}/{id}"))
    facts = _Facts(
        inputs,
        hex=digest[:17],
        uuid=uuid,
        partition=account.partition,
        region=inputs.get("region") or account.region,
        number=account.number,
        service=token.split(":")[1].partition("/")[0],
        kind=token.rsplit(":", 1)[1].lower(),
    )
    identity = kind.id.format_map(facts)
    facts["id"] = identity
    known: dict[str, Any] = {"region": facts["region"], **_SPECIAL.get(token, _nothing)(facts)}
    if kind.arn is not None:
        known["arn"] = kind.arn.format_map(facts)
    made_up = _make_up(fields.output_types(token), digest)
    return identity, {name: value for name, value in made_up.items() if name not in inputs} | known


def _make_up(declared: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """A plain value for every plain output, so that none that is read comes out as None by accident."""
    return {
        name: _SCALARS[annotation](name, digest)
        for name, annotation in declared.items()
        if annotation in _SCALARS and name not in ("id", "urn")
    }


_SCALARS: dict[Any, Callable[[str, str], Any]] = {
    str: lambda name, digest: f"{name}-{digest[:8]}",
    int: lambda _name, _digest: 1,
    float: lambda _name, _digest: 1.0,
    bool: lambda _name, _digest: False,
}


class _Facts(dict[str, Any]):
    """What templates may name; an input that the program left out is left out of the name too."""

    def __init__(self, inputs: Mapping[str, Any], **facts: str) -> None:
        super().__init__({**inputs, **facts})

    def __missing__(self, key: str) -> str:
        return ""


_SECRET = "arn:{partition}:secretsmanager:{region}:{number}:secret:rds!db-{uuid}"  # noqa: S105

_SPECIAL: dict[str, Callable[[_Facts], dict[str, Any]]] = {
    "aws:eks/cluster:Cluster": lambda facts: {
        "certificateAuthority": {"data": "bWFkZSB1cA=="},
        "endpoint": f"https://{facts['hex'].upper()}.gr7.{facts['region']}.eks.amazonaws.com",
        "vpcConfig": {**facts["vpcConfig"], "clusterSecurityGroupId": f"sg-{facts['hex']}"},
    },
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _: {"latestVersion": 1, "defaultVersion": 1},
    "aws:eks/nodeGroup:NodeGroup": lambda facts: {
        "resources": [{"autoscalingGroups": [{"name": f"eks-{facts['uuid']}"}]}]
    },
    "aws:ec2/eip:Eip": lambda _: {"publicIp": "203.0.113.10"},
    "aws:ecr/repository:Repository": lambda facts: {
        "repositoryUrl": f"{facts['number']}.dkr.ecr.{facts['region']}.amazonaws.com/{facts['name']}"
    },
    "aws:kms/key:Key": lambda facts: {"keyId": facts["uuid"]},
    "aws:rds/instance:Instance": lambda facts: {
        "address": f"{facts['identifier']}.{facts['hex'][:12]}.{facts['region']}.rds.amazonaws.com",
        "masterUserSecrets": [{"secretArn": _SECRET.format_map(facts), "secretStatus": "active"}],
    },
}


def _nothing(_facts: _Facts) -> dict[str, Any]:
    return {}


def _kubernetes_id(inputs: Mapping[str, Any]) -> str:
    metadata = inputs.get("metadata", {})
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata.get('name')}" if namespace else str(metadata.get("name"))
