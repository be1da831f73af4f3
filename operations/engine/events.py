"""What the engine tells while it works, in few words: for progress, and for the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pulumi.automation import EngineEvent, OpType, StepEventMetadata

Severity = Literal["info", "warning", "error"]
STACK_TYPE: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Started:
    """The engine began to work on a resource."""

    urn: str
    op: str
    """As the engine names it: same, create, update, delete, create-replacement, delete-replaced, refresh…"""


@dataclass(frozen=True)
class Done:
    """It finished with it; after `refresh` the operation is what was found: same, update or delete."""

    urn: str
    op: str


@dataclass(frozen=True)
class Failed:
    """It could not do it."""

    urn: str
    op: str
    message: str


@dataclass(frozen=True)
class Message:
    """Something to tell."""

    severity: Severity
    text: str
    urn: str | None = None


Event = Started | Done | Failed | Message
Progress = Callable[[Event], None]


@dataclass(frozen=True)
class Operation:
    """What happened, or by a preview would happen, to one resource."""

    urn: str
    type: str
    op: str
    """create, update, delete, replace, read, import, refresh…; what stays the same is not listed."""
    changed: tuple[str, ...] = ()
    """Paths of the properties that differ, for an update or a replacement."""
    replaces: tuple[str, ...] = ()
    """Those of them that cannot be changed in place."""


SECRET: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which Pulumi marks special values
"""https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go"""
MASK: Final = "[secret]"


def masked(value: Any) -> Any:
    """A value of the engine's without its secrets."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        return {key: masked(part) for key, part in value.items()}
    return [masked(part) for part in value] if isinstance(value, list) else value


_SEVERITIES: Mapping[str, Severity] = {
    "info": "info",
    "info#err": "info",
    "warning": "warning",
    "error": "error",
}
"""Debug is left out: the SDKs put whole resources into it, secrets and all."""

_VERDICT = re.compile(r"(update|preview|refresh|destroy) (failed|canceled)")
_WRAPPING = re.compile(r"^(an unhandled error occurred: )?(python inline source runtime error: )?")


class Collector:
    """Takes the engine's events, passes on what is worth telling, and keeps what the result needs.

    Events come one after the other, from a thread of the Automation API's event server.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._failure: BaseException | None = None
        self._errors: dict[str, None] = {}
        self._told: dict[str | None, str] = {}
        self._verdict: str | None = None
        self._operations: dict[str, Operation] = {}
        self.began = False
        """Whether the engine came so far as to work on the stack."""
        self.changes: dict[str, int] = {}
        self.outputs: dict[str, Any] = {}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What was done or is planned, in the order of the events."""
        return tuple(self._operations.values())

    @property
    def errors(self) -> tuple[str, ...]:
        """The engine's own messages, each once, with the URN that they are about in front."""
        return tuple(self._errors) or ((self._verdict,) if self._verdict else ())

    def take(self, event: EngineEvent) -> None:
        """Handles one event."""
        self.began = True
        if event.diagnostic_event:
            diagnostic = event.diagnostic_event
            self._message(diagnostic.severity, diagnostic.message, diagnostic.urn)
        elif event.stdout_event:
            self._message("info", event.stdout_event.message, None)
        elif event.resource_pre_event:
            self._started(event.resource_pre_event.metadata, planned=bool(event.resource_pre_event.planning))
        elif event.res_outputs_event:
            self._done(event.res_outputs_event.metadata, planned=bool(event.res_outputs_event.planning))
        elif event.res_op_failed_event:
            step = event.res_op_failed_event.metadata
            self._tell(Failed(step.urn, step.op.value, self._told.get(step.urn, "failed")))
        elif event.summary_event:
            self.changes = {_word(op): count for op, count in event.summary_event.resource_changes.items()}

    def close(self) -> None:
        """Raises what the progress callback raised; the event server would have swallowed it."""
        if self._failure:
            raise self._failure

    def _message(self, severity: str, message: str, urn: str | None) -> None:
        known = _SEVERITIES.get(severity)
        text = _WRAPPING.sub("", message.strip())
        if known is None or not text:
            return
        if known == "error" and _VERDICT.fullmatch(text):
            self._verdict = text  # says no more than the result does
            return
        if known == "error":
            self._told[urn] = text
            self._errors[f"{urn}: {text}" if urn else text] = None
        self._tell(Message(known, text, urn))

    def _started(self, step: StepEventMetadata, *, planned: bool) -> None:
        if planned:
            self._keep(step)
        if not _hidden(step):
            self._tell(Started(step.urn, step.op.value))

    def _done(self, step: StepEventMetadata, *, planned: bool) -> None:
        if step.type == STACK_TYPE and step.new is not None:
            self.outputs = masked(dict(step.new.outputs or {}))
        if not planned:
            self._keep(step)
        if not _hidden(step):
            self._tell(Done(step.urn, step.op.value))

    def _keep(self, step: StepEventMetadata) -> None:
        # A replacement is three steps: the engine marks as logical the one that the program's reader would
        # name. A refresh has no logical steps; what it found is what counts.
        physical = step.op in {OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED, OpType.DISCARD_REPLACED}
        if step.op is OpType.SAME or physical or _default_provider(step):
            return
        changed = tuple(sorted(step.detailed_diff or step.diffs or ()))
        operation = Operation(step.urn, step.type, step.op.value, changed, tuple(sorted(step.keys or ())))
        self._operations[step.urn] = operation

    def _tell(self, event: Event) -> None:
        try:
            self._progress(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, `close` raises it in the caller's thread
            self._failure = self._failure or error


def _hidden(step: StepEventMetadata) -> bool:
    """Whether nothing happens in a step: `replace` only stands for the two steps that do the work."""
    return step.op is OpType.REPLACE or _default_provider(step)


def _default_provider(step: StepEventMetadata) -> bool:
    """Whether it is a provider that the engine made by itself; it does not count them either."""
    return step.type.startswith("pulumi:providers:") and step.urn.rpartition("::")[2].startswith("default")


def _word(op: OpType | str) -> str:
    return op.value if isinstance(op, OpType) else op
