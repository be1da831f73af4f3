"""Instance shapes: read completely, and in agreement with another source of the same facts."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog import instances
from infra.catalog.instances import Shape
from infra.problems import BadInput

SHAPES = tuple(instances.shapes().values())


def _ec2_facts() -> dict[str, Any]:
    """EC2's own DescribeInstanceTypes, as moto ships it; read without importing moto."""
    moto = find_spec("moto")
    assert moto is not None
    assert moto.origin is not None
    packed = Path(moto.origin).parent / "ec2" / "resources" / "instance_types.json.gz"
    facts: dict[str, Any] = json.loads(gzip.decompress(packed.read_bytes()))
    return facts


def test_every_shape_agrees_with_ec2() -> None:
    facts = _ec2_facts()
    for shape in SHAPES:
        ec2 = facts[shape.name]
        network = ec2["NetworkInfo"]
        assert (
            shape.arch,
            shape.vcpu,
            shape.memory_mib,
            shape.gpu_count,
            shape.efa_interfaces,
            shape.network_cards,
            shape.max_enis,
            shape.ipv4_per_eni,
        ) == (
            {"x86_64": "amd64", "arm64": "arm64"}[ec2["ProcessorInfo"]["SupportedArchitectures"][-1]],
            ec2["VCpuInfo"]["DefaultVCpus"],
            ec2["MemoryInfo"]["SizeInMiB"],
            sum(gpu["Count"] for gpu in ec2.get("GpuInfo", {}).get("Gpus", [])),
            network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
            network["MaximumNetworkCards"],
            network["MaximumNetworkInterfaces"],
            network["Ipv4AddressesPerInterface"],
        ), shape.name


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_pods_can_have_is_less_than_what_there_is(shape: Shape) -> None:
    assert 0.9 * shape.vcpu - 1 < shape.allocatable_cpu < shape.vcpu
    least = (
        0 if shape.memory_mib <= 2048 else 0.7 * shape.memory_mib
    )  # small hosts reserve most of what they have
    assert least < shape.allocatable_memory / 2**20 < shape.memory_mib
    assert shape.max_pods > 0
    assert shape.usd_per_hour is None or 0 < shape.usd_per_hour < 500
    assert (shape.gpu_name is None) == (shape.gpu_memory_mib is None)
    assert (shape.accelerator_name is None) == (shape.accelerator_count == 0)


def test_efa_interfaces_are_not_network_cards() -> None:
    shape = instances.shape("p6-b300.48xlarge")
    assert (shape.network_cards, shape.efa_interfaces) == (17, 16)


def test_units() -> None:
    shape = instances.shape("p5.48xlarge")
    assert shape.allocatable_cpu == 191.45
    assert shape.allocatable_memory == 1938410 * 2**20
    assert shape.usd_per_hour == 55.04
    assert instances.shape("p5e.48xlarge").usd_per_hour is None


def test_a_slip_is_answered_with_the_name_that_was_meant() -> None:
    with pytest.raises(BadInput) as caught:
        instances.shape("p5.48xlarg")
    (problem,) = caught.value.problems
    assert problem.value == "p5.48xlarg"
    assert "p5.48xlarge" in problem.hint


@given(st.text())
def test_any_other_name_is_refused(name: str) -> None:
    if name not in instances.shapes():
        with pytest.raises(BadInput):
            instances.shape(name)
