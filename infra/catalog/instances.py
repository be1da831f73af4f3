"""Shapes and on-demand prices of the EC2 instance types that node pools may use.

`instances.csv` was carried over from karpenter-provider-aws v1.14.1: shapes from its documentation
(`reference/instance-types.md`), limits of network interfaces from `zz_generated.vpclimits.go` of 2026-08-06,
prices of us-east-1 from `zz_generated.pricing_aws.go` of 2026-07-20. What pods can allocate is what Karpenter
computes for Amazon Linux 2023 with the kubelet's default reservations and without prefix delegation. Only the
network cards, interfaces and addresses of trn2.48xlarge were not in that source: they are EC2's
DescribeInstanceTypes as moto 5.2.5 has it (2026), with which all other rows agree (a test compares them).

EFA interfaces are not the number of network cards: p6-b300.48xlarge has 17 cards, and card 0 takes no EFA.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What one instance type offers to Kubernetes, and what it costs."""

    name: str
    arch: str
    """amd64 or arm64."""
    vcpu: int
    memory_mib: int
    gpu_count: int
    """Whole NVIDIA GPUs. 0 for the g6f types, which have a fraction of one (`gpu_name` is still given)."""
    gpu_name: str | None
    gpu_memory_mib: int | None
    """Memory of one GPU."""
    accelerator_count: int
    """Neuron devices (Inferentia, Trainium)."""
    accelerator_name: str | None
    efa_interfaces: int
    """Elastic Fabric Adapters it takes, the `vpc.amazonaws.com/efa` resource; 0 when it takes none."""
    network_cards: int
    max_enis: int
    ipv4_per_eni: int
    network_mbps: int
    """Baseline bandwidth, Mbit/s."""
    ebs_mbps: int
    local_nvme_gb: int
    """Instance storage, decimal gigabytes; 0 when it has none."""
    allocatable_cpu: float
    """vCPUs left for pods after the kubelet's reservations."""
    allocatable_memory: int
    """Bytes left for pods after the kubelet's reservations."""
    max_pods: int
    usd_per_hour: float | None
    """On demand, Linux, us-east-1. None where AWS sells it there only in capacity blocks."""


@cache
def shapes() -> Mapping[str, Shape]:
    """Every known shape by name."""
    rows = csv.DictReader(lookup.text("instances.csv").splitlines())
    return MappingProxyType({row["instance_type"]: _shape(row) for row in rows})


def shape(name: str) -> Shape:
    """The shape of an instance type such as ``p5.48xlarge``.

    Raises:
        BadInput: it is not in the catalog; the hint names the nearest that is.
    """
    found = shapes().get(name)
    if found is None:
        raise lookup.unknown("instance type", name, shapes())
    return found


def _shape(row: Mapping[str, str]) -> Shape:
    return Shape(
        name=row["instance_type"],
        arch=row["arch"],
        gpu_name=row["gpu_name"] or None,
        gpu_memory_mib=int(row["gpu_memory_mib"]) if row["gpu_memory_mib"] else None,
        accelerator_name=row["accelerator_name"] or None,
        allocatable_cpu=int(row["allocatable_cpu"].removesuffix("m")) / 1000,
        allocatable_memory=int(row["allocatable_memory"].removesuffix("Mi")) * _MIB,
        usd_per_hour=float(price) if (price := row["on_demand_usd_per_hour_us_east_1"]) else None,
        **{column: int(row[column]) for column in _WHOLE_NUMBERS},
    )


_WHOLE_NUMBERS = (
    "vcpu",
    "memory_mib",
    "gpu_count",
    "accelerator_count",
    "efa_interfaces",
    "network_cards",
    "max_enis",
    "ipv4_per_eni",
    "network_mbps",
    "ebs_mbps",
    "local_nvme_gb",
    "max_pods",
)
