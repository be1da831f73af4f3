"""What nodes may do."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam, naming
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "nodes"
_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy")


@dataclass(frozen=True, kw_only=True)
class NodeRoleArgs:
    """What the role needs."""

    scope: Scope
    place: Place


class NodeRole(pulumi.ComponentResource):
    """The role of all nodes of a cluster: to join it, to pull images, to give pods addresses, no more.

    One role for all pools, for they would all be the same: what workloads may do is a matter of their pods'
    identities, and pods cannot reach the instance metadata that would lend them the node's.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: NodeRoleArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:NodeRole", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=naming.physical(args.scope.environment, "node", limit=64),
            description="What nodes may do in the account",
            assume_role_policy=iam.service_trust("ec2"),
            tags=args.scope.tags(_COMPONENT),
            opts=child,
        )
        for policy in _POLICIES:
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy}", role=role.name, policy_arn=args.place.managed_policy(policy), opts=child
            )
        self.arn = role.arn
        self.register_outputs({"arn": role.arn})
