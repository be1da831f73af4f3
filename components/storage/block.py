"""Storage classes of EBS volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.storage import v1 as storage

from infra.environment.storage.block import Block
from infra.labels import Scope

_COMPONENT = "block"
_DRIVER: Final = "ebs.csi.aws.com"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"
_EXPRESS_ABOVE: Final = 64000


@dataclass(frozen=True, kw_only=True)
class BlockClassesArgs:
    """What storage classes need."""

    scope: Scope
    classes: Mapping[str, Block]
    """By name; one of them is the default."""
    after: tuple[pulumi.Resource, ...] = ()
    """The driver, which still deletes volumes of a class while that goes."""


class BlockClasses(pulumi.ComponentResource):
    """Storage classes of EBS volumes: encrypted, growing, and made in the zone of the pod that needs one.

    EKS makes a class `gp2` of its own, which is not the default since Kubernetes 1.30:
    https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html
    """

    names: tuple[str, ...]

    def __init__(self, name: str, args: BlockClassesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:BlockClasses", name, {}, opts)
        for class_, block in args.classes.items():
            storage.StorageClass(
                f"{name}-{class_}",
                metadata={
                    "name": class_,
                    "labels": args.scope.labels(_COMPONENT),
                    "annotations": {_DEFAULT: str(block.default).lower()},
                },
                provisioner=_DRIVER,
                parameters=parameters(block),
                allow_volume_expansion=True,
                volume_binding_mode="WaitForFirstConsumer",
                reclaim_policy=block.reclaim.capitalize(),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
        self.names = tuple(args.classes)
        self.register_outputs({"names": list(self.names)})


def parameters(block: Block) -> dict[str, str]:
    """What the driver makes volumes of; encrypted with the account's key for EBS, which its role may use.

    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
    """
    made = {"type": block.type, "encrypted": "true", "csi.storage.k8s.io/fstype": block.filesystem}
    if block.iops is not None:
        made["iops"] = str(block.iops)
    if block.throughput is not None:
        made["throughput"] = str(block.throughput)
    if block.iops is not None and block.iops > _EXPRESS_ABOVE:
        made["blockExpress"] = "true"
    return made
