"""Whatever is written, the answer is an environment or problems in plain words: never a traceback."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog.instances import shapes
from infra.catalog.regions import regions, zones
from infra.environment import Environment, available, find, load, parse
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput
from tests.infra.environment.samples import ROOT

CONFIGS = {name: yaml.safe_load(find(name, ROOT).read_text())["config"] for name in available(ROOT)}
WORDS = [
    *Environment.model_fields,
    *("dev", "", "secure", "aws", "kubernetes", "3", "1.35", "500GiB", "7d", "10.0.0.0/8", "10.40.0.0/28"),
    *("us-east-1a", "p4d.24xlarge", "m7i.large", "spot", "none", "raw", "system:masters", "x" * 300),
]

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.sampled_from(sorted(shapes())),
    st.text(max_size=20),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), inner, max_size=4),
    ),
    max_leaves=12,
)


def judged(read: Callable[[], Environment]) -> Environment | BadInput:
    """What comes of reading an environment; anything but these two is a traceback."""
    try:
        return read()
    except BadInput as bad:
        said(bad)
        return bad


def outcome(name: str, config: Any) -> None:
    """Parses, and looks at what is said."""
    before = repr(config)
    judged(lambda: parse(name, config))
    assert repr(config) == before


def said(bad: BadInput) -> None:
    assert bad.problems
    for problem in bad.problems:
        assert problem.path
        assert problem.message
        assert problem.hint
        assert "is not right" not in problem.message, f"no words for this: {problem}"
        assert len(str(problem).splitlines()) == 1


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30), values)
def test_any_configuration(name: str, config: object) -> None:
    outcome(name, config)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(values, st.sampled_from(regions())),
    st.dictionaries(st.sampled_from(list(Environment.model_fields)), values),
)
def test_any_environment(region: object, section: dict[str, object]) -> None:
    outcome("dev", {REGION: region, SECTION: section})


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values within a value."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real configuration with up to three values replaced, removed, renamed or doubled."""
    config: Any = copy.deepcopy(CONFIGS[draw(st.sampled_from(sorted(CONFIGS)))])
    for _ in range(draw(st.integers(1, 3))):
        *sections, key = draw(st.sampled_from(list(places(config))))
        inside = config
        for section in sections:
            inside = inside[section]
        match draw(st.sampled_from(("replace", "remove", "rename"))):
            case "remove" if len(config) > 1:
                del inside[key]
            case "rename" if isinstance(inside, dict):
                inside[draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)))] = inside.pop(key)
            case _:
                inside[key] = draw(values)
    return config


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_real_environments_with_other_values(config: Any) -> None:
    outcome("dev", config)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "Pulumi.dev.yaml"


def outcome_of_file(file: Path, content: bytes) -> None:
    """Loads, and looks at what is said."""
    file.write_bytes(content)
    answer = judged(lambda: load(file))
    if isinstance(answer, BadInput):
        assert all(problem.path.startswith(str(file)) for problem in answer.problems)


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_file(file: Path, content: bytes) -> None:
    outcome_of_file(file, content)


@settings(max_examples=150, deadline=None)
@given(value=values)
def test_any_yaml(file: Path, value: object) -> None:
    outcome_of_file(file, yaml.safe_dump({"config": {SECTION: value}}, allow_unicode=True).encode())


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_real_files_with_a_few_characters_changed(file: Path, data: st.DataObject) -> None:
    text = find(data.draw(st.sampled_from(available(ROOT))), ROOT).read_text()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 5))
        text = text[:start] + data.draw(st.text("{}[]:,&*!|>'\"%@`#- \n\tx0", max_size=4)) + text[end:]
    outcome_of_file(file, text.encode())


@st.composite
def sound(draw: st.DrawFn) -> Any:
    """The parts of an environment that are right by themselves; between sections it may be wrong."""
    region = draw(st.sampled_from(regions()))
    pool = st.fixed_dictionaries(
        {"instances": st.sampled_from(sorted(shapes())).map(lambda name: [name])},
        optional={
            "max": st.integers(1, 5000),
            "capacity": st.sampled_from(["on-demand", "spot"]),
            "zone": st.sampled_from(zones(region)),
            "disk": st.integers(20, 16384).map(lambda size: f"{size}GiB"),
            "taints": st.just([]),
        },
    )
    team = st.fixed_dictionaries(
        {
            "members": st.just(["oidc:some"]),
            "cpu": st.integers(1, 64),
            "memory": st.integers(1, 256).map(lambda size: f"{size}GiB"),
            "gpus": st.integers(0, 8),
        }
    )
    names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
    section = {
        "owner": "me",
        "account": "111122223333",
        "network": {"cidr": f"10.0.0.0/{draw(st.integers(16, 24))}", "zones": 2},
        "cluster": {"version": "1.35"},
        "pools": {
            "system": {"instances": ["m7i.4xlarge"], "min": 2},
            **draw(st.dictionaries(names, pool, max_size=3)),
        },
        "teams": draw(st.dictionaries(names, team, max_size=3)),
    }
    return {REGION: region, SECTION: section}


@settings(max_examples=150, deadline=None)
@given(sound())
def test_what_is_right_is_an_environment_that_survives_being_written(config: Any) -> None:
    env = judged(lambda: parse("dev", config))
    if isinstance(env, BadInput):
        assert all(problem.path.startswith(("network.cidr", "pools", "teams")) for problem in env.problems)
        return
    written = env.model_dump(mode="json", exclude={"name", "region"})
    assert parse("dev", {REGION: env.region, SECTION: written}) == env
