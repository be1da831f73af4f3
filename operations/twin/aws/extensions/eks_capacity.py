"""Where the nodes of an EKS node group come from: capacity blocks, placement groups, warm pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws.cloud import Place
from operations.twin.aws.extensions import placement, store

_BLOCK: Final = "CAPACITY_BLOCK"


def check(place: Place, data: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuses a launch template that does not fit how the group's capacity is bought, or where it stands.

    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    """
    market = data.get("InstanceMarketOptions", {}).get("MarketType")
    block = arguments.get("capacityType") == _BLOCK
    if market == "spot":
        raise store.invalid("Launch template should not request Spot Instances: use the capacity type SPOT.")
    if block != (market == "capacity-block"):
        raise store.invalid(
            f"The capacity type {_BLOCK} and the launch template's market type capacity-block go together."
        )
    target = data.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
    if block and not (target.get("CapacityReservationId") and data.get("InstanceType")):
        raise store.invalid(
            f"For {_BLOCK} the launch template must have an instance type and a capacity reservation id."
        )
    zones = {subnet.availability_zone for subnet in store.subnets(place, arguments["subnets"])}
    if block and len(zones) > 1:
        raise store.invalid(
            f"For {_BLOCK} the subnets must be in the reservation's zone, not in {sorted(zones)}."
        )
    _check_placement(place, data, zones, block)


def _check_placement(place: Place, data: Mapping[str, Any], zones: set[str], block: bool) -> None:
    """A placement group exists; one of the strategy cluster lies in a zone, and holds no block.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html
    """
    name = data.get("Placement", {}).get("GroupName")
    if name is None:
        return
    found = placement.groups(place).get(name)
    if found is None:
        raise store.invalid(f"The placement group '{name}' is unknown.")
    if found["Strategy"] == "cluster" and (block or len(zones) > 1):
        reason = "capacity blocks" if block else "instances in several zones"
        raise store.invalid(f"The cluster placement group '{name}' cannot hold {reason}.")


def warm_pool(wanted: Mapping[str, Any] | None, ami_type: str) -> dict[str, Any] | None:
    """The warm pool as EKS keeps it; refused where Bottlerocket does not support it.

    https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
    """
    if not wanted or not wanted.get("enabled"):
        return None
    if ami_type.startswith("BOTTLEROCKET"):
        if wanted.get("poolState") == "HIBERNATED":
            raise store.invalid("Warm pools of Bottlerocket instances cannot be hibernated.")
        if wanted.get("reuseOnScaleIn"):
            raise store.invalid("Warm pools of Bottlerocket instances cannot be reused on scale in.")
    if ami_type == "CUSTOM":
        raise store.invalid("Warm pools are not supported with custom AMIs.")
    return {"minSize": 0, "poolState": "STOPPED", "reuseOnScaleIn": False, **wanted}
