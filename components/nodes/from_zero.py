"""What an autoscaler must be told of nodes that are not there yet, or not ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.environment.pools import Pool
from infra.environment.pools.pool import HUGE_PAGES
from infra.environment.pools.sharing import GPU
from infra.units import quantity_bytes

_ACCELERATOR: Final = "k8s.amazonaws.com/accelerator"
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


def labels(pool: Pool) -> Mapping[str, str]:
    """The label by which the cluster autoscaler knows a node that will offer GPUs and does not yet.

    A node is ready minutes before the device plugin has offered its GPUs. Without the label another is
    started for the same pods meanwhile, and another (https://github.com/NVIDIA/gpu-operator/issues/708).
    Nodes that are cut by MIG never offer what the label promises, and would never count as ready.
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    return {_ACCELERATOR: str(pool.shape.gpu_name)} if GPU in pool.devices else {}


def _scratch(pool: Pool) -> int:
    """Bytes for images and scratch: the local disks where all alternatives have some, else the volume."""
    return min(shape.local_nvme_gb for shape in pool.shapes) * 10**9 or pool.disk
