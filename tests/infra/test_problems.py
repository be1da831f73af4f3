import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.problems import ABSENT, BadInput, Problem, Wrong, did_you_mean, either, show


def test_a_problem_reads_as_a_sentence() -> None:
    problem = Problem("pools.train.max", 0, "is below min 2", "write a max of at least 2")
    assert str(problem) == "pools.train.max: 0 is below min 2; write a max of at least 2"


def test_what_was_not_written_is_not_shown() -> None:
    assert str(Problem("owner", ABSENT, "is missing", "write it")) == "owner: is missing; write it"


def test_null_was_written() -> None:
    assert str(Problem("owner", None, "is not text", "write text")) == "owner: null is not text; write text"


def test_bad_input_says_everything_and_survives_another_process() -> None:
    bad = BadInput([Problem("a", 1, "is wrong", "write 2"), Problem("b", 3, "is wrong", "write 4")])
    assert str(bad) == "a: 1 is wrong; write 2\nb: 3 is wrong; write 4"
    assert pickle.loads(pickle.dumps(bad)).problems == bad.problems


def test_wrong_becomes_a_problem_where_the_path_is_known() -> None:
    assert Wrong("is odd", "write 2").at("x", 1) == Problem("x", 1, "is odd", "write 2")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("dev", "dev"),
        ("16", '"16"'),
        ("true", '"true"'),
        ("", '""'),
        ("  ", '" "'),
        (True, "true"),
        (None, "null"),
        ({"a": [1]}, '{"a": [1]}'),
        ("x" * 100, "x" * 59 + "…"),
        ({(1, 2): 3}, "a dict"),
    ],
)
def test_values_are_shown_as_yaml_has_them(value: object, shown: str) -> None:
    assert show(value) == shown


def test_a_value_within_itself_is_shown() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert show(loop) == "a list"


@given(st.text())
def test_shown_text_is_one_short_line(text: str) -> None:
    shown = show(text)
    assert len(shown) <= 60
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("mim", ["min", "max"], "did you mean min?"),
        ("zzz", ["min", "max"], "write one of max, min"),
        (
            "zzz",
            [f"k{n:02}" for n in range(20)],
            "write one of k00, k01, k02, k03, k04, k05, k06, k07, k08, k09, ",
        ),
        ("zzz", [], "remove it"),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known).startswith(hint)


@pytest.mark.parametrize(
    ("words", "sentence"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_either(words: list[str], sentence: str) -> None:
    assert either(words) == sentence
