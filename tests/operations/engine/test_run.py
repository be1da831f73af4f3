"""The real engine, driven: what it did, what is told meanwhile, and what is left in every kind of end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pulumi
import pytest

from infra.problems import BadInput
from operations.engine import run
from operations.engine.events import Done, Failed, Message, Started
from operations.guards import Refusal
from tests.operations.engine.conftest import PASSWORD, Bench
from tests.operations.engine.toy import Thing

pytestmark = pytest.mark.engine

URN = "urn:pulumi:dev::shop::toy:index:Thing::"


def two(value: str = "1", shape: str = "round") -> None:
    a = Thing("a", value=value)
    Thing(
        "b", shape=shape, secret=pulumi.Output.secret(PASSWORD), opts=pulumi.ResourceOptions(depends_on=[a])
    )
    pulumi.export("greeting", pulumi.Config("shop").require_object("greeting"))
    pulumi.export("password", pulumi.Output.secret(PASSWORD))


def slow() -> None:
    Thing("a", value="1")
    Thing("slow", seconds=60)


def test_up_makes_a_stack_tells_every_step_and_never_a_secret(bench: Bench, calls: list[str]) -> None:
    before = bench.file.read_bytes()
    with bench.stack(two) as stack:
        folder = Path(stack.workspace.work_dir)
        result = run.up(stack, bench.events.append)

    assert result.result == "succeeded"
    assert result.errors == ()
    assert result.changes == {"create": 3}  # with the stack itself
    assert result.outputs == {"greeting": {"text": "hello"}, "password": "[secret]"}
    assert {(operation.urn, operation.op) for operation in result.operations} >= {
        (URN + "a", "create"),
        (URN + "b", "create"),
    }
    told = [event for event in bench.events if not isinstance(event, Message) and event.urn.startswith(URN)]
    create = "create"
    assert told == [
        Started(URN + "a", create),
        Done(URN + "a", create),
        Started(URN + "b", create),
        Done(URN + "b", create),
    ]
    assert PASSWORD not in repr(bench.events) + repr(result)
    assert PASSWORD not in "".join(path.read_text() for path in bench.folder.rglob("dev.json"))
    assert calls == ["stack export", "stack init", "up"]
    assert bench.file.read_bytes() == before
    assert not folder.exists()


def test_a_second_up_changes_nothing_and_makes_two_calls(bench: Bench, calls: list[str]) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
    calls.clear()
    with bench.stack(two) as stack:
        result = run.up(stack)
    assert (result.result, result.changes, result.operations) == ("succeeded", {"same": 3}, ())
    assert result.outputs["greeting"] == {"text": "hello"}
    assert calls == ["stack export", "up"]


def test_preview_names_changed_properties_and_changes_nothing(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
    before = dict(bench.toy.things)

    def program() -> None:
        two(value="2", shape="square")
        Thing("c")

    with bench.stack(program) as stack:
        result = run.preview(stack)

    assert bench.toy.things == before
    planned = {operation.urn.removeprefix(URN): operation for operation in result.operations}
    assert {name: operation.op for name, operation in planned.items()} == {
        "a": "update",
        "b": "replace",
        "c": "create",
    }
    assert planned["a"].changed == ("value",)
    assert (planned["b"].changed, planned["b"].replaces) == (("shape",), ("shape",))
    assert result.changes == {"create": 1, "replace": 1, "same": 1, "update": 1}


def test_preview_of_a_stack_that_is_not_there_yet(bench: Bench) -> None:
    with bench.stack(two) as stack:
        result = run.preview(stack)
        assert result.changes == {"create": 3}
        assert run.outputs(stack) == {}


def test_a_replacement_is_one_operation_of_two_steps(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
    with bench.stack(lambda: two(shape="square")) as stack:
        result = run.up(stack, bench.events.append)
    assert [(operation.urn, operation.op) for operation in result.operations] == [(URN + "b", "replace")]
    steps = [event.op for event in bench.events if isinstance(event, Done) and event.urn == URN + "b"]
    assert steps == ["create-replacement", "delete-replaced"]


def test_what_fails_is_told_once_and_the_next_up_finishes_it(bench: Bench) -> None:
    def program(error: str) -> None:
        two()
        after = Thing("before", value="1")
        Thing("c", error=error, opts=pulumi.ResourceOptions(depends_on=[after]))

    with bench.stack(lambda: program("no capacity in us-east-1a")) as stack:
        result = run.up(stack, bench.events.append)
    assert result.result == "failed"
    assert result.errors == (f"{URN}c: no capacity in us-east-1a",)
    assert "c" not in {operation.urn.removeprefix(URN) for operation in result.operations}
    assert Failed(URN + "c", "create", "no capacity in us-east-1a") in bench.events

    with bench.stack(lambda: program("")) as stack:
        result = run.up(stack)
    assert result.result == "succeeded"
    assert sum(result.changes.values()) == 5
    assert len(bench.toy.things) == 4


def test_a_program_that_raises_says_so_once(bench: Bench) -> None:
    def program() -> None:
        raise ValueError("the shop is closed")

    with bench.stack(program) as stack:
        result = run.up(stack)
    assert result.result == "failed"
    assert len(result.errors) == 1
    assert result.errors[0].startswith("the shop is closed\nTraceback")


def test_progress_that_raises_is_not_swallowed(bench: Bench) -> None:
    def progress(_: object) -> None:
        raise LookupError("no such terminal")

    with bench.stack(two) as stack, pytest.raises(LookupError, match="no such terminal"):
        run.up(stack, progress)


def test_refresh_sees_what_was_deleted_by_others(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
    gone = next(id_ for id_, inputs in bench.toy.things.items() if inputs.get("value") == "1")
    del bench.toy.things[gone]
    with bench.stack(two) as stack:
        result = run.refresh(stack)
        assert [(operation.urn, operation.op) for operation in result.operations] == [(URN + "a", "delete")]
        assert run.preview(stack).changes == {"create": 1, "same": 2}


def test_down_leaves_nothing(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
        assert run.outputs(stack) == {"greeting": {"text": "hello"}, "password": "[secret]"}
    with bench.stack() as stack:
        result = run.down(stack)
        assert (result.result, result.changes) == ("succeeded", {"delete": 3})
        assert bench.toy.things == {}
        assert run.outputs(stack) == {}
        assert run.down(stack).changes == {}


def test_down_goes_on_with_the_rest_when_something_does_not_go(bench: Bench) -> None:
    def program() -> None:
        base = Thing("base")
        Thing("held", stuck="a finalizer holds it", opts=pulumi.ResourceOptions(depends_on=[base]))
        first = Thing("first")
        Thing("last", opts=pulumi.ResourceOptions(depends_on=[first]))

    with bench.stack(program) as stack:
        run.up(stack)
        result = run.down(stack)
        assert (result.result, result.errors) == ("failed", (f"{URN}held: a finalizer holds it",))
        assert len(bench.toy.things) == 2, "what is held, and what it depends on"
        for thing in bench.toy.things.values():
            thing.pop("stuck", None)
        assert run.down(stack).result == "succeeded"
    assert bench.toy.things == {}


def test_nothing_to_do_where_there_is_no_stack(bench: Bench, calls: list[str]) -> None:
    with bench.stack() as stack:
        assert run.down(stack).result == run.refresh(stack).result == "succeeded"
        assert run.outputs(stack) == {}
    assert calls == ["stack export"] * 3


def test_without_checkpoints_the_state_is_whole_at_the_end(bench: Bench) -> None:
    bench.checkpoints = False
    with bench.stack(two) as stack:
        run.up(stack)
    with bench.stack(two) as stack:
        assert run.up(stack).changes == {"same": 3}


def when_creating(bench: Bench, act: object) -> None:
    """Calls `act` in another thread, a moment after the slow create has begun."""

    def wait() -> None:
        assert bench.toy.creating.wait(30)
        time.sleep(0.3)
        act()  # type: ignore[operator]  # any callable

    threading.Thread(target=wait, daemon=True).start()


def test_ctrl_c_cancels_waits_for_what_has_begun_and_the_next_up_goes_on(bench: Bench) -> None:
    when_creating(bench, lambda: os.kill(os.getpid(), signal.SIGINT))
    with bench.stack(slow) as stack:
        result = run.up(stack, bench.events.append)
        assert result.result == "cancelled"
        state = stack.state()
    assert bench.toy.cancelled.is_set()
    assert bench.locks == []
    assert state is not None
    assert not state.get("pending_operations")
    assert {resource["urn"] for resource in state["resources"]} >= {URN + "a", URN + "slow"}
    assert any(isinstance(event, Message) and "cancelling" in event.text for event in bench.events)

    with bench.stack(slow) as stack:
        assert run.up(stack).changes == {"same": 3}


def test_a_second_ctrl_c_stops_at_once(bench: Bench) -> None:
    bench.toy.obeys = False

    def insist() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    when_creating(bench, insist)
    with bench.stack(slow) as stack:
        result = run.up(stack)
        state = stack.state()
    assert result.result == "cancelled"
    assert result.seconds < 30
    assert state is not None
    assert [pending["resource"]["urn"] for pending in state["pending_operations"]] == [URN + "slow"]


@pytest.mark.filterwarnings("ignore:Error in event stream")  # pytest undoes the filter that the product sets
def test_after_an_engine_was_killed_the_next_up_clears_up_and_goes_on(bench: Bench) -> None:
    with bench.stack(slow) as stack:
        when_creating(bench, lambda: os.kill(stack.command.pid or 0, signal.SIGKILL))
        result = run.up(stack)
    assert result.result == "failed"
    assert result.errors == (
        "the engine was killed (SIGKILL); run the command again, and it goes on from there",
    )
    assert result.changes == {"create": 1}
    assert len(bench.locks) == 1

    bench.toy.cancelled.set()  # creates take no time from here on
    with bench.stack(slow) as stack:
        result = run.up(stack, bench.events.append)
        state = stack.state()
    assert (result.result, result.changes) == ("succeeded", {"create": 1, "same": 2})
    assert bench.locks == []
    assert state is not None
    assert not state.get("pending_operations")
    told = [(event.urn, event.text) for event in bench.events if isinstance(event, Message)]
    assert [text for urn, text in told if urn is None and "removing the lock" in text]
    assert [text for urn, text in told if urn == URN + "slow" and "was being created" in text]


def test_a_run_in_progress_is_left_alone(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
        folder = bench.folder / "engine" / "state" / ".pulumi" / "locks" / "organization" / "shop" / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        lock = {
            "pid": os.getpid(),
            "username": "ann",
            "hostname": os.uname().nodename,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        (folder / "0.json").write_text(json.dumps(lock), encoding="utf-8")
        with pytest.raises(
            Refusal, match=f"another run is in progress on dev .*pid {os.getpid()} of ann"
        ) as refused:
            run.up(stack)
        assert "cancel --yes --stack organization/shop/dev" in refused.value.hint
    assert len(bench.locks) == 1


OWNER = """
    import sys
    from pathlib import Path
    from operations.engine import run
    from tests.operations.engine import toy
    from tests.operations.engine.conftest import Bench
    from tests.operations.engine.test_run import slow
    from operations.engine import ladder

    root, folder, providers = sys.argv[1:]
    bench = Bench(Path(root), Path(folder), ladder.find(), None, {"PULUMI_DEBUG_PROVIDERS": providers})
    with bench.stack(slow) as stack:
        run.up(stack)
"""


def test_an_engine_whose_owner_was_killed_writes_its_state_and_ends(bench: Bench) -> None:
    arguments = [str(bench.root), str(bench.folder), bench.env["PULUMI_DEBUG_PROVIDERS"]]
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER), *arguments],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "MLCLUSTER_PULUMI": str(bench.engine.path)},
    )
    assert bench.toy.creating.wait(30)
    family = psutil.Process(owner.pid).children(recursive=True)
    owner.kill()
    owner.wait()
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert len(gone) >= 2  # the engine and its guard
    assert alive == []
    assert bench.locks == []
    with bench.stack(slow) as stack:
        state = stack.state()
        assert state is not None
        assert not state.get("pending_operations")
        assert URN + "slow" in {resource["urn"] for resource in state["resources"]}
        assert run.up(stack).changes == {"same": 3}


def test_a_stack_that_another_run_made_first_is_taken(bench: Bench) -> None:
    with bench.stack(two) as stack:
        stack.init()
        stack.init()
        assert run.up(stack).changes == {"create": 3}


def test_a_state_that_cannot_be_read_is_bad_input(bench: Bench) -> None:
    with bench.stack(two) as stack:
        stack.init()
        (state,) = bench.folder.rglob("dev.json")
        state.write_text("{", encoding="utf-8")
        with pytest.raises(BadInput, match=r"backend: .* cannot be used"):
            run.up(stack)
        with pytest.raises(BadInput, match=r"backend: .* cannot be used"):
            run.outputs(stack)


def test_a_wrong_passphrase_is_bad_input(bench: Bench) -> None:
    with bench.stack(two) as stack:
        run.up(stack)
    (bench.folder / "engine" / "passphrase").write_text("another", encoding="ascii")
    with bench.stack(two) as stack, pytest.raises(BadInput, match="does not open this stack's secrets"):
        run.up(stack)


def test_an_unreachable_backend_is_bad_input(bench: Bench) -> None:
    with bench.stack(two) as stack:
        (bench.folder / "engine" / "state").rename(bench.folder / "elsewhere")
        with pytest.raises(BadInput, match="cannot be reached") as bad:
            run.up(stack)
    assert "PULUMI_BACKEND_URL" in bad.value.problems[0].hint
