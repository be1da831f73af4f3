"""When each resource is made or removed, how long the whole takes, and what its length hangs on."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.catalog.latencies import Latency
from infra.catalog.latencies import latency as catalog_latency
from infra.resources import RecordedResource

Direction = Literal["up", "down"]

PARALLELISM = 16
"""How many operations Pulumi runs at once unless it is told otherwise (`pulumi up --parallel`)."""


class CycleError(ValueError):
    """Resources that wait for each other in a circle: no order can make them."""


@dataclass(frozen=True)
class Span:
    """The time that an operation on one resource takes, in seconds since the start of the whole."""

    urn: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Step:
    """An operation on the critical path."""

    urn: str
    name: str
    type: str
    seconds: float


@dataclass(frozen=True)
class Timeline:
    """A schedule of all operations."""

    seconds: float
    spans: tuple[Span, ...]
    """One for each resource, by start."""
    critical_path: tuple[Step, ...]
    """The chain of dependencies that ends last, in order; steps that take no time are left out. It makes the
    whole as long as it is: what its seconds lack of the whole was spent waiting for a place, and nothing is
    lacking where there were places enough."""

    @property
    def minutes(self) -> float:
        """How long the whole takes."""
        return self.seconds / 60


def timeline(
    resources: Sequence[RecordedResource],
    direction: Direction,
    parallelism: int = PARALLELISM,
    latency: Callable[[str, Mapping[str, Any]], Latency] = catalog_latency,
) -> Timeline:
    """Schedule the making (up) or removing (down) of resources as the engine does it.

    An operation starts when all that it depends on has ended and one of the places is free; who was ready
    first goes first, in the order given among equals. A resource depends on its recorded dependencies, its
    provider among them, and on a parent that is no component. Down goes against these edges. Components, and
    on the way down what is only let go of (`retain_on_delete`), take no time and no place.

    Args:
        resources: What is to be made or removed; each URN once.
        direction: Whether it is made or removed.
        parallelism: Operations at once, at least 1.
        latency: How long a type takes, given its token and the resource's inputs.

    Raises:
        CycleError: Some resources wait for each other.
        ValueError: The parallelism is below 1.
    """
    if parallelism < 1:
        raise ValueError(f"parallelism is {parallelism}; nothing ever runs with less than 1")
    seconds = [_seconds(resource, direction, latency) for resource in resources]
    waits = _waits(resources)
    run = _run(seconds, waits if direction == "up" else _reversed(waits), parallelism)
    if run.left:
        raise CycleError(
            "these wait for each other: " + " -> ".join(resources[i].urn for i in _circle(waits, run.left))
        )
    order = sorted(range(len(resources)), key=lambda i: (run.start[i], i))
    return Timeline(
        seconds=max((run.start[i] + seconds[i] for i in order), default=0.0),
        spans=tuple(Span(resources[i].urn, run.start[i], run.start[i] + seconds[i]) for i in order),
        critical_path=tuple(
            Step(resources[i].urn, resources[i].name, resources[i].type, seconds[i])
            for i in _chain(run, seconds)
            if seconds[i]
        ),
    )


def _seconds(
    resource: RecordedResource, direction: Direction, latency: Callable[[str, Mapping[str, Any]], Latency]
) -> float:
    if not resource.custom or (direction == "down" and resource.retain_on_delete):
        return 0.0
    figures = latency(resource.type, resource.inputs)
    return figures.create_s if direction == "up" else figures.delete_s


def _waits(resources: Sequence[RecordedResource]) -> list[list[int]]:
    """For each resource, by position, the positions of those it depends on."""
    position = {resource.urn: i for i, resource in enumerate(resources)}
    waits = []
    for resource in resources:
        needed = {position[urn] for urn in resource.dependencies if urn in position}
        parent = position.get(resource.parent or "")
        if parent is not None and resources[parent].custom:
            needed.add(parent)
        waits.append(sorted(needed))
    return waits


def _reversed(waits: Sequence[Sequence[int]]) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in waits]
    for i, needed in enumerate(waits):
        for j in needed:
            after[j].append(i)
    return after


@dataclass(frozen=True)
class _Run:
    start: list[float]
    before: list[int]
    """The dependency that ended last, which made each one ready; -1 where there is none."""
    left: set[int]
    """Those that never became ready."""


def _run(seconds: Sequence[float], waits: Sequence[Sequence[int]], places: int) -> _Run:
    """List scheduling: who is ready first is served first, by the place that is free first.

    Who becomes ready does so no earlier than whoever made it ready, so the heap hands all out in the order of
    their readiness, and no place stays idle that somebody could use.
    """
    after = _reversed(waits)
    open_waits = [len(needed) for needed in waits]
    run = _Run([0.0] * len(seconds), [-1] * len(seconds), set(range(len(seconds))))
    ready = [(0.0, i) for i, count in enumerate(open_waits) if count == 0]
    free = [0.0] * min(places, len(seconds))
    while ready:
        since, i = heapq.heappop(ready)
        run.left.discard(i)
        run.start[i] = max(since, free[0]) if seconds[i] else since
        end = run.start[i] + seconds[i]
        if seconds[i]:
            heapq.heapreplace(free, end)
        for j in after[i]:
            open_waits[j] -= 1
            if open_waits[j] == 0:
                run.before[j] = max(waits[j], key=lambda k: (run.start[k] + seconds[k], -k))
                heapq.heappush(ready, (run.start[run.before[j]] + seconds[run.before[j]], j))
    return run


def _chain(run: _Run, seconds: Sequence[float]) -> list[int]:
    """The operations from the start to the last end, each of which was ready when the one before it ended."""
    chain: list[int] = []
    i = max(range(len(seconds)), key=lambda k: (run.start[k] + seconds[k], -k), default=-1)
    while i >= 0:
        chain.append(i)
        i = run.before[i]
    return chain[::-1]


def _circle(waits: Sequence[Sequence[int]], left: set[int]) -> list[int]:
    """One circle among operations that never became ready: each of them waits for another such."""
    seen: dict[int, int] = {}
    i = min(left)
    while i not in seen:
        seen[i] = len(seen)
        i = next(j for j in waits[i] if j in left)
    return [*list(seen)[seen[i] :], i]
