"""Runs the engine so that Ctrl-C cancels it, and nothing else ends it half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from operations.engine.ladder import Engine

_LEASH = Path(__file__).with_name("leash.py")

_INSISTENCE = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""What the engine is sent for each Ctrl-C: finish what has begun and write the state; stop at once,
leaving what has begun unknown; die."""


class Command(PulumiCommand):
    """The engine's command line, as the Automation API calls it.

    The engine runs in a session of its own, so that a terminal's Ctrl-C reaches this process alone, which
    passes it on once: the engine would get it twice otherwise, and stop without waiting for what it has
    begun. If this process dies, a guard cancels the engine (see `leash`). Its output goes to files: a pipe
    would kill it in that case, and is kept open by whatever it leaves running.
    """

    def __init__(self, engine: Engine) -> None:
        # not the base's __init__: that runs `pulumi version`, which is known
        self.command = str(engine.path)
        self.version = VersionInfo.parse(engine.version)
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupts = 0
        self._failed: CommandResult | None = None

    @property
    def complaint(self) -> str:
        """What the latest command that failed wrote to standard error."""
        return self._failed.stderr if self._failed else ""

    @property
    def complaints(self) -> tuple[str, ...]:
        """The same as messages for people; if it died without a word, how."""
        if self._failed and self._failed.code < 0:
            name = signal.Signals(-self._failed.code).name
            return (f"the engine was killed ({name}); run the command again, and it goes on from there",)
        return tuple(line.removeprefix("error: ") for line in self.complaint.splitlines() if line.strip())

    @property
    def pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._process.pid if self._process else None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Runs one command to its end.

        Args:
            args: of the pulumi program.
            cwd: the folder to run it in.
            additional_env: environment variables besides this process's own; folders in ``PATH`` come before
                all others.
            on_output: called for each line of its standard output, when it has ended.
            on_error: the same for standard error.

        Raises:
            CommandError: it failed.
            KeyboardInterrupt: it failed, after it was interrupted by way of this process.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._wait(args, cwd, additional_env, out, err)
            result = CommandResult(_text(out), _text(err), code)
        _tell(result.stdout, on_output)
        _tell(result.stderr, on_error)
        if code != 0:
            self._failed = result
            if self._interrupts:
                raise KeyboardInterrupt
            raise create_command_error(result)
        return result

    def interrupt(self) -> None:
        """What a Ctrl-C does: the first one cancels the engine, the second ends it, the third kills it."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(_INSISTENCE[min(self._interrupts, len(_INSISTENCE) - 1)])
            self._interrupts += 1

    def _wait(self, args: list[str], cwd: str, env: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> int:
        folders = (env.get("PATH"), str(Path(self.command).parent), os.environ.get("PATH", os.defpath))
        path = os.pathsep.join(filter(None, folders))
        with subprocess.Popen(
            # -I -S: nothing of a person's Python set-up, and no search for packages: 15 ms instead of 60
            [sys.executable, "-I", "-S", _LEASH, self.command, "--non-interactive", *args],
            cwd=cwd,
            # the folder of the engine before the user's: its language hosts lie beside it
            env={**os.environ, **env, "PATH": path, "PULUMI_AUTOMATION_API": "true"},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            start_new_session=True,
        ) as self._process:
            self._interrupts = 0
            with self._taking_signals():
                return self._process.wait()

    @contextmanager
    def _taking_signals(self) -> Iterator[None]:
        """Passes SIGINT and SIGTERM on to the engine; Python can only do so from its main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def take(_number: int, _frame: FrameType | None) -> None:
            self.interrupt()

        before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _tell(text: str, callback: Callable[[str], Any] | None) -> None:
    if callback:
        for line in text.splitlines():
            callback(line)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace").rstrip()
