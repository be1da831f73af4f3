"""Runs the engine on a stack: up, preview, refresh, down; and reads its outputs without running anything."""

from __future__ import annotations

import logging
import shlex
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from pulumi import automation as auto

from operations.engine import locks
from operations.engine.backend import URL_VARIABLE
from operations.engine.events import STACK_TYPE, Collector, Message, Operation, Progress, masked
from operations.engine.workspace import EngineStack
from operations.guards import Refusal

PARALLEL = 16
"""Operations at once, as `operations.schedule` reckons; the engine's own default depends on the cores."""

State = Mapping[str, Any] | None

# A program that is still at work when the engine gives up (a failure, Ctrl-C) loses its connection; that is
# told as a traceback by gRPC's own log, and says nothing that the result does not.
logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
# The event server warns, with the event's full text, when the engine dies in mid-sentence or speaks of what
# is newer than the SDK. The first is in the result; the text could hold a secret.
warnings.filterwarnings("ignore", "Error in event stream|Failed to parse engine event", UserWarning)

Verdict = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run did."""

    result: Verdict
    seconds: float = 0.0
    """Wall time of all the engine's calls."""
    changes: dict[str, int] = field(default_factory=dict)
    """How many resources, by operation (``same``, ``create``, ``update``, ``replace``, ``delete``…)."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The stack's outputs afterwards, secrets as ``[secret]``."""
    operations: tuple[Operation, ...] = ()
    """What was done; by `preview`, what would be."""
    errors: tuple[str, ...] = ()
    """The engine's messages, each once, with a URN in front where there is one."""


_NOTHING = Result(result="succeeded")


def _keep_quiet(_: object) -> None:
    """Progress that nobody listens to."""


def up(stack: EngineStack, progress: Progress = _keep_quiet) -> Result:
    """Makes the stack what its program says, after settling what an earlier run left open.

    Args:
        stack: from `workspace.open_stack`.
        progress: told of every step, from another thread.

    Returns:
        What was done. A resource that fails is in `Result.errors`, not raised.

    Raises:
        BadInput: the backend cannot be used.
        Refusal: another run works on this stack.
    """
    return _timed(lambda: _up(stack, progress))


def preview(stack: EngineStack, progress: Progress = _keep_quiet) -> Result:
    """Says what `up` would do; arguments and errors as there. Makes an empty stack where there is none."""
    return _timed(lambda: _preview(stack, progress))


def refresh(stack: EngineStack, progress: Progress = _keep_quiet) -> Result:
    """Reads all resources anew and notes what changed behind Pulumi's back; arguments, errors as for `up`."""
    return _timed(lambda: _refresh(stack, progress, stack.state()))


def down(stack: EngineStack, progress: Progress = _keep_quiet) -> Result:
    """Deletes all resources; arguments and errors as for `up`. The stack stays in the backend, empty.

    What cannot be deleted keeps what it depends on; everything else goes.
    """
    return _timed(lambda: _down(stack, progress))


def outputs(stack: EngineStack) -> dict[str, Any]:
    """The stack's outputs as its state has them, secrets as ``[secret]``; empty if there is no such stack.

    Raises:
        BadInput: the backend cannot be used.
    """
    return outputs_in(stack.state())


def outputs_in(state: State) -> dict[str, Any]:
    """The outputs that a stack's state has, secrets as ``[secret]``."""
    resources = (state or {}).get("resources", ())
    found = [resource for resource in resources if resource["type"] == STACK_TYPE]
    return dict(masked(found[0].get("outputs", {}))) if found else {}


def _up(stack: EngineStack, progress: Progress) -> Result:
    state = stack.state()
    if state is None:
        stack.init()
    return _settled(stack, progress, state) or _run(stack, stack.up, progress)


def _preview(stack: EngineStack, progress: Progress) -> Result:
    if stack.state() is None:
        stack.init()
    return _run(stack, stack.preview, progress)


def _down(stack: EngineStack, progress: Progress) -> Result:
    state = stack.state()
    if state is None:
        return _NOTHING
    return _settled(stack, progress, state) or _run(
        stack, partial(stack.destroy, continue_on_error=True), progress
    )


def _refresh(stack: EngineStack, progress: Progress, state: State) -> Result:
    if state is None:
        return _NOTHING
    unknown = [pending["resource"]["urn"] for pending in _pending(state) if pending["type"] == "creating"]
    for urn in unknown:
        text = (
            "was being created when an earlier run was killed. If it came to be, the state does not know it: "
            "look for it, and delete it by hand"
        )
        progress(Message("warning", text, urn))
    return _run(stack, partial(stack.refresh, clear_pending_creates=bool(unknown)), progress)


def _settled(stack: EngineStack, progress: Progress, state: State) -> Result | None:
    """Clears up after a run that was killed; the result only if that did not succeed.

    The engine (3.250) would go on with a warning, but not find out what became of the updates and deletes
    that it was at, and would carry creates along as pending for ever: only a refresh that is told to clears
    those.
    """
    if not _pending(state):
        return None
    result = _refresh(stack, progress, state)
    return None if result.result == "succeeded" else result


def _pending(state: State) -> list[dict[str, Any]]:
    return list((state or {}).get("pending_operations") or ())


def _timed(work: Callable[[], Result]) -> Result:
    began = time.monotonic()
    return replace(work(), seconds=time.monotonic() - began)


def _run(stack: EngineStack, method: Callable[..., object], progress: Progress) -> Result:
    """Runs one of the Automation API's methods; a lock that a dead engine left is removed, once."""
    collector = Collector(progress)
    call = partial(method, on_event=collector.take, color="never", parallel=PARALLEL)
    try:
        try:
            verdict = _verdict(call)
        except auto.ConcurrentUpdateError:
            _unlock(stack, progress)
            verdict = _verdict(call)
    except auto.ConcurrentUpdateError:
        raise _busy(stack) from None
    collector.close()
    errors = () if verdict == "succeeded" else collector.errors or stack.command.complaints
    if verdict == "failed" and not collector.began and (trouble := stack.trouble()):
        raise trouble
    changes = collector.changes or dict(Counter(operation.op for operation in collector.operations))
    return Result(
        result=verdict,
        changes=changes,
        outputs=collector.outputs,
        operations=collector.operations,
        errors=errors,
    )


def _verdict(call: Callable[[], object]) -> Verdict:
    try:
        call()
    except KeyboardInterrupt:
        return "cancelled"
    except auto.ConcurrentUpdateError:
        raise
    except auto.CommandError:
        return "failed"
    return "succeeded"


def _unlock(stack: EngineStack, progress: Progress) -> None:
    held = locks.parse(stack.command.complaint)
    if not held or not all(lock.stale for lock in held):
        raise _busy(stack)
    for lock in held:
        progress(Message("warning", f"removing the lock of a run that was killed ({lock})"))
    stack.call("cancel", "--yes")


def _busy(stack: EngineStack) -> Refusal:
    held = locks.parse(stack.command.complaint)
    who = f" ({'; '.join(map(str, held))})" if held else ""
    command = shlex.join([stack.command.command, "cancel", "--yes", "--stack", stack.full_name])
    cancel = f"{URL_VARIABLE}={shlex.quote(stack.backend.url)} {command}"
    return Refusal(
        f"another run is in progress on {stack.name}{who}",
        f"wait for it to end; if it is certain that it is no more: {cancel}",
    )
