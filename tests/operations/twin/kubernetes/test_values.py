"""Merging, comparing and projecting manifests."""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.twin.backend import UNKNOWN
from operations.twin.kubernetes import values

KEYS = st.sampled_from("abcd")
JSON = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.sampled_from(["", "x", "500m"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


@given(OBJECTS)
def test_nothing_differs_from_itself(value: dict[str, Any]) -> None:
    assert not list(values.differences(value, value))


@given(OBJECTS, OBJECTS)
def test_values_without_differences_are_equal(old: dict[str, Any], new: dict[str, Any]) -> None:
    if not list(values.differences(old, new)):
        assert old == new


@given(OBJECTS, OBJECTS)
def test_what_is_laid_over_shows(base: dict[str, Any], change: dict[str, Any]) -> None:
    result = values.merged(base, change)
    assert values.as_given(change, result) == change
    assert result.keys() == base.keys() | change.keys()


@given(OBJECTS, OBJECTS)
def test_what_is_given_no_more_goes(base: dict[str, Any], given_before: dict[str, Any]) -> None:
    live = values.merged(base, given_before)
    rest = values.without(live, given_before, {})
    assert not {key for key in rest if key in given_before and not isinstance(given_before[key], dict)}
    assert {key: rest[key] for key in base if key not in given_before} == {
        key: base[key] for key in base if key not in given_before
    }


def test_unknown_values_always_differ() -> None:
    assert list(values.differences({"a": {"b": 1}}, {"a": {"b": UNKNOWN}})) == [("a", "b")]


def test_true_is_not_one() -> None:
    assert list(values.differences({"a": True}, {"a": 1})) == [("a",)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", Fraction(1, 2)),
        ("4Ti", Fraction(4 * 1024**4)),
        ("1e3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("0.5Gi", Fraction(512 * 1024**2)),
        ("12", Fraction(12)),
        ("true", None),
        ("", None),
        (12, None),
    ],
)
def test_quantities(text: object, number: Fraction | None) -> None:
    assert values.quantity(text) == number


def test_the_servers_spelling_of_the_same_amount_is_not_drift() -> None:
    given_inputs = {"hard": {"cpu": "1000m", "memory": "4Ti"}, "scopes": [], "name": "x"}
    live = {"hard": {"cpu": "1", "memory": "5Ti", "pods": "3"}, "name": "x", "uid": "1"}
    assert values.as_given(given_inputs, live) == {
        "hard": {"cpu": "1000m", "memory": "5Ti"}, "scopes": [], "name": "x"
    }  # fmt: skip


def test_a_removed_member_is_drift() -> None:
    assert values.as_given({"labels": {"a": "1", "b": "2"}}, {"labels": {"a": "1"}}) == {"labels": {"a": "1"}}


def test_plain_drops_nulls_and_makes_whole_numbers_integers() -> None:
    assert values.plain({"a": 3.0, "b": None, "c": [1.5, {"d": None}]}) == {"a": 3, "c": [1.5, {}]}
    assert isinstance(values.plain(3.0), int)


def test_secret_strings_are_encoded_as_the_server_does() -> None:
    secret = {"kind": "Secret", "stringData": {"key": "value", "later": UNKNOWN}, "data": {"old": "eA=="}}
    encoded = values.with_encoded_secrets(secret)
    assert "stringData" not in encoded
    assert encoded["data"] == {"old": "eA==", "key": base64.b64encode(b"value").decode(), "later": UNKNOWN}
    assert values.with_encoded_secrets({"kind": "ConfigMap", "stringData": {}}) == {
        "kind": "ConfigMap", "stringData": {}
    }  # fmt: skip
