"""The schedule: list scheduling over dependencies, and the chain that its length hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.latencies import Latency
from infra.resources import RecordedResource
from operations.schedule import CycleError, Direction, Timeline, timeline

UNBOUNDED = 10_000


def node(
    name: str,
    seconds: float = 1,
    needs: tuple[str, ...] = (),
    *,
    custom: bool = True,
    parent: str | None = None,
    retain: bool = False,
) -> RecordedResource:
    """A resource whose type says how long it takes: ``test:3`` takes 3 s to make and 6 s to remove."""
    return RecordedResource(
        urn=name,
        type=f"test:{seconds}",
        name=name,
        parent=parent,
        dependencies=needs,
        custom=custom,
        retain_on_delete=retain,
    )


def seconds_of(type_token: str, _: Mapping[str, Any]) -> Latency:
    create = float(type_token.partition(":")[2])
    return Latency(create_s=create, update_s=0, delete_s=2 * create, source="test", estimate=False)


def schedule(
    *resources: RecordedResource, direction: Direction = "up", parallelism: int = UNBOUNDED
) -> Timeline:
    return timeline(resources, direction, parallelism, seconds_of)


@st.composite
def graphs(draw: st.DrawFn) -> list[RecordedResource]:
    """Graphs without circles, in any order; some resources are components, some have a parent or are kept."""
    count = draw(st.integers(0, 25))
    made: list[RecordedResource] = []
    for i in range(count):
        earlier = [r.urn for r in made]
        some = st.lists(st.sampled_from(earlier), unique=True, max_size=4) if earlier else st.just([])
        made.append(
            node(
                f"n{i}",
                draw(st.integers(0, 9)),
                tuple(sorted(draw(some))),
                custom=draw(st.sampled_from([True, True, True, False])),
                parent=draw(st.none() | st.sampled_from(earlier)) if earlier else None,
                retain=draw(st.booleans()),
            )
        )
    return draw(st.permutations(made))


def edges(resources: list[RecordedResource]) -> list[tuple[str, str]]:
    """(needed, needing): what must end before what starts, on the way up."""
    by_urn = {r.urn: r for r in resources}
    found = [(needed, r.urn) for r in resources for needed in r.dependencies]
    return found + [(r.parent, r.urn) for r in resources if r.parent and by_urn[r.parent].custom]


directions = st.sampled_from(["up", "down"])


@given(graphs(), directions, st.integers(1, 5))
def test_order_places_and_the_critical_chain(
    resources: list[RecordedResource], direction: Direction, places: int
) -> None:
    found = schedule(*resources, direction=direction, parallelism=places)
    spans = {span.urn: span for span in found.spans}
    assert set(spans) == {r.urn for r in resources}
    assert len(found.spans) == len(resources)
    for needed, needing in edges(resources):
        first, second = (needed, needing) if direction == "up" else (needing, needed)
        assert spans[first].end_s <= spans[second].start_s
    for moment in {span.start_s for span in found.spans}:
        running = [s for s in found.spans if s.start_s <= moment < s.end_s]
        assert len(running) <= places
    assert found.seconds == max((span.end_s for span in found.spans), default=0)
    assert found.minutes == found.seconds / 60
    clock = 0.0
    for step in found.critical_path:
        assert spans[step.urn].start_s >= clock
        clock = spans[step.urn].end_s
        assert step.seconds == clock - spans[step.urn].start_s > 0
    assert clock == found.seconds


@given(graphs(), directions)
def test_without_a_limit_the_length_is_that_of_the_longest_path(
    resources: list[RecordedResource], direction: Direction
) -> None:
    found = schedule(*resources, direction=direction)
    took = {span.urn: span.end_s - span.start_s for span in found.spans}
    longest = dict(took)
    for _ in resources:  # Bellman and Ford's way, as unlike the code under test as can be
        for needed, needing in edges(resources):
            first, second = (needed, needing) if direction == "up" else (needing, needed)
            longest[second] = max(longest[second], longest[first] + took[second])
    assert found.seconds == max(longest.values(), default=0)
    assert sum(step.seconds for step in found.critical_path) == found.seconds


@given(graphs(), directions, st.integers(1, 5))
def test_each_step_of_the_critical_path_depends_on_the_one_before(
    resources: list[RecordedResource], direction: Direction, places: int
) -> None:
    found = schedule(*resources, direction=direction, parallelism=places)
    needs: dict[str, set[str]] = {r.urn: set() for r in resources}
    for needed, needing in edges(resources):
        first, second = (needed, needing) if direction == "up" else (needing, needed)
        needs[second].add(first)
    for _ in resources:  # the steps between that take no time are left out of the path, so look through all
        for reached in needs.values():
            reached.update(*(needs[urn] for urn in list(reached)))
    steps = [step.urn for step in found.critical_path]
    assert all(before in needs[after] for before, after in pairwise(steps))


@given(graphs(), directions, st.integers(1, 5))
def test_a_limit_never_helps_and_costs_at_most_what_graham_proved(
    resources: list[RecordedResource], direction: Direction, places: int
) -> None:
    free = schedule(*resources, direction=direction).seconds
    bound = schedule(*resources, direction=direction, parallelism=places)
    work = sum(span.end_s - span.start_s for span in bound.spans)
    assert max(free, work / places) <= bound.seconds <= free + (work - free) / places + 1e-9


@given(graphs(), directions, st.integers(1, 5))
def test_the_same_input_gives_the_same_schedule(
    resources: list[RecordedResource], direction: Direction, places: int
) -> None:
    once = schedule(*resources, direction=direction, parallelism=places)
    assert once == schedule(*resources, direction=direction, parallelism=places)


@given(graphs(), directions)
def test_components_and_what_is_kept_take_no_time(
    resources: list[RecordedResource], direction: Direction
) -> None:
    took = {s.urn: s.end_s - s.start_s for s in schedule(*resources, direction=direction).spans}
    for resource in resources:
        create = seconds_of(resource.type, {}).create_s
        if not resource.custom:
            assert took[resource.urn] == 0
        elif direction == "up":
            assert took[resource.urn] == create
        else:
            assert took[resource.urn] == (0 if resource.retain_on_delete else 2 * create)


def test_an_example_by_hand() -> None:
    network, plane = node("network", 3), node("plane", 10, ("network",))
    nodes, bucket = node("nodes", 5, ("plane",)), node("bucket", 4)
    up = schedule(network, plane, nodes, bucket)
    assert [step.name for step in up.critical_path] == ["network", "plane", "nodes"]
    assert up.seconds == 18
    down = schedule(network, plane, nodes, bucket, direction="down")
    assert [step.name for step in down.critical_path] == ["nodes", "plane", "network"]
    assert down.seconds == 36
    alone = schedule(network, plane, nodes, bucket, parallelism=1)
    assert alone.seconds == 22
    assert [step.name for step in alone.critical_path] == ["network", "plane", "nodes"]


def test_resources_in_a_circle_are_named() -> None:
    with pytest.raises(CycleError, match="a -> b -> c -> a"):
        schedule(node("a", 1, ("b",)), node("b", 1, ("c",)), node("c", 1, ("a",)), node("d", 1, ("a",)))
    with pytest.raises(CycleError, match="b -> c -> b"):
        schedule(node("a", 1, ("b",)), node("b", 1, ("c",)), node("c", 1, ("b",)), direction="down")


def test_dependencies_outside_of_the_list_are_there_already() -> None:
    assert schedule(node("a", 2, ("elsewhere",), parent="gone")).seconds == 2


def test_nothing_takes_no_time() -> None:
    assert timeline([], "up") == Timeline(seconds=0, spans=(), critical_path=())


def test_without_places_nothing_runs() -> None:
    with pytest.raises(ValueError, match="parallelism is 0"):
        schedule(node("a"), parallelism=0)


def test_figures_come_from_the_catalog_unless_told_otherwise() -> None:
    cluster = RecordedResource(urn="c", type="aws:eks/cluster:Cluster", name="c")
    assert 5 < timeline([cluster], "up").minutes < 20
    assert 1 < timeline([cluster], "down").minutes < 10


def test_a_chain_of_thousands_is_no_deeper_than_the_stack() -> None:
    chain = [node(f"n{i}", 1, (f"n{i - 1}",) if i else ()) for i in range(5000)]
    found = schedule(*reversed(chain), parallelism=16)
    assert found.seconds == len(found.critical_path) == 5000
    with pytest.raises(CycleError):
        schedule(*chain[1:], node("n0", 1, ("n4999",)))
