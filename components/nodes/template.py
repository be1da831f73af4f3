"""What a node is made of: disks, network interfaces, reserved capacity; plain data for a launch template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True)
class Interface:
    """A network interface of an instance."""

    card: int
    device: int
    kind: str
    """``interface`` (ENA: traffic with addresses) or ``efa-only`` (the fabric, without addresses)."""


def interfaces(shape: Shape, efa: int) -> Iterator[Interface]:
    """The layout that takes the fewest addresses: one interface has one, the rest is for the fabric.

    Card 0 has an interface with an address as device 0, and an EFA as device 1 if it can have one; each
    further card has an EFA as device 0. On p6-b300.48xlarge card 0 cannot: it has 17 cards and 16 EFAs.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html

    Args:
        shape: What the instances are.
        efa: EFAs that each is to have, from one to all that the shape takes.
    """
    yield Interface(card=0, device=0, kind="interface")
    first = 1 if shape.efa_interfaces < shape.network_cards else 0
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
        for one in interfaces(pool.shape, pool.efa_interfaces)
    ]


def disks(pool: Pool) -> list[dict[str, Any]]:
    """The volumes of a node: encrypted, gp3, gone with their instance.

    On Bottlerocket the first is the system's, whose size the image decides, and the second holds images and
    scratch: https://bottlerocket.dev/en/os/latest/concepts/storage/
    """
    bottlerocket = pool.image.family == "bottlerocket"
    own = _volume("/dev/xvdb" if bottlerocket else "/dev/xvda")
    own["ebs"]["volume_size"] = -(-pool.disk // GiB)
    return [_volume("/dev/xvda"), own] if bottlerocket else [own]


def _volume(device: str) -> dict[str, Any]:
    volume = {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"}
    return {"device_name": device, "ebs": volume}


def bought(pool: Pool) -> dict[str, Any]:
    """Arguments of a launch template that say which reserved capacity its instances come from.

    EKS wants the type of a capacity block in the template, and takes it nowhere else:
    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    """
    if pool.market not in {"reservation", "block"}:
        return {}
    target = (
        {"capacity_reservation_resource_group_arn": pool.reservation_group}
        if pool.reservation_group
        else {"capacity_reservation_id": pool.reservation_id}
    )
    reserved = {"capacity_reservation_specification": {"capacity_reservation_target": target}}
    if pool.market == "reservation":
        return reserved
    block = {"instance_type": pool.shape.name, "instance_market_options": {"market_type": "capacity-block"}}
    return {**reserved, **block}


def tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tags for what instances bring with them; a node group's own tags do not reach so far."""
    return [{"resource_type": kind, "tags": dict(tags)} for kind in _TAGGED]


def node_taints(pool: Pool) -> list[dict[str, str]]:
    """The pool's taints as EKS writes them."""
    return [
        {"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]}
        for taint in pool.effective_taints
    ]
