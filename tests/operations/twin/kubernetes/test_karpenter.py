"""Which machines are launched for pods that found no node."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from infra.catalog.instances import shape, shapes
from operations.twin.kubernetes import claims, karpenter
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.karpenter import Launch, Offer, Plan, Room
from tests.operations.twin.kubernetes.manifests import thing
from tests.operations.twin.kubernetes.pools import ZONES, pod, pool, where

TYPE, MARKET = karpenter.TYPE, karpenter.MARKET


def planned(
    pods: list[Manifest],
    *pools: Manifest,
    rooms: tuple[Room, ...] = (),
    daemons: tuple[Manifest, ...] = (),
    node_class: Manifest | None = None,
) -> Plan:
    choices = {
        one["metadata"]["name"]: (
            one,
            karpenter.offers(one, ZONES, node_class or {}),
            karpenter.left_of_limits(one, []),
        )
        for one in pools
    }
    return karpenter.plan(pods, choices, rooms, daemons)


def chosen(launch: Launch) -> Offer:
    return launch.chosen(Counter())


def types(plan: Plan) -> list[str]:
    return [chosen(launch).shape.name for launch in plan.launches]


def values(offers: list[Offer], label: str) -> set[str]:
    return {offer.labels[label] for offer in offers}


def test_offers_are_what_the_requirements_allow() -> None:
    found = karpenter.offers(pool("p", where(TYPE, "m7i.large", "p4d.24xlarge")), ZONES, {})
    assert values(found, TYPE) == {"m7i.large", "p4d.24xlarge"}
    assert values(found, karpenter.ZONE) == set(ZONES)
    assert values(found, MARKET) == {"on-demand"}, "unless it says so"


def test_requirements_on_what_the_machine_is() -> None:
    gpus = karpenter.offers(
        pool("p", where("karpenter.k8s.aws/instance-gpu-count", "7", operator="Gt")), ZONES, {}
    )
    assert values(gpus, TYPE) == {
        name for name, one in shapes().items() if one.gpu_name and one.gpu_count > 7
    }
    arm = karpenter.offers(
        pool(
            "p",
            where("kubernetes.io/arch", "arm64"),
            where("karpenter.k8s.aws/instance-category", "c", "m"),
            where("karpenter.k8s.aws/instance-generation", "6", operator="Gt"),
        ),
        ZONES,
        {},
    )
    assert {name[0] for name in values(arm, TYPE)} <= {"c", "m"}
    assert {shape(name).arch for name in values(arm, TYPE)} == {"arm64"}


def test_zones_that_a_pool_names_need_no_node_group_there() -> None:
    named = pool("p", where(karpenter.ZONE, "us-east-1f"), where(TYPE, "m7i.large"))
    (offer,) = karpenter.offers(named, (), {})
    assert offer.labels["topology.kubernetes.io/region"] == "us-east-1"
    assert karpenter.offers(pool("p", where(TYPE, "m7i.large")), (), {}) == []


def test_the_cheapest_that_has_room_is_taken() -> None:
    any_m7i = pool("p", where("karpenter.k8s.aws/instance-family", "m7i"))
    assert types(planned([pod(requests={"cpu": "1"})], any_m7i)) == ["m7i.large"]
    asked = {"cpu": "1", "memory": "40Gi"}
    bigger = types(planned([pod(requests=asked)], any_m7i))
    assert bigger == ["m7i.4xlarge"]


def test_pods_share_a_machine_that_grows_with_them() -> None:
    pods = [pod(f"p{index}", owner="job", requests={"cpu": "1"}) for index in range(7)]
    (launch,) = planned(pods, pool("p", where("karpenter.k8s.aws/instance-family", "m7i"))).launches
    assert len(launch.pods) == 7
    assert chosen(launch).shape.name == "m7i.2xlarge"


def test_a_job_of_gpus_gets_a_machine_for_each_pod() -> None:
    gpus = pool("gpu", where(TYPE, "p4d.24xlarge"), taints=[{"key": "gpu", "effect": "NoSchedule"}])
    spec: dict[str, Any] = {
        "tolerations": [{"operator": "Exists"}],
        "requests": {"nvidia.com/gpu": "8", karpenter.EFA: "4"},
    }
    pods = [pod(f"p{index}", owner="job", **dict(spec)) for index in range(64)]
    plan = planned(pods, gpus)
    assert types(plan) == ["p4d.24xlarge"] * 64
    node = claims.node_of(claims.claim_of(plan.launches[0], chosen(plan.launches[0]), "abcde"), "1.35")
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    assert node["status"]["allocatable"][karpenter.EFA] == "4"
    assert node["spec"]["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]


def test_efa_is_there_for_those_who_ask() -> None:
    (launch,) = planned(
        [pod(requests={"nvidia.com/gpu": "1"})], pool("gpu", where(TYPE, "p4d.24xlarge"))
    ).launches
    node = claims.node_of(claims.claim_of(launch, chosen(launch), "abcde"), "1.35")
    assert karpenter.EFA not in node["status"]["capacity"]


def test_a_class_names_its_interfaces_and_its_number_of_pods() -> None:
    kinds = ["interface", "efa-only", "efa-only"]
    spec = {"networkInterfaces": [{"interfaceType": kind} for kind in kinds], "kubelet": {"maxPods": 50}}
    (launch,) = planned([pod()], pool("gpu", where(TYPE, "p4d.24xlarge")), node_class={"spec": spec}).launches
    node = claims.node_of(claims.claim_of(launch, chosen(launch), "abcde"), "1.35")
    offered = node["status"]["allocatable"]
    assert (offered[karpenter.EFA], offered["pods"], offered["nvidia.com/gpu"]) == ("2", "50", "8")


def test_taints_selectors_and_weights_decide_the_pool() -> None:
    taint = {"key": "team", "value": "a", "effect": "NoSchedule"}
    small = where(TYPE, "m7i.large")
    heavy = pool("heavy", small, taints=[taint], weight=50)
    light = pool("light", small, labels={"tier": "light"})
    tolerating = {"tolerations": [{"key": "team", "operator": "Exists"}]}

    def name(**spec: Any) -> str:
        (launch,) = planned([pod(**spec)], heavy, light).launches
        return str(launch.pool["metadata"]["name"])

    assert name() == "light"
    assert name(**tolerating) == "heavy"
    assert name(nodeSelector={"tier": "light"}, **tolerating) == "light"
    (why,) = planned([pod(nodeSelector={"tier": "none"})], heavy, light).refused.values()
    assert why == (
        'incompatible with nodepool "heavy", did not tolerate its taints; '
        'incompatible with nodepool "light", no instance type satisfied resources and requirements'
    )
    assert list(planned([pod()]).refused.values()) == ["no nodepools found"]


def test_values_of_labels_of_ones_own_are_a_choice_of_the_pods() -> None:
    own = pool("p", where(TYPE, "m7i.large"), where("acme.io/tier", "gold", "iron"))
    for tier in ("gold", "iron"):
        (launch,) = planned([pod(nodeSelector={"acme.io/tier": tier})], own).launches
        assert chosen(launch).labels["acme.io/tier"] == tier
    assert planned([pod(nodeSelector={"acme.io/tier": "lead"})], own).launches == ()


def test_spot_comes_first_where_it_may() -> None:
    both = pool("p", where(TYPE, "m7i.large"), where(MARKET, "on-demand", "spot"))
    (launch,) = planned([pod()], both).launches
    assert chosen(launch).labels[MARKET] == "spot"
    (launch,) = planned([pod(nodeSelector={MARKET: "on-demand"})], both).launches
    assert chosen(launch).labels[MARKET] == "on-demand"


def test_zones_take_turns() -> None:
    (launch,) = planned([pod()], pool("p", where(TYPE, "m7i.large"))).launches
    assert launch.chosen(Counter()).labels[karpenter.ZONE] == "us-east-1a"
    assert launch.chosen(Counter({"us-east-1a": 1})).labels[karpenter.ZONE] == "us-east-1b"


def test_limits_hold() -> None:
    limited = pool("gpu", where(TYPE, "p4d.24xlarge"), limits={"nvidia.com/gpu": "16", "cpu": 1000})
    pods = [pod(f"p{index}", requests={"nvidia.com/gpu": "8"}) for index in range(3)]
    plan = planned(pods, limited)
    assert len(plan.launches) == 2
    assert list(plan.refused.values()) == ['all available instance types exceed limits for nodepool: "gpu"']
    assert karpenter.left_of_limits(limited, [{"nvidia.com/gpu": 8000}]) == {
        "nvidia.com/gpu": 8000, "cpu": 1000000
    }  # fmt: skip


def test_what_is_on_its_way_counts() -> None:
    room = Room({"a": "b"}, (), {"cpu": 1500, "pods": 9000})
    pods = [pod("p1"), pod("p2")]
    plan = planned(pods, pool("p", where(TYPE, "m7i.large")), rooms=(room,))
    assert len(plan.launches) == 1
    assert [len(launch.pods) for launch in plan.launches] == [1]


def test_daemons_need_room_too() -> None:
    template = {"spec": {"containers": [{"resources": {"requests": {"cpu": "1500m"}}}]}}
    daemon = thing("DaemonSet", "agent", "kube-system", version="apps/v1", spec={"template": template})
    family = pool("p", where("karpenter.k8s.aws/instance-family", "m7i"))
    assert types(planned([pod()], family, daemons=(daemon,))) == ["m7i.xlarge"]
    template["spec"]["nodeSelector"] = {"none": "such"}  # type: ignore[assignment]
    assert types(planned([pod()], family, daemons=(daemon,))) == ["m7i.large"]


def test_a_claim_says_what_it_is_of() -> None:
    mine = pool("p", where(TYPE, "m7i.large"), where("acme.io/tier", "gold"), labels={"a": "b"})
    (launch,) = planned([pod()], mine).launches
    claim = claims.claim_of(launch, chosen(launch), "abcde")
    assert claim["metadata"]["name"] == "p-abcde"
    (owner,) = claim["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["blockOwnerDeletion"]) == ("NodePool", "p", True)
    labels = claims.node_of(claim, "1.35")["metadata"]["labels"]
    assert labels["a"] == "b"
    assert labels["acme.io/tier"] == "gold"
    assert labels[karpenter.POOL] == "p"
    assert labels["karpenter.k8s.aws/ec2nodeclass"] == "default"
    assert claim["spec"]["resources"]["requests"] == {"cpu": "1", "pods": "1"}
    assert launch.pods == [Ref("v1", "Pod", "one", "default")]


@pytest.mark.parametrize(
    ("text", "found"), [("30s", 30), ("1h30m", 5400), ("0s", 0), (None, 0), ("Never", None)]
)
def test_durations(text: str | None, found: float | None) -> None:
    assert karpenter.seconds(text) == found


@pytest.mark.parametrize(
    ("budgets", "total", "leaving", "found"),
    [
        (None, 5, 0, 1),
        ([], 5, 0, 5),
        ([{"nodes": "0"}], 5, 0, 0),
        ([{"nodes": "2"}, {"nodes": "100%"}], 5, 1, 1),
        ([{"nodes": "0", "reasons": ["Drifted"]}], 5, 0, 5),
        ([{"nodes": "0", "schedule": "@daily", "duration": "1h"}], 5, 0, 5),
    ],
)
def test_budgets(budgets: Any, total: int, leaving: int, found: int) -> None:
    mine = pool()
    mine["spec"]["disruption"] = {
        "consolidateAfter": "0s",
        **({} if budgets is None else {"budgets": budgets}),
    }
    assert karpenter.disruptions(mine, total, leaving) == found
