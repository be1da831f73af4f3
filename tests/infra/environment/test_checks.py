"""Mistakes that only show between sections."""

from typing import Any

import pytest

from infra.environment import Environment, parse
from infra.environment.checks.together import together
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput
from tests.infra.environment.samples import MISSING, on_premises, problems_of, small

LAKE_ONLY: dict[str, Any] = {"owner": "me", "account": "111122223333", "storage": {"lake": {}}}

ONE_PROBLEM: list[tuple[dict[str, Any], str]] = [
    (
        {"account": MISSING},
        "account: is missing, which platform aws needs; write the number of the only account",
    ),
    (
        {"cluster.version": MISSING},
        'cluster.version: is missing, which platform aws needs; write a Kubernetes version, such as "1.35"',
    ),
    (
        {"cluster.context": "kind-lab"},
        "cluster.context: is only for platform kubernetes; remove it, or write platform",
    ),
    (
        {"network": MISSING},
        "network: is missing, and the cluster needs one; write network: {cidr: 10.40.0.0/16}",
    ),
    (
        {"pools.system.min": 0},
        "pools: has no pool with min of at least 1 and no taints, for the add-ons; write one",
    ),
    (
        {"pools.system.taints": [{"key": "a"}]},
        "pools: has no pool with min of at least 1 and no taints, for the add-ons; write one such as system:",
    ),
    (
        {"pools.gpu.image": {"release": "1.34.2-20260720"}},
        "pools.gpu.image.release: 1.34.2-20260720 is for Kubernetes 1.34, and the cluster is 1.35; write",
    ),
    (
        {"pools.gpu.huge_pages": "10GiB", "teams.fraud.memory": "40GiB"},
        "teams.fraud.memory: 40GiB is above",
    ),
    (
        {"network.zones": ["us-east-1a", "us-east-2b"]},
        "network.zones[1]: us-east-2b is not a zone of us-east-1 that EKS can use; did you mean us-east-1",
    ),
    (
        {"network.zones": 6},
        "network.zones: 6 is more than the 5 zones that us-east-1 has for EKS; write 5 or fewer",
    ),
    (
        {"pools.gpu.zone": "us-east-1c"},
        "pools.gpu.zone: us-east-1c is not a zone of the network; did you mean us-east-1",
    ),
    (
        {"network.cidr": "10.0.0.0/24"},
        "network.cidr: 10.0.0.0/24 is too small for 2 zones; write a /22 or larger",
    ),
    (
        {"network.cidr": "10.0.0.0/20", "pools.system.max": 200},
        "leaves 1019 addresses in us-east-1a, where the pools at their largest and 64 others need 3082",
    ),
    (
        {"pools.gpu": {"instances": ["p4d.24xlarge"], "max": 1000, "zone": "us-east-1b"}},
        "others need 21124 addresses; give pods a range of their own, network.pods: 100.64.0.0/15",
    ),
    (
        {"data": "dev-data"},
        "data: dev-data keeps the lake already, and storage.lake is a second one; remove storage.lake",
    ),
    ({"data": "dev", "storage": {}}, "data: dev is this very stack; write the stack that keeps the data"),
    (
        {"teams.fraud.gpus": 3},
        "teams.fraud.gpus: 3 is above 2 GPUs, all that the pools hold at their largest; lower it",
    ),
    (
        {"teams.fraud.cpu": 16},
        "teams.fraud.cpu: 16 is above 15.56 vCPUs, all that the pools hold at their largest",
    ),
    (
        {"teams.fraud.memory": "1TiB"},
        "teams.fraud.memory: 1TiB is above 54GiB, all that the pools hold at their largest",
    ),
    (
        {"teams.search": {"members": ["oidc:b"], "gpus": 2, "cpu": 1, "memory": "1GiB"}},
        "teams: may use 3 gpus together, above 2 GPUs, all that the pools hold at their largest; lower gpus",
    ),
    (
        {"cluster": MISSING, "network": MISSING, "pools": MISSING},
        "teams: needs a cluster; write the cluster, or remove teams",
    ),
]


@pytest.mark.parametrize(("changes", "said"), ONE_PROBLEM, ids=[said[:60] for _, said in ONE_PROBLEM])
def test_one_mistake_is_one_problem(changes: dict[str, Any], said: str) -> None:
    problems = problems_of(changes)
    assert len(problems) == 1, problems
    assert said in problems[0]


def test_quotas_may_use_all_that_there_is() -> None:
    assert problems_of({"teams.fraud.gpus": 2, "teams.fraud.cpu": 15.56}) == []


def test_a_stack_for_nothing() -> None:
    with pytest.raises(
        BadInput, match=r"cluster: is missing, and there is no storage.lake either; write a cluster"
    ):
        parse("dev", {REGION: "us-east-1", SECTION: {"owner": "me", "account": "111122223333"}})


def test_512_training_nodes_fit_one_zone_of_the_largest_network() -> None:
    train = {"instances": ["p4d.24xlarge"], "max": 512, "zone": "us-east-1a"}
    assert problems_of({"pools.train": train, "network.zones": 3}) == []


def test_an_existing_cluster() -> None:
    env = on_premises()
    assert (env.platform, env.region, list(env.teams)) == ("kubernetes", None, ["fraud"])


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "111122223333"},
        {"data": "lab-data"},
        {"network": {"cidr": "10.0.0.0/16"}},
        {"pools": {"system": {"instances": ["m7i.large"]}}},
        {"storage": {"lake": {}}},
        {"budget": {"monthly": 1, "notify": ["a@b.org"]}},
        {"cluster": {"context": "x", "version": "1.35"}},
        {"cluster": {"context": "x", "log_retention": "30d"}},
    ],
    ids=lambda changes: str(next(iter(changes))),
)
def test_an_existing_cluster_takes_nothing_that_would_be_ignored(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="is only for platform aws; remove it, or write platform: aws"):
        on_premises(changes)


def test_an_existing_cluster_needs_a_context() -> None:
    with pytest.raises(BadInput, match=r"cluster\.context: is missing, which platform kubernetes needs"):
        on_premises({"cluster": {}})


def lake_stack(name: str, **changes: str) -> Environment:
    return parse(name, {REGION: changes.pop("region", "us-east-1"), SECTION: {**LAKE_ONLY, **changes}})


def test_environments_that_go_together() -> None:
    dev = small({"data": "dev-data", "storage": {}})
    assert together([dev, lake_stack("dev-data")]) == []


def test_environments_with_one_network() -> None:
    other = parse(
        "other", {REGION: "us-east-1", SECTION: small().model_dump(mode="json", exclude={"name", "region"})}
    )
    (problem,) = together([small(), other])
    assert str(problem).startswith(
        "other: network.cidr: 10.10.0.0/16 overlaps 10.10.0.0/16, the network of dev;"
    )


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "dev: data: dev-data is not a stack that keeps data; remove it"),
        (
            [lake_stack("dev-dat")],
            "dev: data: dev-data is not a stack that keeps data; did you mean dev-dat?",
        ),
        (
            [lake_stack("dev-data", account="999999999999")],
            (
                "dev: data: dev-data is in account 999999999999 and region us-east-1; "
                "write a stack of account 111122223333 and region us-east-1"
            ),
        ),
        (
            [lake_stack("dev-data", region="us-east-2")],
            (
                "dev: data: dev-data is in account 111122223333 and region us-east-2; "
                "write a stack of account 111122223333 and region us-east-1"
            ),
        ),
    ],
    ids=["none", "misspelt", "account", "region"],
)
def test_data_stacks_that_are_not_there(others: list[Environment], said: str) -> None:
    dev = small({"data": "dev-data", "storage": {}})
    assert [str(problem) for problem in together([dev, *others])] == [said]
