"""Whether a pod may run on a node."""

from __future__ import annotations

from typing import Any

import pytest

from operations.twin.kubernetes import scheduling
from tests.operations.twin.kubernetes.pools import pod, where

GPU = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        (where("size", "8", "9"), True),
        (where("size", "9"), False),
        (where("none", "8"), False),
        (where("size", "9", operator="NotIn"), True),
        (where("none", "9", operator="NotIn"), True),
        (where("size", operator="Exists"), True),
        (where("none", operator="Exists"), False),
        (where("none", operator="DoesNotExist"), True),
        (where("size", operator="DoesNotExist"), False),
        (where("size", "7", operator="Gt"), True),
        (where("size", "8", operator="Gt"), False),
        (where("size", "9", operator="Lt"), True),
        (where("size", "8", operator="Gte"), True),
        (where("size", "7", operator="Lte"), False),
        (where("none", "7", operator="Gt"), False),
        (where("word", "7", operator="Lt"), False),
    ],
)
def test_requirements(requirement: dict[str, Any], met: bool) -> None:
    assert scheduling.matches(requirement, {"size": "8", "word": "large"}) is met


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "value": "true"}, True),
        ({"key": "nvidia.com/gpu", "value": "no"}, False),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_taints(toleration: dict[str, str], covers: bool) -> None:
    assert scheduling.tolerates({"tolerations": [toleration]}, [GPU]) is covers
    assert scheduling.tolerates({}, [{**GPU, "effect": "PreferNoSchedule"}])


def test_selectors_and_any_of_the_affinitys_terms() -> None:
    terms = [{"matchExpressions": [where("zone", "a")]}, {"matchExpressions": [where("zone", "b")]}, {}]
    affinity = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    }
    spec = {"nodeSelector": {"pool": "gpu"}, "affinity": affinity}
    assert scheduling.selects(spec, {"pool": "gpu", "zone": "b"})
    assert not scheduling.selects(spec, {"pool": "gpu", "zone": "c"})
    assert not scheduling.selects(spec, {"zone": "b"})


def test_what_a_pod_takes() -> None:
    asked = {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "8"}}}
    spec = {
        "containers": [asked, asked],
        "initContainers": [
            {"resources": {"requests": {"cpu": "3"}}},
            {"restartPolicy": "Always", "resources": {"requests": {"memory": "1Gi"}}},
        ],
        "overhead": {"cpu": "250m"},
    }
    assert scheduling.requests(spec) == {
        "cpu": 3250, "memory": 3 * 2**30 * 1000, "nvidia.com/gpu": 16000, "pods": 1000,
    }  # fmt: skip


def test_room_and_how_it_is_written() -> None:
    assert scheduling.within({"cpu": 1000}, {"cpu": 1000})
    assert not scheduling.within({"nvidia.com/gpu": 1000}, {"cpu": 1000})
    assert [scheduling.text(amount) for amount in (1500, 2000)] == ["1500m", "2"]


def test_who_waits_and_who_takes_room() -> None:
    assert scheduling.is_unschedulable(pod())
    assert not scheduling.is_unschedulable(pod(bound="n"))
    assert not scheduling.is_unschedulable({**pod(), "status": {"phase": "Pending"}})
    assert scheduling.occupies(pod(bound="n"))
    assert not scheduling.occupies({**pod(bound="n"), "status": {"phase": "Succeeded"}})
