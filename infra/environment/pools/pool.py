"""A pool of nodes as an environment file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from infra.catalog.instances import Shape, shape
from infra.environment.fields import Count, Different, InstanceType, LabelValue, NodeLabelKey, Within
from infra.environment.pools import capacity as bought
from infra.environment.pools import rules
from infra.environment.pools import sharing as shared
from infra.environment.pools.capacity import Capacity, Market, Reserved
from infra.environment.pools.fabric import Efa
from infra.environment.pools.image import Image
from infra.environment.pools.sharing import GPU, Sharing
from infra.environment.pools.taint import Taint
from infra.environment.pools.upkeep import Disruption, Repair, Update, Warm
from infra.environment.section import Section
from infra.labels import LOCAL_NVME_LABEL
from infra.units import ByteSize, Duration

_MOST_NODES = 5000
"""What Kubernetes is built for: https://kubernetes.io/docs/setup/best-practices/cluster-large/"""

EFA = "vpc.amazonaws.com/efa"
NEURON = "aws.amazon.com/neuron"
HUGE_PAGES = "hugepages-2Mi"

GPU_TAINT = Taint(key=GPU)
NEURON_TAINT = Taint(key=NEURON)


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
    scaling: Literal["managed", "karpenter"] = "managed"
    """Who makes nodes: `managed`, EKS' managed node groups; or `karpenter`, which chooses among the types
    what pods need at the time."""
    zone: str | None = None
    """The one availability zone of its nodes. Default: spread over the network's zones."""
    capacity: Capacity = "on-demand"
    """How nodes are bought: `on-demand`; `spot`, cheaper, and may be taken away at two minutes' notice; or
    what was reserved: `{reservation: cr-…}`, or `{block: cr-…, ends: …}` for a Capacity Block for ML."""
    placement: Literal["none", "cluster"] = "none"
    """`cluster`: nodes stand close together in the network, for training over several of them; wants a
    `zone`, and is not for capacity blocks, which stand so anyway."""
    image: Image = Image()
    """The machine image. Default: the newest of Amazon Linux 2023 when the pool is made."""
    disk: Annotated[ByteSize, Within(ByteSize("20GiB"), ByteSize("16TiB"))] = ByteSize("100GiB")
    """Size of the root volume, for images and scratch: 20GiB to 16TiB, which is what gp3 offers."""
    huge_pages: ByteSize | None = None
    """Memory of each node set aside in pages of 2MiB, in whole pages; pods ask for it as `hugepages-2Mi`.
    Default: what the image sets aside, which is nothing but on images with EFA's software."""
    labels: Mapping[NodeLabelKey, LabelValue] = {}
    """Labels of the nodes, besides those that tell environment and pool."""
    taints: tuple[Taint, ...] | None = None
    """Taints of the nodes. Default: GPU and Neuron nodes are kept for pods that ask for such devices, others
    have none. `[]` opens them to all."""
    efa: Efa | None = None
    """Elastic Fabric Adapters, for training over several nodes: `true` for all that the type has, a number
    for so many, `false` for none. Default: where the type is accelerated, has them, and the pool has one
    `zone`, for EFA does not leave a zone."""
    sharing: Sharing | None = None
    """How several pods share each GPU. Default: a GPU is one pod's."""
    repair: Repair | None = None
    """Whether EKS repairs nodes that it finds unhealthy. Default: it does not."""
    warm: Warm | None = None
    """Booted instances that wait to become nodes. Default: none."""
    update: Update = Update()
    """How nodes are replaced when something about them changes."""
    disruption: Disruption | None = None
    """When Karpenter may take nodes away; only with `scaling: karpenter`. Default: empty and underused ones
    after 5m, a tenth at once."""
    expire_after: Annotated[Duration, Within(Duration("1h"))] | None = None
    """Age at which Karpenter replaces a node; only with `scaling: karpenter`. Default: never."""

    _instances = field_validator("instances")(rules.alike)
    _max = field_validator("max")(rules.not_below_min)
    _capacity = field_validator("capacity")(bought.fits)
    _placement = field_validator("placement")(rules.close_together)
    _huge_pages = field_validator("huge_pages")(rules.fit_memory)
    _efa = field_validator("efa")(rules.has_interfaces)
    _sharing = field_validator("sharing")(shared.possible)
    _warm = field_validator("warm")(rules.can_wait)
    _managed = field_validator("repair", "warm", "update")(rules.only_managed)
    _karpenters = field_validator("disruption", "expire_after")(rules.only_karpenter)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the alternatives, as they are written."""
        return tuple(shape(name) for name in self.instances)

    @property
    def shape(self) -> Shape:
        """The shape of the first alternative."""
        return shape(self.instances[0])

    @property
    def market(self) -> Market:
        """How nodes are bought, in a word."""
        if isinstance(self.capacity, Reserved):
            return "block" if self.capacity.block else "reservation"
        return self.capacity

    @property
    def reservation_id(self) -> str | None:
        """The id of the capacity reservation or block that nodes come from."""
        reserved = self._reserved
        return None if reserved is None or reserved.startswith("arn:") else reserved

    @property
    def reservation_group(self) -> str | None:
        """The ARN of the resource group of reservations that nodes come from."""
        reserved = self._reserved
        return reserved if reserved is not None and reserved.startswith("arn:") else None

    @property
    def _reserved(self) -> str | None:
        if not isinstance(self.capacity, Reserved):
            return None
        return self.capacity.block or self.capacity.reservation

    @property
    def ends(self) -> datetime | None:
        """When its capacity block ends."""
        return self.capacity.ends if isinstance(self.capacity, Reserved) else None

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
    def devices(self) -> Mapping[str, int]:
        """What each node offers to pods besides processors and memory: how many of which resource."""
        return self.devices_of(self.shape)

    def devices_of(self, of: Shape) -> Mapping[str, int]:
        """What a node of one of the alternatives offers to pods besides processors and memory."""
        gpus = {GPU: of.gpu_count} if self.sharing is None else self.sharing.devices(of)
        all_of_them = {**gpus, NEURON: of.accelerator_count, EFA: self.efa_interfaces}
        return {resource: count for resource, count in all_of_them.items() if count}

    @property
    def shared_gpus(self) -> int:
        """`nvidia.com/gpu` of each node: GPUs, or shares of them; instances of MIG are another resource."""
        return self.devices.get(GPU, 0)

    @property
    def efa_interfaces(self) -> int:
        """EFA interfaces of each node; 0 where EFA is off."""
        if isinstance(self.efa, int) and not isinstance(self.efa, bool):
            return self.efa
        counts = {one.efa_interfaces for one in self.shapes}
        worth_it = self.accelerated and self.zone is not None and len(counts) == 1
        wanted = worth_it if self.efa is None else self.efa
        return counts.pop() if wanted else 0

    @property
    def update_strategy(self) -> Literal["default", "minimal"]:
        """Whether old nodes go before new ones stand: they must where there is no capacity for both."""
        reserved = isinstance(self.capacity, Reserved)
        return self.update.strategy or ("minimal" if reserved else "default")

    @property
    def effective_taints(self) -> tuple[Taint, ...]:
        """The taints that its nodes have, defaults included."""
        if self.taints is not None:
            return self.taints
        if self.shape.accelerator_count:
            return (NEURON_TAINT,)
        if self.sharing is not None and self.sharing.mig:
            # Pods that ask for a resource tolerate, by themselves, the taint whose key it is.
            return (Taint(key=self.sharing.resource),)
        return (GPU_TAINT,) if self.accelerated else ()

    @property
    def effective_labels(self) -> Mapping[str, str]:
        """The labels that its nodes have besides those that tell environment and pool."""
        # Bottlerocket puts its array elsewhere, where nothing but its own folders is on it.
        scratch = self.image.family == "al2023" and all(one.local_nvme_gb for one in self.shapes)
        return {
            **self.labels,
            **(self.sharing.labels if self.sharing else {}),
            **({LOCAL_NVME_LABEL: "true"} if scratch else {}),
        }
