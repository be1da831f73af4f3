"""Who enters a cluster, what one that exists has, and what is said of mistakes in that."""

from __future__ import annotations

from typing import Any

import pytest

from infra.problems import BadInput
from tests.infra.environment.samples import MISSING, on_premises, problems_of, small

LOGIN = {"issuer": "https://login.example.com", "client_id": "kubernetes"}
ROLE = "arn:aws:iam::111122223333:role/science/fraud"


def lab_problems(changes: dict[str, Any]) -> list[str]:
    try:
        on_premises(changes)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


def test_a_provider_says_the_least_it_must() -> None:
    oidc = getattr(small({"cluster.oidc": LOGIN}).cluster, "oidc", None)
    assert oidc is not None
    assert (oidc.groups_claim, oidc.groups_prefix) == ("groups", "oidc:")
    assert (oidc.username_claim, oidc.username_prefix) == ("sub", "oidc:")


def test_members_enter_by_a_provider_or_by_iam() -> None:
    team = small({"teams.fraud.members": ["oidc:fraud", ROLE]}).teams["fraud"]
    assert (team.groups, team.principals) == (("oidc:fraud",), (ROLE,))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"cluster.oidc": {**LOGIN, "issuer": "http://login.example.com"}},
            "cluster.oidc.issuer: http://login.example.com is not the address of an issuer; write it as its",
        ),
        (
            {"cluster.oidc": {**LOGIN, "issuer": "https://login.example.com/?a=b"}},
            "is not the address of an issuer",
        ),
        (
            {"cluster.oidc": {"issuer": "https://x.org"}},
            "cluster.oidc.client_id: is missing; write it: The audience that its tokens",
        ),
        (
            {"cluster.oidc": {**LOGIN, "groups_prefix": "oidc"}},
            "cluster.oidc.groups_prefix: oidc is not a prefix; write small letters and digits and a colon",
        ),
        *(
            (
                {"cluster.oidc": {**LOGIN, "groups_prefix": prefix}},
                f"cluster.oidc.groups_prefix: {prefix} is a prefix of groups that have rights of their own",
            )
            for prefix in ("system:", "mlcluster:", "eks:")
        ),
        (
            {"cluster.oidc": {**LOGIN, "groups_prefix": "login:"}},
            "teams.fraud.members[0]: oidc:fraud does not begin with login:, so no group of the identity",
        ),
        (
            {"cluster.hosted_zones": ["example.com"]},
            "cluster.hosted_zones[0]: example.com is not the id of a hosted zone; write what Route 53 shows",
        ),
        (
            {"cluster.hosted_zones": ["Z1", "Z1"]},
            "cluster.hosted_zones: has Z1 more than once; write each once",
        ),
        (
            {"cluster.zonal_shift": "yes"},
            "cluster.zonal_shift: yes is neither true nor false; write true or false, without quotes",
        ),
        (
            {"teams.fraud.members": ["arn:aws:sts::111122223333:assumed-role/fraud/me"]},
            "is not the ARN of an IAM role or user; write the role's own, not a session's, such as",
        ),
        (
            {"cluster.admins": [ROLE], "teams.fraud.members": [ROLE]},
            f"teams.fraud.members[0]: {ROLE} is among cluster.admins, who may do everything anyway",
        ),
        (
            {"cluster.nodes": {"gpu": {"count": 1, "cpu": 8, "memory": "64GiB"}}},
            "cluster.nodes: is only for platform kubernetes; remove it, or write platform: kubernetes",
        ),
    ],
)
def test_a_mistake_at_aws_is_one_problem(changes: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(changes)
    assert said in problem.replace('["Z1", "Z1"] ', "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cluster.oidc": LOGIN}, "cluster.oidc: is only for platform aws; remove it"),
        ({"cluster.hosted_zones": ["Z1"]}, "cluster.hosted_zones: is only for platform aws; remove it"),
        ({"cluster.zonal_shift": True}, "cluster.zonal_shift: is only for platform aws; remove it"),
        (
            {"teams.fraud.members": [ROLE]},
            f"teams.fraud.members[0]: {ROLE} is an ARN, which means nothing outside platform aws",
        ),
        (
            {"cluster.nodes": {"gpu": {"count": 0, "cpu": 8, "memory": "64GiB"}}},
            "cluster.nodes.gpu.count: 0 is below 1",
        ),
    ],
)
def test_a_mistake_on_an_existing_cluster_is_one_problem(changes: dict[str, Any], said: str) -> None:
    (problem,) = lab_problems(changes)
    assert said in problem


NODES = {
    "cpu": {"count": 2, "cpu": 4, "memory": "16GiB"},
    "gpu": {"count": 1, "gpus": 1, "cpu": "500m", "memory": "1GiB"},
}


def test_quotas_are_held_against_what_an_existing_cluster_is_said_to_have() -> None:
    assert lab_problems({}) == [], "what is not said is not known"
    assert lab_problems({"cluster.nodes": NODES}) == []
    (gpus,) = lab_problems({"cluster.nodes": NODES, "teams.fraud.gpus": 2})
    assert gpus == (
        "teams: may use 2 gpus together; cluster.nodes have 1; lower gpus of some, "
        "or write the nodes that lack"
    )
    (cpu,) = lab_problems({"cluster.nodes": NODES, "teams.fraud.cpu": 9})
    assert "may use 9 cpu together; cluster.nodes have 8.5" in cpu
    (memory,) = lab_problems({"cluster.nodes": NODES, "teams.fraud.memory": "34GiB"})
    assert "may use 34GiB memory together; cluster.nodes have 33GiB" in memory


def test_nobody_is_in_the_groups_of_a_provider_that_there_is_not() -> None:
    assert problems_of({"cluster.oidc": MISSING}) == [
        (
            "teams.fraud.members[0]: oidc:fraud is a group of an identity provider, and there is none; "
            "write cluster.oidc, the provider that it is a group of, or the ARNs of IAM roles"
        )
    ]
    assert problems_of({"cluster.oidc": MISSING, "teams.fraud.members": [ROLE]}) == []
    assert on_premises().teams, "a cluster that exists has its own"
