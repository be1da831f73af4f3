"""Which add-ons a cluster needs, and what their pods may do at AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from infra import iam
from infra.environment.pools import Pool
from infra.environment.storage import Storage

BEFORE_NODES: Final = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Run on every node, by itself: a node only becomes ready with them."""
AFTER_NODES: Final = ("coredns", "aws-ebs-csi-driver")
"""Run somewhere: they are only done when a node has taken them in."""
NODE_HEALTH: Final = "eks-node-monitoring-agent"
"""Sees what is wrong with a node's GPUs, disks and network; runs on every node, by itself."""
SERVED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "shared": "aws-efs-csi-driver",
        "lustre": "aws-fsx-csi-driver",
        "mounts": "aws-mountpoint-s3-csi-driver",
        "snapshots": "snapshot-controller",
    }
)
"""The add-on that each section of `storage` needs; they run somewhere."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What the pods of an add-on may do at AWS."""

    account: str
    """Their service account, in kube-system: the add-on's own name for it."""
    role: str
    """The role's name within the environment."""
    description: str
    managed: tuple[str, ...] = ()
    """Policies that AWS maintains for it."""
    policy: str | None = None
    """One of ours, as JSON."""


RIGHTS: Final[Mapping[str, Rights]] = MappingProxyType(
    {
        "aws-ebs-csi-driver": Rights(
            account="ebs-csi-controller-sa",
            role="disks",
            description="EBS volumes for pods",
            managed=("service-role/AmazonEBSCSIDriverPolicy",),
        ),
        "aws-efs-csi-driver": Rights(
            account="efs-csi-controller-sa",
            role="shared",
            description="EFS volumes for pods",
            managed=("service-role/AmazonEFSCSIDriverPolicy",),
        ),
        # File systems are ours to make, never the driver's, so it need not have AmazonFSxFullAccess.
        "aws-fsx-csi-driver": Rights(
            account="fsx-csi-controller-sa",
            role="lustre",
            description="Lustre volumes for pods",
            policy=iam.document(
                {"Effect": "Allow", "Action": ["fsx:DescribeFileSystems"], "Resource": ["*"]}
            ),
        ),
    }
)
"""https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html; add-ons that are not
here need no rights, or have those of the node they run on, or, as Mountpoint for S3, those of the pods that
they mount for."""


def on_every_node(pools: Mapping[str, Pool]) -> tuple[str, ...]:
    """The add-ons that nodes start with: node health where a pool is to be repaired."""
    repaired = any(pool.repair is not None for pool in pools.values())
    return (*BEFORE_NODES, *((NODE_HEALTH,) if repaired else ()))


def on_some_node(storage: Storage) -> tuple[str, ...]:
    """The add-ons that need nodes first: names, disks, and what the sections of `storage` are served by."""
    return (
        *AFTER_NODES,
        *(addon for section, addon in SERVED_BY.items() if getattr(storage, section, None)),
    )
