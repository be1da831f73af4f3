"""Nodes follow node groups."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog.instances import shape, shapes
from infra.environment.pools.sharing import Sharing
from infra.units import GiB
from operations.twin.backend import Refused, Taint
from operations.twin.kubernetes import nodes
from operations.twin.kubernetes.api import Api, ApiError, Ref
from operations.twin.kubernetes.values import quantity
from tests.operations.twin.kubernetes.conftest import Aws, group
from tests.operations.twin.kubernetes.manifests import thing


def names(api: Api) -> set[str]:
    return {node["metadata"]["name"] for node in api.list("v1", "Node")}


@pytest.mark.parametrize(
    ("sharing", "offered"),
    [
        ({"time_slices": 4}, {"nvidia.com/gpu": "32"}),
        ({"mps": 2}, {"nvidia.com/gpu": "16"}),
        ({"mig": "1g.5gb"}, {"nvidia.com/mig-1g.5gb": "56"}),
    ],
)
def test_a_node_offers_shares_of_its_gpus(sharing: dict[str, Any], offered: dict[str, str]) -> None:
    labels = Sharing.model_validate(sharing).labels
    (node,) = nodes.wanted([group(desired=1, labels=labels)]).values()
    for amounts in (node["status"]["allocatable"], node["status"]["capacity"]):
        assert {key: value for key, value in amounts.items() if "nvidia" in key} == offered


def test_a_node_takes_as_many_pods_as_its_kubelet_is_told() -> None:
    (told,) = nodes.wanted([group(desired=1, max_pods=51)]).values()
    assert (told["status"]["allocatable"]["pods"], told["status"]["capacity"]["pods"]) == ("51", "51")
    (silent,) = nodes.wanted([group(desired=1)]).values()
    assert silent["status"]["allocatable"]["pods"] == str(shape("p4d.24xlarge").max_pods)


def test_huge_pages_are_no_memory_of_the_usual_kind() -> None:
    (node,) = nodes.wanted([group(desired=1, huge_pages=10 * GiB)]).values()
    allocatable = node["status"]["allocatable"]
    assert allocatable["hugepages-2Mi"] == "10Gi"
    assert quantity(allocatable["memory"]) == shape("p4d.24xlarge").allocatable_memory - 10 * GiB


def test_a_node_offers_what_its_instance_does() -> None:
    (node,) = nodes.wanted([group(desired=1)]).values()
    facts = shape("p4d.24xlarge")
    allocatable = node["status"]["allocatable"]
    assert allocatable["nvidia.com/gpu"] == "8"
    assert allocatable["vpc.amazonaws.com/efa"] == "4"
    assert quantity(allocatable["memory"]) == facts.allocatable_memory
    assert quantity(node["status"]["capacity"]["memory"]) == facts.memory_mib * 1024**2
    assert node["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    assert node["spec"]["providerID"].startswith("aws:///us-east-1a/i-")
    labels = node["metadata"]["labels"]
    assert labels["mlcluster.io/pool"] == labels["eks.amazonaws.com/nodegroup"] == "train"
    assert labels["node.kubernetes.io/instance-type"] == "p4d.24xlarge"
    assert labels["topology.kubernetes.io/zone"] == "us-east-1a"
    assert node["metadata"]["annotations"][nodes.SIMULATED] == "fake"


def test_devices_are_there_only_where_there_are_any() -> None:
    plain = group(instance_types=("m7i.large",), efa_interfaces=0, taints=(), desired=1)
    (node,) = nodes.wanted([plain]).values()
    assert not {"nvidia.com/gpu", "vpc.amazonaws.com/efa", "aws.amazon.com/neuron"} & {
        *node["status"]["allocatable"]
    }
    assert "taints" not in node["spec"]


def test_pods_never_get_more_than_the_machine_has() -> None:
    groups = [group(name, 1, instance_types=(name,)) for name in shapes()]
    for node in nodes.wanted(groups).values():
        capacity, allocatable = node["status"]["capacity"], node["status"]["allocatable"]
        for resource, amount in allocatable.items():
            have, most = quantity(amount), quantity(capacity[resource])
            assert have is not None
            assert most is not None
            assert 0 < have <= most, (node["metadata"]["name"], resource)


@given(st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=20)
def test_growing_and_shrinking_keeps_nodes(before: int, after: int) -> None:
    few, many = (nodes.wanted([group(desired=size)]) for size in sorted((before, after)))
    assert len(many) == max(before, after)
    assert few.items() <= many.items()


def test_zones_take_turns_and_groups_do_not_collide() -> None:
    spread = nodes.wanted([group(desired=4, zones=("us-east-1a", "us-east-1b"))]).values()
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in spread]
    assert zones == ["us-east-1a", "us-east-1b"] * 2
    long = "x" * 60
    apart = nodes.wanted([group(long, 3), group(f"{long}y", 3), replace(group(long, 3), cluster="other")])
    assert len(apart) == 9
    assert max(map(len, apart)) <= 63


def test_other_machines_are_other_nodes() -> None:
    before, relabelled = nodes.wanted([group()]), nodes.wanted([group(labels={"new": "1"})])
    assert before.keys() == relabelled.keys()
    assert not before.keys() & nodes.wanted([group(instance_types=("p5.48xlarge",))]).keys()


def test_reconciling_adds_changes_and_removes(api: Api) -> None:
    nodes.reconcile(api, nodes.wanted([group(desired=3)]))
    assert len(names(api)) == 3
    changed = group(desired=2, labels={"new": "1"}, taints=(Taint("a", "b", "NoExecute"),))
    nodes.reconcile(api, nodes.wanted([changed]))
    present = api.list("v1", "Node")
    assert len(present) == 2
    for node in present:
        assert node["metadata"]["labels"]["new"] == "1"
        assert "mlcluster.io/pool" not in node["metadata"]["labels"]
        assert node["spec"]["taints"] == [{"key": "a", "value": "b", "effect": "NoExecute"}]
    nodes.reconcile(api, {})
    assert names(api) == set()


def test_reconciling_what_is_there_touches_nothing(api: Api) -> None:
    target = nodes.wanted([group(desired=3)])
    nodes.reconcile(api, target)
    before = api.list("v1", "Node")
    nodes.reconcile(api, target)
    assert api.list("v1", "Node") == before


def test_nodes_of_others_and_pods_elsewhere_stay(api: Api) -> None:
    api.apply(thing("Node", "real"), manager="kubelet")
    nodes.reconcile(api, nodes.wanted([group(desired=2)]))
    gone, kept = sorted(names(api) - {"real"}, reverse=True)
    for number, node in enumerate((gone, kept)):
        api.apply(thing("Pod", f"p{number}", spec={"nodeName": node}), manager="me")
    nodes.reconcile(api, nodes.wanted([group(desired=1)]))
    assert names(api) == {"real", kept}
    assert [pod["metadata"]["name"] for pod in api.list("v1", "Pod")] == ["p1"]


def test_nodes_follow_changes_on_the_aws_side(api: Api) -> None:
    aws = Aws(group(desired=1))
    following = nodes.Nodes(api, aws)
    try:
        assert following.settle(10)
        assert len(names(api)) == 1
        aws.change(group(desired=4))
        assert following.settle(10)
        assert len(names(api)) == 4
        aws.change()
        assert following.settle(10)
        assert names(api) == set()
    finally:
        following.close()


def test_a_change_is_over_when_nodes_have_followed_it(api: Api) -> None:
    aws = Aws(group(desired=1))
    following = nodes.Nodes(api, aws)
    try:
        for size in (3, 5, 0):
            aws.change(group(desired=size))
            assert len(names(api)) == size
    finally:
        following.close()


def test_nobody_waits_for_machines_that_the_catalog_does_not_have(api: Api) -> None:
    aws = Aws()
    following = nodes.Nodes(api, aws)
    try:
        began = time.monotonic()
        aws.change(group(desired=1, instance_types=("x99.huge",)))
        assert time.monotonic() - began < 30
        assert names(api) == set()
    finally:
        following.close()


@pytest.mark.parametrize(
    ("status", "taint", "usable"),
    [
        ("True", "nvidia.com/gpu", True),
        ("False", "nvidia.com/gpu", False),
        ("True", "node.kubernetes.io/not-ready", False),
    ],
)
def test_pods_can_be_placed(status: str, taint: str, usable: bool) -> None:
    conditions = [{"type": "Ready", "status": status}]
    taints = [{"key": taint, "effect": "NoSchedule"}]
    node = thing("Node", "n", spec={"taints": taints}, status={"conditions": conditions})
    assert nodes.is_usable(node) is usable
    assert not nodes.is_usable({**node, "status": {}})


def test_nobody_waits_for_a_cluster_that_cannot_be_had(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise Refused("the twin's control plane does not start")

    monkeypatch.setattr(api, "list", refuse)
    following = nodes.Nodes(api, Aws(group(desired=1)))
    try:
        began = time.monotonic()
        assert not following.settle(10)
        assert time.monotonic() - began < 5
    finally:
        following.close()


def test_a_failure_is_tried_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "_RETRY_S", 0.01)
    failures = [ApiError(503, "ServiceUnavailable", "restarting")]
    apply: Any = api.apply

    def flaky(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return apply(*args, **kwargs)

    monkeypatch.setattr(api, "apply", flaky)
    following = nodes.Nodes(api, Aws(group(desired=1)))
    try:
        assert following.settle(10)
    finally:
        following.close()
    assert failures == []
    assert api.get(Ref("v1", "Node", next(iter(names(api))))) is not None
