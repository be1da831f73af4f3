"""How the nodes of a pool are close to each other: adapters, and places in the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.environment.pools import Pool


def security_group(
    name: str,
    *,
    environment: str,
    parts: Sequence[str] = (),
    vpc_id: pulumi.Input[str],
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
    """A group for EFA, which only works with all traffic allowed from and to the group itself; and its rules.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html#efa-start-security

    Args:
        name: The pool's name.
        environment: The environment's.
        parts: What its physical name has besides: while a pool moves from one maker of nodes to another, both
            have their groups, and names are unique.
        vpc_id: The network.
        tags: Tags of group and rules.
        opts: Options of all of them.
    """
    group = aws.ec2.SecurityGroup(
        f"{name}-fabric",
        name=naming.physical(environment, *parts, "fabric", name, limit=255),
        description="EFA traffic among the nodes of the pool",
        vpc_id=vpc_id,
        tags=tags,
        opts=opts,
    )
    rules: list[pulumi.Resource] = [
        kind(
            f"{name}-fabric",
            security_group_id=group.id,
            referenced_security_group_id=group.id,
            ip_protocol="-1",
            description="EFA within the pool",
            tags=tags,
            opts=opts,
        )
        for kind in (aws.vpc.SecurityGroupIngressRule, aws.vpc.SecurityGroupEgressRule)
    ]
    return group, rules


def placement_group(
    name: str,
    pool: Pool,
    *,
    environment: str,
    parts: Sequence[str] = (),
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.ec2.PlacementGroup | None:
    """A group of instances close together in the network, where the pool asks for it.

    Args:
        name: The pool's name.
        pool: The pool.
        environment: The environment's name.
        parts: What its physical name has besides; see `security_group`.
        tags: Its tags.
        opts: Its options.
    """
    if pool.placement == "none":
        return None
    return aws.ec2.PlacementGroup(
        name,
        name=naming.physical(environment, *parts, "pool", name, limit=255),
        strategy="cluster",
        tags=tags,
        opts=opts,
    )
