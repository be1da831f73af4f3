"""Machines come and go, on an API server in memory."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from infra.catalog import kinds
from operations.twin.kubernetes import autoscaler, definitions, karpenter, nodes
from operations.twin.kubernetes.api import Api, Manifest, Ref
from operations.twin.kubernetes.autoscaler import FINALIZER, Karpenter
from tests.operations.twin.kubernetes.conftest import Aws, group
from tests.operations.twin.kubernetes.manifests import thing
from tests.operations.twin.kubernetes.pools import CLASS, pod, pool, where

SMALL = where(karpenter.TYPE, "m7i.large")


@dataclass
class World:
    """A cluster with a clock that a test sets."""

    api: Api
    time: float = 1_800_000_000.0

    def __post_init__(self) -> None:
        for kind in kinds.projects()["karpenter"]:
            self.api.apply(definitions.stub(kind), manager="test")
        self.apply(thing(CLASS["kind"], CLASS["name"], version="karpenter.k8s.aws/v1"))
        self.played = Karpenter(self.api, Aws(group(desired=0)), lambda: self.time)

    def apply(self, manifest: Manifest) -> None:
        self.api.apply(manifest, manager="test", force=True)

    def look(self, times: int = 1, seconds: float = 0.0) -> None:
        for _ in range(times):
            self.time += seconds
            self.played.look()

    def machines(self) -> list[Manifest]:
        return [one for one in self.api.list("v1", "Node") if karpenter.POOL in one["metadata"]["labels"]]

    def claims(self) -> list[Manifest]:
        return list(self.api.list("karpenter.sh/v1", "NodeClaim"))

    def get_ready(self) -> None:
        """What kwok does."""
        for node in self.machines():
            conditions = [{"type": "Ready", "status": "True"}]
            status = {**node["status"], "conditions": conditions}
            self.apply({**thing("Node", node["metadata"]["name"]), "status": status})

    def place(self, name: str, node: str) -> None:
        """What the scheduler does."""
        self.api.delete(Ref("v1", "Pod", name, "default"))
        self.apply(pod(name, bound=node))

    def pool(self, name: str = "spark") -> Manifest:
        found = self.api.get(Ref("karpenter.sh/v1", "NodePool", name))
        assert found is not None
        return found


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


def conditions(value: Manifest) -> dict[str, str]:
    return {one["type"]: one["status"] for one in value["status"]["conditions"]}


def running(world: World) -> str:
    """A machine with a pod on it; its name."""
    world.apply(pool("spark", SMALL))
    world.apply(pod())
    world.look(2)
    world.get_ready()
    (node,) = world.machines()
    world.place("one", node["metadata"]["name"])
    world.look()
    return str(node["metadata"]["name"])


def test_a_pod_that_waits_gets_one_machine_and_no_more(world: World) -> None:
    world.apply(pool("spark", SMALL))
    world.look()
    assert world.machines() == [], "nobody waits"
    world.apply(pod())
    world.look(5, seconds=1)
    (node,), (claim,) = world.machines(), world.claims()
    assert node["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "m7i.large"
    assert node["metadata"]["finalizers"] == claim["metadata"]["finalizers"] == [FINALIZER]
    assert conditions(claim) == {"Launched": "True"}
    world.get_ready()
    world.look()
    (claim,) = world.claims()
    assert conditions(claim)["Initialized"] == "True"
    assert claim["status"]["nodeName"] == node["metadata"]["name"]
    assert claim["status"]["providerID"] == node["spec"]["providerID"]
    world.look()
    status = world.pool()["status"]
    assert (status["nodes"], status["resources"]["cpu"]) == (1, "2")
    assert conditions(world.pool())["Ready"] == "True"
    world.look(5, seconds=1)
    assert len(world.machines()) == 1, "the scheduler is about to place it"


def test_nothing_is_written_when_nothing_changes(world: World) -> None:
    running(world)
    world.look(3)
    before = world.api.everything()
    world.look(3, seconds=1)
    assert world.api.everything() == before


def test_without_its_class_a_pool_is_not_ready(world: World) -> None:
    world.api.delete(Ref("karpenter.k8s.aws/v1", CLASS["kind"], CLASS["name"]))
    world.apply(pool("spark", SMALL))
    world.apply(pod())
    world.look(3)
    assert conditions(world.pool())["Ready"] == "False"
    assert world.machines() == []


def test_an_empty_machine_goes_after_a_while(world: World) -> None:
    running(world)
    world.look(10, seconds=60)
    assert len(world.machines()) == 1, "it is used"
    world.api.delete(Ref("v1", "Pod", "one", "default"))
    world.look()
    assert len(world.machines()) == 1
    world.look(3, seconds=autoscaler._EMPTY_AT_MOST_S)
    assert (world.machines(), world.claims()) == ([], [])


def test_one_that_is_never_consolidated_stays(world: World) -> None:
    running(world)
    world.apply(pool("spark", SMALL, after="Never"))
    world.api.delete(Ref("v1", "Pod", "one", "default"))
    world.look(10, seconds=3600)
    assert len(world.machines()) == 1


def test_a_pool_that_is_deleted_drains_its_machines_first(world: World) -> None:
    name = running(world)
    world.api.delete(Ref("karpenter.sh/v1", "NodePool", "spark"))
    assert world.pool()["metadata"]["deletionTimestamp"], "it waits for its machines"
    world.look()
    (node,) = world.machines()
    assert node["spec"]["unschedulable"] is True
    assert world.api.get(Ref("v1", "Pod", "one", "default")) is None
    world.look(2)
    assert (world.machines(), world.claims()) == ([], [])
    assert world.api.get(Ref("karpenter.sh/v1", "NodePool", "spark")) is None
    assert name not in world.played.empty_since
    world.look(2)


def test_a_node_that_somebody_deletes_takes_its_claim_along(world: World) -> None:
    name = running(world)
    world.api.delete(Ref("v1", "Node", name))
    assert world.machines(), "it is drained first"
    world.look(4)
    assert (world.machines(), world.claims()) == ([], [])


def test_beyond_the_limits_pods_wait_and_are_told_why_once(world: World) -> None:
    world.apply(pool("spark", SMALL, limits={"cpu": "2"}))
    world.apply(pod("one", requests={"cpu": "1500m"}))
    world.apply(pod("two", requests={"cpu": "1500m"}))
    world.look(5)
    assert len(world.machines()) == 1
    (event,) = world.api.list("v1", "Event")
    assert event["reason"] == "FailedScheduling"
    assert event["message"] == (
        'Failed to schedule pod, all available instance types exceed limits for nodepool: "spark"'
    )


def test_node_groups_leave_its_nodes_alone(world: World) -> None:
    running(world)
    nodes.reconcile(world.api, nodes.wanted([group(desired=1)]))
    nodes.reconcile(world.api, {})
    assert len(world.machines()) == 1
