"""Volumes that an operator makes: they are not among the resources, and cost all the same."""

from __future__ import annotations

from typing import Any

import pytest

from operations.cost import cost
from tests.operations.cost.test_cost import Somewhere, resource

POOL = "kubernetes:kafka.strimzi.io/v1:KafkaNodePool"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"


def storage_class(name: str = "gp3", provisioner: str = "ebs.csi.aws.com", **parameters: str) -> Any:
    inputs = {
        "metadata": {"name": name},
        "provisioner": provisioner,
        "parameters": {"type": "gp3", **parameters},
    }
    return resource(CLASS, name, inputs)


def pool(size: str = "500Gi", class_: str = "gp3", replicas: int = 3) -> Any:
    volume = {"id": 0, "type": "persistent-claim", "size": size, "class": class_}
    return resource(
        POOL, "brokers", {"spec": {"replicas": replicas, "storage": {"type": "jbod", "volumes": [volume]}}}
    )


def test_each_replica_has_its_volume() -> None:
    found = cost([storage_class(), pool()], Somewhere())
    (line,) = found.lines
    assert (line.item, line.unit, line.quantity, line.idle_quantity) == ("gp3 volumes", "GiB", 1500, 1500)
    assert found.month == found.idle_month == pytest.approx(1500 * 0.08)


def test_what_a_class_adds_is_paid_for_too() -> None:
    fast = storage_class("fast", iops="4000", throughput="250")
    found = cost([storage_class(), fast, pool("1Ti", "fast", 2)], Somewhere())
    assert {line.unit: line.quantity for line in found.lines} == {"GiB": 2048, "IOPS": 2000, "MiB/s": 250}


def test_disks_that_are_there_anyway_cost_nothing_more() -> None:
    found = cost(
        [storage_class("ceph-block", "rook-ceph.rbd.csi.ceph.com"), pool(class_="ceph-block")], Somewhere()
    )
    assert (found.lines, found.unpriced) == ((), ())


@pytest.mark.parametrize("pool_of", [pool(class_="nowhere"), pool(size="plenty")])
def test_what_has_no_price_is_told(pool_of: Any) -> None:
    found = cost([storage_class(), pool_of], Somewhere())
    assert found.unpriced == (POOL,)
    assert any("has no price for its volumes" in note for note in found.notes)
