"""Pools of nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.catalog.instances import Shape, shape
from infra.environment.fields import (
    Count,
    Different,
    Flag,
    InstanceType,
    LabelKey,
    LabelValue,
    NodeLabelKey,
    Within,
)
from infra.environment.section import Section
from infra.problems import Wrong, either
from infra.units import ByteSize

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]

_MOST_NODES = 5000
"""What Kubernetes is built for: https://kubernetes.io/docs/setup/best-practices/cluster-large/"""


class Taint(Section):
    """A mark that keeps pods off a node unless they tolerate it."""

    key: LabelKey
    """Key that a toleration names."""
    value: LabelValue = "true"
    """Value that a toleration may name."""
    effect: Effect = "NoSchedule"
    """What happens to pods that do not tolerate it: new ones stay away, or rather so, or running ones leave
    too."""


GPU_TAINT = Taint(key="nvidia.com/gpu")
NEURON_TAINT = Taint(key="aws.amazon.com/neuron")


class Pool(Section):
    """Nodes of one kind: how many, of which instance types, for whom."""

    instances: Annotated[tuple[InstanceType, ...], Field(min_length=1, max_length=20), Different]
    """EC2 instance types, alternatives for one another: one architecture, and the same GPUs."""
    min: Annotated[Count, Field(le=_MOST_NODES)] = 0
    """Nodes that are always there."""
    max: Annotated[Count, Field(ge=1, le=_MOST_NODES)] = Field(
        default_factory=lambda data: max(data.get("min", 0), 1)
    )
    """Nodes that there may be. Default: `min`, and at least 1."""
    capacity: Literal["on-demand", "spot"] = "on-demand"
    """How nodes are bought: `spot` is cheaper, and may be taken away at two minutes' notice."""
    zone: str | None = None
    """The one availability zone of its nodes. Default: spread over the network's zones."""
    disk: Annotated[ByteSize, Within(ByteSize("20GiB"), ByteSize("16TiB"))] = ByteSize("100GiB")
    """Size of the root volume, for images and scratch: 20GiB to 16TiB, which is what gp3 offers."""
    labels: Mapping[NodeLabelKey, LabelValue] = {}
    """Labels of the nodes, besides those that tell environment and pool."""
    taints: tuple[Taint, ...] | None = None
    """Taints of the nodes. Default: GPU and Neuron nodes are kept for pods that ask for such devices, others
    have none. `[]` opens them to all."""
    efa: Flag | None = None
    """Elastic Fabric Adapters, for training over several nodes. Default: where the type is accelerated, has
    them, and the pool has one `zone`, for EFA does not leave a zone."""

    @field_validator("instances")
    @classmethod
    def _alike(cls, instances: tuple[str, ...]) -> tuple[str, ...]:
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

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("min", 0)
        if most < least:
            raise Wrong(f"is below min {least}", f"write a max of at least {least}")
        return most

    @field_validator("efa")
    @classmethod
    def _possible(cls, efa: bool | None, info: ValidationInfo) -> bool | None:
        instances = info.data.get("instances", ())
        counts = {shape(name).efa_interfaces for name in instances}
        if not efa or not instances:
            return efa
        if 0 in counts:
            without = either(name for name in instances if not shape(name).efa_interfaces)
            raise Wrong(
                f"asks for EFA, which {without} does not have", "leave efa out, or choose another type"
            )
        if len(counts) > 1:
            raise Wrong("asks for EFA on types with different numbers of adapters", "write a pool for each")
        if "zone" in info.data and info.data["zone"] is None:
            raise Wrong("asks for EFA, which does not leave a zone", "write the pool's zone")
        return efa

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the alternatives, as they are written."""
        return tuple(shape(name) for name in self.instances)

    @property
    def shape(self) -> Shape:
        """The shape of the first alternative."""
        return shape(self.instances[0])

    @property
    def accelerated(self) -> bool:
        """Whether its nodes have GPUs or Neuron devices, a fraction of one included."""
        return self.shape.gpu_name is not None or self.shape.accelerator_count > 0

    @property
    def gpus_per_node(self) -> int:
        """NVIDIA GPUs of each node."""
        return self.shape.gpu_count

    @property
    def gpus(self) -> int:
        """NVIDIA GPUs when it is as large as it may be."""
        return self.max * self.gpus_per_node

    @property
    def efa_interfaces(self) -> int:
        """EFA interfaces of each node; 0 where EFA is off."""
        counts = {one.efa_interfaces for one in self.shapes}
        worth_it = self.accelerated and self.zone is not None and len(counts) == 1
        wanted = worth_it if self.efa is None else self.efa
        return counts.pop() if wanted else 0

    @property
    def effective_taints(self) -> tuple[Taint, ...]:
        """The taints that its nodes have, defaults included."""
        if self.taints is not None:
            return self.taints
        if self.shape.accelerator_count:
            return (NEURON_TAINT,)
        return (GPU_TAINT,) if self.accelerated else ()
