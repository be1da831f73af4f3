"""Who reaches the brokers."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.data.msk import settings
from infra import naming
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope

COMPONENT = "kafka"


@dataclass(frozen=True, kw_only=True)
class Door:
    """A security group with its rules."""

    group: aws.ec2.SecurityGroup
    rules: tuple[pulumi.Resource, ...]
    """Who speaks to the brokers comes after these."""


def door(
    name: str,
    scope: Scope,
    network: NetworkHandle,
    cluster: ClusterHandle,
    ports: dict[str, int],
    parent: pulumi.Resource,
) -> Door:
    """A group that lets in what carries the cluster's own group, its nodes and pods, and nobody else.

    Args:
        name: Of the resources in the stack.
        scope: Whose it is.
        network: Where it is.
        cluster: Whose pods come in.
        ports: What they come in by, by what is there.
        parent: The component that it is part of.
    """
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name,
        name=naming.physical(scope.environment, "events", limit=255),
        description="Brokers of Kafka",
        vpc_id=network.vpc_id,
        tags=scope.tags(COMPONENT, name=naming.physical(scope.environment, "events", limit=255)),
        opts=child,
    )
    rules = tuple(
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{what}",
            security_group_id=group.id,
            referenced_security_group_id=cluster.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"{what} for pods",
            tags=scope.tags(COMPONENT),
            opts=child,
        )
        for what, port in ports.items()
    )
    return Door(group=group, rules=rules)


def iam_ports() -> dict[str, int]:
    """What clients come in by."""
    return {"iam": settings.IAM_PORT}
