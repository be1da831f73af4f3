"""Where data and state are kept, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from infra import naming
from infra.environment import Environment, parse
from infra.environment.checks.together import together
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput
from tests.infra.environment.samples import ON_PREMISES, changed, small

SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:ecr-pullthroughcache/hub-AbCdEf"


def stack(storage: dict[str, Any] | None = None, name: str = "dev-data", **more: Any) -> Environment:
    section = {
        "owner": "me",
        "account": "111122223333",
        "storage": {"lake": {}} if storage is None else storage,
        **more,
    }
    return parse(name, {REGION: "us-east-1", SECTION: section})


def said(storage: dict[str, Any] | None = None, **more: Any) -> list[str]:
    try:
        stack(storage, **more)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


def test_a_data_stack_in_full() -> None:
    registry = {
        "repositories": ["training/base"],
        "pull_through": {"quay": {}, "ghcr": {"credentials": SECRET}},
    }
    lake = {"replicate": {"region": "eu-west-1"}, "expire": {"raw": "400d"}, "lock_models": "365d"}
    made = stack({"lake": lake, "registry": registry, "catalog": {}}, state={})
    assert made.is_data
    assert made.storage.lake is not None
    assert made.storage.lake.replicate is not None
    assert made.storage.lake.replicate.zones == ("curated", "models")


@pytest.mark.parametrize(
    ("storage", "problem"),
    [
        (
            {"lake": {"replicate": {"region": "us-east-1"}}},
            "storage.lake.replicate.region: us-east-1 is the lake's own region; write another one",
        ),
        ({"lake": {"replicate": {"region": "us-est-2"}}}, "us-est-2 is not a known region; did you mean"),
        ({"lake": {"replicate": {"region": "us-west-2", "zones": []}}}, "storage.lake.replicate.zones"),
        (
            {"lake": {"replicate": {"region": "us-west-2", "zones": ["raw", "raw"]}}},
            "has raw more than once; write each once",
        ),
        ({"lake": {"expire": {"raw": "36h"}}}, "storage.lake.expire.raw: 36h is not a whole number of days"),
        ({"lake": {"expire": {"row": "36d"}}}, "storage.lake.expire.row"),
        ({"lake": {"keep": "destroy", "lock_models": "3d"}}, "locks what keep: destroy would delete"),
        ({"lake": {"lock_models": "36501d"}}, "storage.lake.lock_models: 36501d is above 36500d"),
        (
            {"lake": {}, "registry": {}},
            "is empty, and there are no repositories either; write repositories or pull_through",
        ),
        (
            {"lake": {}, "registry": {"repositories": ["Base"]}},
            "storage.registry.repositories[0]: Base is not a name that ECR takes",
        ),
        ({"lake": {}, "registry": {"repositories": ["a--b"]}}, "a--b is not a name that ECR takes"),
        ({"lake": {}, "registry": {"repositories": ["a", "a"]}}, "has a more than once"),
        (
            {"lake": {}, "registry": {"repositories": ["a"], "mutable_tags": ["*a*"]}},
            "storage.registry.mutable_tags[0]",
        ),
        (
            {"lake": {}, "registry": {"repositories": ["a"], "mutable_tags": list("abcdef")}},
            "storage.registry.mutable_tags",
        ),
        (
            {"lake": {}, "registry": {"pull_through": {"docker": {}}}},
            "docker is not a known upstream registry; did you mean docker-hub?",
        ),
        (
            {"lake": {}, "registry": {"pull_through": {"ghcr": {}}}},
            "has ghcr, which serves nobody without credentials",
        ),
        (
            {"lake": {}, "registry": {"pull_through": {"quay": {"credentials": SECRET}}}},
            "has credentials for quay, which takes none; write quay: {}",
        ),
        (
            {"lake": {}, "registry": {"pull_through": {"ghcr": {"credentials": SECRET.replace("ecr-", "")}}}},
            "is not the ARN of a secret that ECR may read",
        ),
        (
            {
                "lake": {},
                "registry": {
                    "pull_through": {"ghcr": {"credentials": SECRET.replace("us-east-1", "us-east-2")}}
                },
            },
            "is in account 111122223333 and region us-east-2; keep the secret in account 111122223333 and",
        ),
        ({"catalog": {}}, "storage.catalog: describes tables in a lake that is not here"),
    ],
)
def test_data_that_cannot_be_kept_so(storage: dict[str, Any], problem: str) -> None:
    found = said(storage)
    assert any(problem in one for one in found), found


@pytest.mark.parametrize("section", ["lake", "registry", "catalog"])
def test_data_is_in_one_place(section: str) -> None:
    own = {"lake": {}, "registry": {"repositories": ["a"]}, "catalog": {}}[section]
    with pytest.raises(BadInput, match=f"keeps the {section} already, and storage.{section} is a second one"):
        small({"data": "dev-data", "storage": {section: own}})


@pytest.mark.parametrize(
    "more", [{"state": {"bucket": "a-bucket"}}, {"storage": {"registry": {"repositories": ["a"]}}}]
)
def test_an_existing_cluster_has_none_of_it(more: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="is only for platform aws"):
        parse("lab", {SECTION: changed(ON_PREMISES, more)})


def test_state_has_a_place_of_its_own_in_each_account_and_region() -> None:
    place = stack(state={}).state_place
    assert place is not None
    assert place.url == "s3://mlcluster-state-111122223333-us-east-1?region=us-east-1"
    assert place.secrets == "awskms://alias/mlcluster-state?region=us-east-1"
    other = stack(state={"region": "eu-west-1", "bucket": "ours", "key": "alias/team/state"}).state_place
    assert other is not None
    assert (other.url, other.secrets) == (
        "s3://ours?region=eu-west-1",
        "awskms://alias/team/state?region=eu-west-1",
    )
    assert stack().state_place is None


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({"bucket": "Has.Dots"}, "state.bucket: Has.Dots is not the name of a bucket"),
        ({"bucket": "xn--a"}, "state.bucket: xn--a is not the name of a bucket"),
        ({"bucket": "ours--x-s3"}, "is not the name of a bucket"),
        ({"bucket": "b" * 64}, "is 64 characters long; write at most 63"),
        ({"key": "mlcluster"}, "state.key: mlcluster is not the alias of a key of yours"),
        ({"key": "alias/aws/s3"}, "is not the alias of a key of yours"),
        ({"region": "eu-wst-1"}, "did you mean eu-west-1"),
        ({"keep_versions": "90m"}, "is not a whole number of days"),
        ({"bucket": "ours", "access_log": "ours"}, "state.access_log: ours would log into itself"),
    ],
)
def test_state_that_cannot_be_kept_so(state: dict[str, Any], problem: str) -> None:
    found = said(state=state)
    assert any(problem in one for one in found), found


def test_states_that_go_together() -> None:
    dev = small({"data": "dev-data", "storage": {}, "state": {}})
    assert together([dev, stack(state={})]) == []


@pytest.mark.parametrize("theirs", [{}, {"state": {"bucket": "elsewhere"}}])
def test_a_stack_reads_only_what_is_in_the_same_state(theirs: dict[str, Any]) -> None:
    dev = small({"data": "dev-data", "storage": {}, "state": {}})
    (problem,) = together([dev, stack(**theirs)])
    assert str(problem).startswith("dev: data: dev-data has its state elsewhere")


def test_a_bucket_is_in_one_account_and_region() -> None:
    one, other = (
        stack(name=name, state={"bucket": "ours", "region": region})
        for name, region in (("a", "us-east-1"), ("b", "eu-west-1"))
    )
    (problem,) = together([one, other])
    assert str(problem).startswith(
        "b: state.bucket: ours is in account 111122223333 and region us-east-1 for a;"
    )


def test_names_in_ecr_are_legal_and_each_environments_own() -> None:
    environments = [
        "dev",
        "a--b",
        "a-b",
        "mlcluster",
        "x" * 24,
        "x" * 23,
        "hyperscale-data-of-more",
        "abcdef0123",
    ]
    roots = [naming.cache_root(one) for one in environments]
    assert len(set(roots)) == len(environments)
    assert naming.cache_root("dev") == "dev"
    assert "mlcluster" not in roots
    for one in environments:
        for name in (naming.cache(one, "docker-hub"), naming.repository(one, "base")):
            assert "--" not in name
            assert not name.startswith("-")
        assert len(naming.cache(one, "docker-hub")) <= 30
    assert naming.repository("dev", "training/base") == "mlcluster/dev/training/base"
    assert naming.database("prod-data") == "mlcluster_prod_data"
