"""What an autoscaler must be told of a group that has no node to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.environment.pools import Pool
from infra.environment.pools.pool import HUGE_PAGES
from infra.units import quantity_bytes

_RESOURCES: Final = "k8s.io/cluster-autoscaler/node-template/resources/"


def tags(pool: Pool) -> Mapping[str, str]:
    """Tags of the Auto Scaling group of a pool: what its nodes will offer, by the smallest alternative.

    Of instances the cluster autoscaler knows processors, memory and whole GPUs by itself, and labels and
    taints EKS tells it. It knows nothing of EFAs, Neuron devices, shares of GPUs, disks and huge pages.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    resources = {
        "ephemeral-storage": quantity_bytes(_scratch(pool)),
        **{name: str(count) for name, count in pool.devices.items()},
        **({HUGE_PAGES: quantity_bytes(pool.huge_pages)} if pool.huge_pages else {}),
    }
    return {f"{_RESOURCES}{name}": amount for name, amount in sorted(resources.items())}


def _scratch(pool: Pool) -> int:
    """Bytes for images and scratch: the local disks where all alternatives have some, else the volume."""
    return min(shape.local_nvme_gb for shape in pool.shapes) * 10**9 or pool.disk
