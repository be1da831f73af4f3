import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming
from infra.catalog.regions import regions
from infra.environment.storage.lake import LAKE_ZONES

label = st.from_regex(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?", fullmatch=True)
anything = st.one_of(label, st.text(max_size=80))
# Few letters, so that boundaries between parts fall in all places.
confusing = st.lists(st.text("ab-", max_size=4), min_size=1, max_size=4).map(tuple)


@given(anything, st.lists(anything, max_size=4), st.integers(24, 255))
def test_names_are_legal_and_within_the_limit(environment: str, parts: list[str], limit: int) -> None:
    name = naming.physical(environment, *parts, limit=limit)
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)
    assert len(name) <= limit
    assert name.startswith("mlcluster-")


@given(confusing, confusing)
def test_different_parts_have_different_names(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (naming.physical(*one) == naming.physical(*other)) == (one == other)


@given(label, label)
def test_no_parts_that_look_like_a_hash_take_the_name_of_hashed_ones(environment: str, part: str) -> None:
    hashed = naming.physical(environment, part.upper() + "-")
    assert naming.physical(*hashed.split("-")[1:]) != hashed


@given(label, label, label)
def test_names_that_are_too_long_stay_different(environment: str, one: str, other: str) -> None:
    names = {naming.physical(environment, "x" * 60, part) for part in (one, other)}
    assert len(names) == len({one, other})


@given(label)
def test_the_environment_can_be_read_in_its_names(environment: str) -> None:
    assert naming.physical(environment).startswith(f"mlcluster-{re.sub('-+', '-', environment)}")


def test_plain_parts_are_just_joined() -> None:
    assert naming.physical("dev", "node", "train") == "mlcluster-dev-node-train"


def test_names_do_not_change() -> None:
    """A name that changes replaces what bears it."""
    assert naming.physical("prod-data", "lake") == "mlcluster-prod-data-lake-5ddcc98782"
    assert naming.prefix("dev", "train") == "mlcluster-dev-train-"


def test_a_limit_without_room_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="20 characters"):
        naming.physical("a-b", limit=19)


@given(label, label)
def test_prefixes_leave_room_for_what_the_provider_adds(environment: str, pool: str) -> None:
    prefix = naming.prefix(environment, pool)
    assert len(prefix) <= 63 - 26
    assert prefix.endswith("-")


accounts = st.from_regex(r"[0-9]{12}", fullmatch=True)


@given(accounts, st.sampled_from(regions()), label, st.sampled_from(LAKE_ZONES))
def test_bucket_names_follow_the_rules_of_s3(account: str, region: str, environment: str, zone: str) -> None:
    name = naming.bucket(account, region, environment, zone)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
    assert not name.endswith(("-s3alias", "--ol-s3", "--x-s3", "--table-s3"))


buckets = st.tuples(accounts, st.sampled_from(regions()), confusing.map("".join), st.sampled_from(LAKE_ZONES))


@given(buckets, buckets)
def test_different_lakes_have_different_buckets(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (naming.bucket(*one) == naming.bucket(*other)) == (one == other)


def test_buckets_of_one_account_differ_by_region_environment_and_zone() -> None:
    names = [
        naming.bucket("111122223333", region, environment, zone)
        for region in regions()
        for environment in ("dev", "dev-data", "prod")
        for zone in LAKE_ZONES
    ]
    assert all(one != other for one, other in combinations(names, 2))
