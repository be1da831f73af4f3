"""Records a program: what it would create, with which inputs, in which order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pulumi.runtime import run_in_stack
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import Settings

from infra.problems import Problem
from infra.resources import RecordedResource
from operations.recorder.monitor import Options, Recorder
from operations.settling import settling

if TYPE_CHECKING:
    from infra.environment import Environment

PROJECT = "mlcluster"
_ORGANIZATION = "organization"
"""What the engine calls the organization where the backend has none, as the local one."""


class RecordingError(Exception):
    """The program ran through, but asked for things that no engine or provider would accept."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What a program asked for."""

    resources: tuple[RecordedResource, ...]
    """Every resource, the stack's own included, sorted by URN."""
    outputs: Mapping[str, Any]
    """The stack's outputs, secrets masked."""
    options: Mapping[str, Options] = field(repr=False)
    """The options of each resource by URN."""
    warnings: tuple[str, ...] = ()
    """What the program logged as a warning or worse."""


def record(
    env: Environment,
    *,
    preview: bool = False,
    references: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Recording:
    """Records the stacks' program for an environment.

    Args:
        env: the environment.
        preview: record as the engine's preview sees it, where outputs of what does not exist yet are unknown.
        references: outputs of other stacks by name. The one that `env.teams_of` or `env.data` names is
            recorded from its own file when it is not among them.

    Raises:
        RecordingError: the program asked for something impossible.
        BadInput: the environment of that stack cannot be read.
        Exception: whatever the program raised.
    """
    from infra import environment
    from stacks import program

    read = env.teams_of or env.data
    if read is not None and read not in references:
        references = {**references, read: record(environment.load(environment.find(read))).outputs}
    return record_program(lambda: program.deploy(env), stack=env.name, preview=preview, references=references)


def record_program(
    program: Callable[[], None],
    *,
    stack: str = "test",
    preview: bool = False,
    references: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Recording:
    """Records any Pulumi program; see `record`.

    Nothing outlives the call: the SDK keeps its state in context variables, and the program runs in a thread,
    and so in a context, of its own.
    """
    recorder = Recorder(PROJECT, stack, preview=preview, references=references)
    journal = _Journal()

    def run() -> None:
        Settings(
            project=PROJECT,
            stack=stack,
            monitor=recorder,
            engine=journal,
            dry_run=preview,
            organization=_ORGANIZATION,
            root_directory="",
        )
        with _loop() as loop:
            loop.run_until_complete(run_in_stack(settling(program)))

    _in_thread(run)
    if recorder.problems:
        raise RecordingError(tuple(recorder.problems))
    return Recording(
        resources=tuple(recorder.recorded[urn] for urn in sorted(recorder.recorded)),
        outputs=MappingProxyType(recorder.outputs),
        options=MappingProxyType(recorder.options),
        warnings=tuple(journal.warnings),
    )


class _Journal:
    """Stands in for the engine's log."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: N802 - the protocol's name
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self.warnings.append(request.message)


def _in_thread(run: Callable[[], None]) -> None:
    """Runs in a new thread and raises here what was raised there."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as failure:  # noqa: BLE001 - carried over to the calling thread
            failures.append(failure)

    thread = threading.Thread(target=guarded, name="recording", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for one program, which leaves no tasks behind.

    One worker thread, so requests are answered in the order they were made.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
    loop.set_default_executor(workers)
    try:
        yield loop
    finally:
        # After a failure, whatever waited for the failed resource is still pending; its complaints say
        # nothing new.
        logging.getLogger("asyncio").disabled = True
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        logging.getLogger("asyncio").disabled = False
        loop.close()
        workers.shutdown()
