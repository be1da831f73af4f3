"""What the fields of a pool allow each other, each rule a validator of one field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationInfo

from infra.catalog.instances import Shape, shape
from infra.environment.pools.capacity import Reserved
from infra.environment.pools.upkeep import Warm
from infra.problems import Wrong, either
from infra.units import ByteSize, GiB, MiB

_HUGE_PAGE = 2 * MiB
_FOR_OTHERS = GiB
"""Memory of a node that must be left beside huge pages."""
_BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")


def _shapes(info: ValidationInfo) -> tuple[Shape, ...]:
    """The shapes of the pool's instance types; none where those were wrong."""
    return tuple(shape(name) for name in info.data.get("instances", ()))


def _market(info: ValidationInfo) -> str | None:
    """How nodes are bought; None where that was wrong."""
    capacity = info.data.get("capacity")
    if isinstance(capacity, Reserved):
        return "block" if capacity.block else "reservation"
    return capacity


def alike(instances: Sequence[str]) -> Sequence[str]:
    """Pods must run on any of the alternatives, and one launch template must fit all."""
    shapes = [shape(name) for name in instances]
    for kind, facts in (
        ("architectures", {one.arch for one in shapes}),
        ("GPUs", {f"{one.gpu_count} {one.gpu_name}" for one in shapes}),
        ("accelerators", {f"{one.accelerator_count} {one.accelerator_name}" for one in shapes}),
    ):
        if len(facts) > 1:
            raise Wrong(f"mixes {kind}: {', '.join(sorted(facts))}", "write a pool for each")
    return instances


def not_below_min(most: int, info: ValidationInfo) -> int:
    """The most nodes are not fewer than the fewest."""
    least = info.data.get("min", 0)
    if most < least:
        raise Wrong(f"is below min {least}", f"write a max of at least {least}")
    return most


def close_together(placement: str, info: ValidationInfo) -> str:
    """A cluster placement group lies in one zone, and takes what EC2 lets into it.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html#placement-groups-cluster
    """
    if placement != "cluster":
        return placement
    if "zone" in info.data and info.data["zone"] is None:
        raise Wrong("puts nodes close together, which two zones are not", "write the pool's zone")
    if _market(info) == "block":
        raise Wrong(
            "is not for a capacity block, which stands close together by itself", "leave placement out"
        )
    slow = [name for name in info.data.get("instances", ()) if name.startswith(_BURSTABLE)]
    if slow:
        raise Wrong(f"is not for {either(slow)}", "choose a type that is not burstable")
    return placement


def fit_memory(size: ByteSize | None, info: ValidationInfo) -> ByteSize | None:
    """Huge pages are whole, and leave the pods memory of the usual kind."""
    if size is None:
        return None
    if size % _HUGE_PAGE or not size:
        raise Wrong("is not a number of pages of 2MiB", "write a multiple of 2MiB, such as 10GiB")
    room = min((one.allocatable_memory for one in _shapes(info)), default=size + _FOR_OTHERS) - _FOR_OTHERS
    if size > room:
        most = ByteSize(max(room - room % GiB, 0)).written()
        raise Wrong("leaves a node too little memory of the usual kind", f"write at most {most}")
    return size


def has_interfaces(efa: bool | int | None, info: ValidationInfo) -> bool | int | None:
    """The types have the EFAs that are asked for, all of them as many, in one zone."""
    shapes = _shapes(info)
    if not efa or not shapes:
        return efa
    counts = {one.efa_interfaces for one in shapes}
    if 0 in counts:
        without = either(one.name for one in shapes if not one.efa_interfaces)
        raise Wrong(f"asks for EFA, which {without} does not have", "leave efa out, or choose another type")
    if efa is True and len(counts) > 1:
        raise Wrong("asks for EFA on types with different numbers of adapters", "write a pool for each")
    if efa > min(counts):
        fewest = min(shapes, key=lambda one: one.efa_interfaces)
        raise Wrong(
            f"is more than the {fewest.efa_interfaces} EFA interfaces of {fewest.name}",
            f"write at most {fewest.efa_interfaces}, or true for all of them",
        )
    if "zone" in info.data and info.data["zone"] is None:
        raise Wrong("asks for EFA, which does not leave a zone", "write the pool's zone")
    return efa


def can_wait(warm: Warm | None, info: ValidationInfo) -> Warm | None:
    """What EC2 Auto Scaling and EKS let into a warm pool.

    https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
    """
    if warm is None:
        return None
    if _market(info) in {"spot", "block"}:
        raise Wrong(f"keeps instances waiting, which {_market(info)} capacity does not", "leave warm out")
    image = info.data.get("image")
    if warm.reuse and image is not None and image.family == "bottlerocket":
        raise Wrong("reuses instances, which Bottlerocket does not support", "leave reuse out")
    most = info.data.get("max")
    if warm.prepared is not None and most is not None and warm.prepared > most:
        raise Wrong(f"prepares more than max {most}", f"write prepared of at most {most}")
    if most is not None and warm.min > (warm.prepared or most):
        raise Wrong("keeps more waiting than there may be", f"write min of at most {warm.prepared or most}")
    return warm


def only_managed(value: Any, info: ValidationInfo) -> Any:
    """Karpenter has no such thing for a pool."""
    if value is not None and info.data.get("scaling") == "karpenter":
        raise Wrong("is for managed node groups, and the pool is Karpenter's", f"leave {info.field_name} out")
    return value


def only_karpenter(value: Any, info: ValidationInfo) -> Any:
    """Managed node groups have no such thing."""
    if value is not None and info.data.get("scaling", "managed") == "managed" and "scaling" in info.data:
        raise Wrong("is for Karpenter, and the pool is a managed one", "write scaling: karpenter")
    return value
