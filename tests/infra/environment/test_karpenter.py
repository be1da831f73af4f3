"""What Karpenter cannot do for a pool, told before it is tried."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment.checks import run
from tests.infra.environment.samples import problems_of, small

EFA: dict[str, Any] = {"instances": ["p4d.24xlarge"], "zone": "us-east-1a", "max": 2}
GROUP = "arn:aws:resource-groups:us-east-1:111122223333:group/reserved"

REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"min": 1, "max": 2},
        (
            "pools.gpu.min: 1 keeps nodes without pods, which Karpenter does not: it makes nodes for pods "
            "that wait; leave min out, or write scaling: managed"
        ),
    ),
    (
        {"huge_pages": "2GiB"},
        (
            "pools.gpu.huge_pages: 2GiB takes memory that Karpenter would count on, and so start nodes that "
            "pods do not fit on; leave it out, or write scaling: managed"
        ),
    ),
    (
        {**EFA, "capacity": {"reservation": GROUP}},
        (
            f"pools.gpu.capacity.reservation: {GROUP[:59]}… is a group of reservations, and Karpenter takes "
            "them one by one; write a reservation's id in a pool of its own, or scaling: managed"
        ),
    ),
    (
        {"labels": {"karpenter.sh/nodepool": "x"}},
        (
            'pools.gpu.labels["karpenter.sh/nodepool"]: x is a label that Karpenter keeps for itself; choose '
            "a prefix of your own, such as example.com/tier"
        ),
    ),
    (
        {"labels": {"a.karpenter.k8s.aws/b": "x"}},
        'pools.gpu.labels["a.karpenter.k8s.aws/b"]: x is a label that Karpenter keeps for itself; choose',
    ),
    ({"warm": {"min": 1}}, "pools.gpu.warm: "),
    ({"repair": {}}, "pools.gpu.repair: "),
    (
        {"disruption": {"budgets": [{"schedule": "0 9 * * 1-5"}]}},
        "pools.gpu.disruption.budgets[0]: {} has schedule and no lasts; write lasts too",
    ),
    (
        {"disruption": {"budgets": [{"lasts": "8h"}]}},
        "pools.gpu.disruption.budgets[0]: {} has lasts and no schedule; write schedule too",
    ),
    (
        {"disruption": {"budgets": [{"schedule": "0 9 * * 1-5", "lasts": "90s"}]}},
        "pools.gpu.disruption.budgets[0].lasts: 90s is not a number of whole minutes; write one",
    ),
    (
        {"disruption": {"budgets": [{"schedule": "0 25 * * *", "lasts": "8h"}]}},
        "pools.gpu.disruption.budgets[0].schedule: 0 25 * * * has 25 for the hour; write *, or numbers",
    ),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_one_clear_error(given: dict[str, Any], told: str) -> None:
    pool = {"instances": ["g6.xlarge"], "max": 2, "scaling": "karpenter", **given}
    (found,) = problems_of({"pools.gpu": pool})
    head, _, tail = told.partition("{}")
    assert found.startswith(head)
    assert tail in found


@pytest.mark.parametrize("given", [{}, {"capacity": "spot"}, {"expire_after": "30d"}, {**EFA, "efa": True}])
def test_the_rest_is_one_word_away(given: dict[str, Any]) -> None:
    pool = {"instances": ["g6.xlarge"], "max": 2, **given}
    assert problems_of({"pools.gpu": {**pool, "scaling": "karpenter"}}) == []


def test_what_is_only_karpenters_is_not_for_managed_pools() -> None:
    (found,) = problems_of({"pools.gpu": {"instances": ["g6.xlarge"], "max": 2, "expire_after": "30d"}})
    assert found.startswith("pools.gpu.expire_after: 30d is for Karpenter, and the pool is a managed one")


def test_managed_pools_may_have_all_of_it() -> None:
    pool = {"instances": ["g6.xlarge"], "min": 1, "max": 2, "huge_pages": "2GiB"}
    assert run(small({"pools.gpu": pool})) == []


def test_karpenter_needs_managed_nodes_to_run_on() -> None:
    found = problems_of({"pools.system": {"instances": ["m7i.large"], "max": 4, "scaling": "karpenter"}})
    assert any("has no pool with min of at least 1 and no taints" in one for one in found)
