"""A program's end is waited for whatever becomes of it, and in time that grows with the program alone."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

import pulumi
import pytest

from operations.recorder.recording import record_program


class Thing(pulumi.ComponentResource):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__("test:index:Thing", name, {}, pulumi.ResourceOptions(**options))


def test_what_begins_late_is_waited_for() -> None:
    late: list[str] = []

    def program() -> None:
        def more(urn: str) -> pulumi.Output[str]:
            late.append(urn)
            return Thing("second").urn

        pulumi.export("urn", Thing("first").urn.apply(more))

    outputs = record_program(program).outputs
    assert len(late) == 1
    assert outputs["urn"].endswith("::second")


def test_a_failure_in_the_middle_is_raised() -> None:
    def program() -> None:
        def fail(_: str) -> str:
            raise LookupError("nothing of this kind")

        pulumi.export("urn", Thing("first").urn.apply(fail))

    with pytest.raises(LookupError, match="nothing of this kind"):
        record_program(program)


def test_a_failed_request_is_raised() -> None:
    def program() -> None:
        first = Thing("first")
        Thing("second", parent=first, depends_on=[first])
        pulumi.export("urn", first.urn)

    with (
        mock.patch(
            "operations.recorder.monitor.Recorder.RegisterResource", side_effect=RuntimeError("refused")
        ),
        pytest.raises(RuntimeError, match="refused"),
    ):
        record_program(program)


def test_tasks_are_looked_at_a_few_times_not_once_for_each_that_ends() -> None:
    looked_at = 0
    wait = asyncio.wait

    async def counting(tasks: list[asyncio.Task[Any]], **how: Any) -> Any:
        nonlocal looked_at
        looked_at += len(tasks)
        return await wait(tasks, **how)

    def program() -> None:
        parent = None
        for number in range(150):
            parent = Thing(f"thing-{number}", **({} if parent is None else {"parent": parent}))

    with mock.patch.object(asyncio, "wait", counting):
        recorded = record_program(program)
    assert len(recorded.resources) == 151
    assert looked_at < 20 * 150
