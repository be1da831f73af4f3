from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.twin.aws import values
from operations.twin.backend import UNKNOWN

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS,
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=12,
)


@given(TREES)
def test_everything_equals_itself(tree: Any) -> None:
    assert values.same(tree, tree)
    assert values.changed_paths({"a": tree}, {"a": tree}) == ()
    assert values.reconcile(tree, tree) == tree


@given(st.lists(TREES, max_size=5), st.randoms(use_true_random=False))
def test_lists_are_sets_unless_their_order_matters(items: list[Any], chance: random.Random) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert values.same(items, shuffled)
    assert values.same(items, shuffled, ordered=True) == (items == shuffled)


@given(TREES)
def test_unknown_equals_nothing_not_even_itself(tree: Any) -> None:
    assert not values.same(UNKNOWN, tree)
    assert not values.same([UNKNOWN], [UNKNOWN])
    assert values.unknown({"a": [tree, {"b": UNKNOWN}]})


def test_json_is_compared_by_content() -> None:
    assert values.same('{"a": 1, "b": [1]}', '{"b":[1],"a":1}')
    assert not values.same('{"a": 1}', '{"a": 2}')
    assert not values.same("{not json", "{ not json")


def test_changes_are_named_by_their_path() -> None:
    old = {"config": {"mode": "a", "kept": 1}, "list": [{"x": 1}], "gone": 1}
    new = {"config": {"mode": "b", "kept": 1, "more": {"deep": 2}}, "list": [{"x": 2}], "many": [1, 2]}
    found = values.changed_paths(old, new)
    assert found == ("config.mode", "config.more.deep", "gone", "list.x", "many")
    assert values.changed_paths(None, {"a": {"b": 1}}, "top") == ("top.a.b",)


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b", True), ("a.b.c", True), ("a", True), ("a.bc", False), ("x", False), ("d", True), ("d.e", True)],
)
def test_paths_are_compared_by_their_parts(path: str, found: bool) -> None:
    assert values.under(path, frozenset({"a.b", "d"})) is found


def test_more_than_was_wanted_is_fine_inside_objects_only() -> None:
    assert values.covers({"a": 1, "default": 2}, {"a": 1})
    assert values.covers([{"a": 1, "default": 2}], [{"a": 1}])
    assert not values.covers([{"a": 1}, {"a": 2}], [{"a": 1}])
    assert values.covers({"a": True}, {"a": "true"})
    assert values.covers({}, {"off": False, "none": []})
    assert not values.covers({}, {"on": True})


def test_what_exists_is_spelled_as_it_was_wanted() -> None:
    have = {"list": ["b", "a"], "json": '{"a":1}', "number": 1, "default": 9, "drifted": "x"}
    want = {"list": ["a", "b"], "json": '{ "a": 1 }', "number": "1", "drifted": "y"}
    assert values.reconcile(have, want) == {**want, "default": 9, "drifted": "x"}
    assert values.observed(have, want) == {**want, "drifted": "x"}


@given(TREES)
def test_pruning_leaves_no_none(tree: Any) -> None:
    def nones(value: Any) -> bool:
        if isinstance(value, dict):
            return any(item is None or nones(item) for item in value.values())
        return isinstance(value, list) and any(nones(item) for item in value)

    assert not nones(values.prune({"tree": tree}) or {})


def test_tags_of_aws_itself_are_not_ours() -> None:
    listed = [{"Key": "aws:x", "Value": "1"}, {"Key": "a", "Value": "1"}]
    assert values.tag_map(listed) == values.tag_map({"aws:x": "1", "a": "1"}) == {"a": "1"}
    assert values.tag_map(None) == {}
