"""The add-ons that EKS maintains: networking, names, disks and identities of pods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra import iam, naming
from infra.addressing import CNI_ENVIRONMENT
from infra.catalog import versions
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "addons"

BEFORE_NODES: Final = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Run on every node, by itself: a node only becomes ready with them."""
AFTER_NODES: Final = ("coredns", "aws-ebs-csi-driver")
"""Run somewhere: they are only done when a node has taken them in."""

_DISKS_NAMESPACE = "kube-system"
_DISKS_ACCOUNT = "ebs-csi-controller-sa"


@dataclass(frozen=True, kw_only=True)
class ClusterAddonsArgs:
    """What add-ons need."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    names: tuple[str, ...]
    """`BEFORE_NODES` or `AFTER_NODES`."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before they can start, and outlives them."""


class ClusterAddons(pulumi.ComponentResource):
    """Some of a cluster's add-ons, at the versions that the catalog pins for its Kubernetes version."""

    def __init__(self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:ClusterAddons", name, {}, opts)
        self._name, self._args = name, args
        for addon in args.names:
            identity = [self._disks_identity()] if addon == "aws-ebs-csi-driver" else []
            self._addon(addon, after=[*args.after, *identity])
        self.register_outputs({})

    def _addon(self, addon: str, after: list[pulumi.Resource]) -> None:
        tags = self._args.scope.tags(_COMPONENT)
        aws.eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=self._args.cluster.id,
            addon_name=addon,
            addon_version=versions.version(self._args.cluster.version).addons[addon].version,
            configuration_values=configuration(addon, tags),
            # The configuration is ours: what somebody changed by hand on the cluster is put right.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _disks_identity(self) -> aws.eks.PodIdentityAssociation:
        """The right to make, attach and delete EBS volumes, for the driver's controller alone."""
        child = pulumi.ResourceOptions(parent=self)
        tags = self._args.scope.tags(_COMPONENT)
        role = aws.iam.Role(
            f"{self._name}-disks",
            name=naming.physical(self._args.scope.environment, "disks", limit=64),
            description="EBS volumes for pods",
            assume_role_policy=iam.pod_identity_trust(
                self._args.cluster.name, [_DISKS_NAMESPACE], _DISKS_ACCOUNT
            ),
            tags=tags,
            opts=child,
        )
        permission = aws.iam.RolePolicyAttachment(
            f"{self._name}-disks",
            role=role.name,
            policy_arn=self._args.place.managed_policy("service-role/AmazonEBSCSIDriverPolicy"),
            opts=child,
        )
        return aws.eks.PodIdentityAssociation(
            f"{self._name}-disks",
            cluster_name=self._args.cluster.id,
            namespace=_DISKS_NAMESPACE,
            service_account=_DISKS_ACCOUNT,
            role_arn=role.arn,
            tags=tags,
            # The driver still deletes volumes while the add-on goes: its rights go last.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )


def configuration(addon: str, tags: Mapping[str, str]) -> str | None:
    """The configuration of an add-on as JSON, or None where its defaults do.

    Args:
        addon: Its name.
        tags: Tags for what the add-on creates at AWS on its own, so that leftovers of a cluster are found
        again.
    """
    values: dict[str, dict[str, Any]] = {
        # Network policies are not enforced unless asked for.
        "vpc-cni": {
            "enableNetworkPolicy": "true",
            "env": {**CNI_ENVIRONMENT, "ADDITIONAL_ENI_TAGS": json.dumps(dict(tags))},
        },
        "aws-ebs-csi-driver": {"controller": {"extraVolumeTags": dict(tags)}},
    }
    return json.dumps(values[addon]) if addon in values else None
