"""What a node is made of: image, disks, network interfaces, start-up; plain data for a launch template."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.catalog.instances import Shape
from infra.environment.pools import Pool
from infra.units import GiB

METADATA: Final[Mapping[str, Any]] = {
    "http_endpoint": "enabled",
    "http_tokens": "required",
    # One hop ends at the node itself, so pods cannot take the node's role. They get identities of their own,
    # and the drivers that would ask for zone and region (EBS) find them in the node's labels.
    "http_put_response_hop_limit": 1,
    "instance_metadata_tags": "disabled",
}
"""Instance metadata: only by session (IMDSv2), and only from the node itself."""

EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
"""How EKS spells Kubernetes' effects of taints."""

_TAGGED: Final = ("instance", "volume", "network-interface")

_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "ARM_64"}

_START_UP = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--//--
"""


@dataclass(frozen=True)
class Interface:
    """A network interface of an instance."""

    card: int
    device: int
    kind: str
    """``interface`` (ENA: traffic with addresses) or ``efa-only`` (the fabric, without addresses)."""


def ami_type(shape: Shape) -> str:
    """The EKS-optimized Amazon Linux 2023 image for instances of a shape, with the drivers of its devices.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html#AmazonEKS-Type-Nodegroup-amiType
    """
    if shape.gpu_name is not None:  # a fraction of a GPU needs the drivers too
        flavour = "NVIDIA"
    elif shape.accelerator_count:
        flavour = "NEURON"
    else:
        flavour = "STANDARD"
    return f"AL2023_{_ARCHITECTURES[shape.arch]}_{flavour}"


def interfaces(efa: int, cards: int) -> Iterator[Interface]:
    """The layout that takes the fewest addresses: one interface has one, the rest is for the fabric.

    Card 0 has an interface with an address as device 0, and an EFA as device 1 if it can have one; each
    further card has an EFA as device 0. On p6-b300.48xlarge card 0 cannot: it has 17 cards and 16 EFAs.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html

    Args:
        efa: EFAs of the instance type, at least one.
        cards: Its network cards.
    """
    yield Interface(card=0, device=0, kind="interface")
    first = 1 if efa < cards else 0
    for card in range(first, first + efa):
        yield Interface(card=card, device=0 if card else 1, kind="efa-only")


def network_interfaces(pool: Pool, cluster_group: Any, fabric_group: Any) -> list[dict[str, Any]]:
    """The network interfaces of a launch template for a pool with EFA.

    As soon as a template names interfaces, EKS no longer adds the cluster's security group by itself, and
    groups may only be named with the interfaces. Subnets may not be named: the node group chooses them.
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    groups = {"interface": [cluster_group], "efa-only": [fabric_group]}
    return [
        {
            "network_card_index": one.card,
            "device_index": one.device,
            "interface_type": one.kind,
            "security_groups": groups[one.kind],
            "delete_on_termination": "true",
        }
        for one in interfaces(pool.efa_interfaces, pool.shape.network_cards)
    ]


def root_disk(pool: Pool) -> dict[str, Any]:
    """The root volume: encrypted, gp3, gone with its instance."""
    return {
        "device_name": "/dev/xvda",
        "ebs": {
            "volume_size": -(-pool.disk // GiB),
            "volume_type": "gp3",
            "encrypted": "true",
            "delete_on_termination": "true",
        },
    }


def start_up(shapes: Sequence[Shape]) -> str | None:
    """User data, in base64, that puts images and scratch on local NVMe disks; None where there are none.

    EKS adds its own part, so this must be a MIME multi-part document:
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
    """
    if not any(shape.local_nvme_gb for shape in shapes):
        return None
    return base64.b64encode(_START_UP.encode()).decode()


def tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tags for what instances bring with them; a node group's own tags do not reach so far."""
    return [{"resource_type": kind, "tags": dict(tags)} for kind in _TAGGED]


def node_taints(pool: Pool) -> list[dict[str, str]]:
    """The pool's taints as EKS writes them."""
    return [
        {"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]}
        for taint in pool.effective_taints
    ]
