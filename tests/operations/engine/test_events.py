"""What is passed on of the engine's events, and what is kept."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi.automation import EngineEvent

from operations.engine.events import MASK, Collector, Event, Message, Operation, masked

SECRET = "hunter2-hunter2"
MARKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": SECRET}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(MARKED),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_no_secret_survives_masking(value: Any) -> None:
    assert SECRET not in repr(masked(value))


@given(VALUES.filter(lambda value: SECRET not in repr(value)))
def test_masking_keeps_the_rest(value: Any) -> None:
    assert masked(value) == value


def test_a_secret_becomes_the_mask() -> None:
    assert masked({"a": [MARKED, 1]}) == {"a": [MASK, 1]}


def collect(*events: dict[str, Any]) -> tuple[Collector, list[Event]]:
    told: list[Event] = []
    collector = Collector(told.append)
    for event in events:
        collector.take(EngineEvent.from_json(event))
    return collector, told


def diagnostic(severity: str, message: str, urn: str | None = None) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message, "urn": urn, "color": "never"}}


def step(kind: str, op: str, urn: str = "urn:pulumi:dev::p::t:m:T::a", **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": urn, "type": urn.split("::")[2], **more}
    return {kind: {"metadata": metadata, "planning": more.get("planning")}}


def test_debug_output_is_never_passed_on() -> None:
    # the Python SDK writes every registered output into it, secrets in clear
    collector, told = collect(diagnostic("debug", f"register resource outputs: {SECRET}"))
    assert told == []
    assert SECRET not in repr(vars(collector))


def test_an_error_is_kept_once_and_the_verdict_only_if_there_is_nothing_else() -> None:
    collector, told = collect(
        diagnostic("error", "no capacity\n", "urn:a"),
        diagnostic("error", "no capacity\n", "urn:a"),
        diagnostic("error", "update failed\n"),
        diagnostic("info#err", "hm"),
        diagnostic("warning", "careful", "urn:b"),
    )
    assert collector.errors == ("urn:a: no capacity",)
    assert told[-2:] == [Message("info", "hm"), Message("warning", "careful", "urn:b")]
    assert collect(diagnostic("error", "update failed\n"))[0].errors == ("update failed",)


def test_a_programs_exception_is_told_twice_by_the_engine_and_kept_once() -> None:
    text = "python inline source runtime error: closed\nTraceback …"
    collector, _ = collect(
        diagnostic("error", text), diagnostic("error", f"an unhandled error occurred: {text}")
    )
    assert collector.errors == ("closed\nTraceback …",)


def test_default_providers_and_what_stays_the_same_are_no_operations() -> None:
    provider = "urn:pulumi:dev::p::pulumi:providers:aws::default_7_51_1"
    collector, told = collect(
        step("resourcePreEvent", "create", provider),
        step("resOutputsEvent", "create", provider),
        step("resOutputsEvent", "same"),
        step("resOutputsEvent", "create", "urn:pulumi:dev::p::pulumi:providers:aws::aws"),
    )
    assert [operation.type for operation in collector.operations] == ["pulumi:providers:aws"]
    assert len(told) == 2


def test_a_detailed_diff_names_paths() -> None:
    diff = {"tags.owner": {"diffKind": "update"}, "cidrBlock": {"diffKind": "update-replace"}}
    event = step(
        "resourcePreEvent", "replace", detailedDiff=diff, keys=["cidrBlock"], diffs=["cidrBlock", "tags"]
    )
    event["resourcePreEvent"]["planning"] = True
    collector, _ = collect(event)
    assert collector.operations == (
        Operation(
            "urn:pulumi:dev::p::t:m:T::a", "t:m:T", "replace", ("cidrBlock", "tags.owner"), ("cidrBlock",)
        ),
    )
