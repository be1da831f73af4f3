"""What a controller in the cluster may do at AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam, naming
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    """Who gets which rights."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    namespace: str
    service_account: str
    role: str
    """The role's name within the environment: ``disks``."""
    description: str
    """What the rights are for."""
    component: str
    """The component that it is part of, for tags."""
    statements: pulumi.Input[str] | None = None
    """A policy of its own, as JSON."""
    managed: tuple[str, ...] = ()
    """Policies that AWS maintains: ``service-role/AmazonEBSCSIDriverPolicy``."""


class PodIdentity(pulumi.ComponentResource):
    """A role that only the pods of one service account of one cluster can have.

    Controllers still use their rights while they are removed, to delete what they made: what runs with the
    rights comes after `rights`, and so goes before them.
    """

    role_arn: pulumi.Output[str]
    association: aws.eks.PodIdentityAssociation
    rights: tuple[pulumi.Resource, ...]
    """All that has to be there for the rights to count."""

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:identity:PodIdentity", name, {}, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=naming.physical(args.scope.environment, args.role, limit=64),
            description=args.description,
            assume_role_policy=iam.pod_identity_trust(
                args.cluster.name, [args.namespace], args.service_account
            ),
            tags=args.scope.tags(args.component),
            opts=child,
        )
        policies = self._policies(role)
        self.association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster.id,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=role.arn,
            tags=args.scope.tags(args.component),
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.role_arn = role.arn
        self.rights = (*policies, self.association)
        self.register_outputs({"role_arn": role.arn})

    def _policies(self, role: aws.iam.Role) -> list[pulumi.Resource]:
        child = pulumi.ResourceOptions(parent=self)
        attached: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(
                f"{self._name}-{policy.rpartition('/')[2]}",
                role=role.name,
                policy_arn=self._args.place.managed_policy(policy),
                opts=child,
            )
            for policy in self._args.managed
        ]
        if self._args.statements is not None:
            attached.append(
                aws.iam.RolePolicy(self._name, role=role.name, policy=self._args.statements, opts=child)
            )
        return attached
