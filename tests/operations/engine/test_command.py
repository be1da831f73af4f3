"""Signals and output, with a stand-in for the engine that says what reaches it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi.automation import CommandError, StackNotFoundError

from operations.engine.command import Command
from operations.engine.ladder import Engine

TELLS = f"""#!{sys.executable}
import os, signal, sys, time
def hear(number, frame):
    print(signal.Signals(number).name, flush=True)
    if number == signal.{{last}}:
        sys.exit({{code}})
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, hear)
open("ready", "w").close()
time.sleep({{seconds}})
print(os.getpid(), os.getsid(0), repr(sys.stdin.read()), sys.argv[1:], os.environ["EXTRA"])
"""

Make = Callable[[str], Command]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(script: str) -> Command:
        program = tmp_path / "pulumi"
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)
        return Command(Engine(program, "3.250.0", "variable"))

    return made


def run(command: Command, tmp_path: Path) -> str:
    return command.run(["up", "--yes"], str(tmp_path), {"EXTRA": "more"}).stdout


def interrupting(tmp_path: Path, times: int) -> None:
    """Sends this process Ctrl-C as a terminal does, once the program has begun."""

    def go() -> None:
        while not (tmp_path / "ready").exists():
            time.sleep(0.02)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    threading.Thread(target=go, daemon=True).start()


def test_the_engine_has_its_own_session_and_no_input(make: Make, tmp_path: Path) -> None:
    command = make(TELLS.format(last="SIGINT", code=1, seconds=0))
    pid, session, read, *rest = run(command, tmp_path).split(" ")
    assert pid == session == str(command.pid)
    assert read == "''"
    assert " ".join(rest) == "['--non-interactive', 'up', '--yes'] more"


def test_folders_that_are_given_come_first_on_its_path(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/mine")
    command = make('#!/bin/sh\necho "$PATH"')
    assert command.run([], str(tmp_path), {"PATH": "/first"}).stdout == f"/first:{tmp_path}:/mine"
    assert command.run([], str(tmp_path), {}).stdout == f"{tmp_path}:/mine"


def test_ctrl_c_reaches_it_once_and_its_end_is_waited_for(make: Make, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupting(tmp_path, 1)
    with pytest.raises(KeyboardInterrupt):
        run(make(TELLS.format(last="SIGINT", code=1, seconds=30)), tmp_path)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_engine_that_finishes_nevertheless_was_not_cancelled(make: Make, tmp_path: Path) -> None:
    interrupting(tmp_path, 1)
    assert run(make(TELLS.format(last="SIGINT", code=0, seconds=30)), tmp_path) == "SIGINT"


def test_the_second_is_sigterm_and_the_third_kills(make: Make, tmp_path: Path) -> None:
    command = make(TELLS.format(last="SIGTERM", code=0, seconds=30))
    interrupting(tmp_path, 2)
    assert run(command, tmp_path) == "SIGINT\nSIGTERM"
    (tmp_path / "ready").unlink()
    interrupting(tmp_path, 3)
    with pytest.raises(KeyboardInterrupt):
        run(make(TELLS.format(last="SIGKILL", code=0, seconds=30)), tmp_path)


def test_errors_are_the_automation_apis(make: Make, tmp_path: Path) -> None:
    command = make("#!/bin/sh\necho \"error: no stack named 'dev' found\" >&2; exit 6\n")
    with pytest.raises(StackNotFoundError):
        run(command, tmp_path)
    assert command.complaints == ("no stack named 'dev' found",)


def test_an_engine_that_was_killed_says_so(make: Make, tmp_path: Path) -> None:
    command = make("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(CommandError):
        run(command, tmp_path)
    assert "was killed (SIGKILL)" in command.complaints[0]


def test_what_it_leaves_running_does_not_hold_us(make: Make, tmp_path: Path) -> None:
    command = make("#!/bin/sh\nsleep 20 &\necho done\n")
    began = time.monotonic()
    assert run(command, tmp_path) == "done"
    assert time.monotonic() - began < 10


def test_lines_are_handed_to_callbacks(make: Make, tmp_path: Path) -> None:
    command = make("#!/bin/sh\necho a; echo b; echo c >&2\n")
    out: list[str] = []
    err: list[str] = []
    command.run(["about"], str(tmp_path), {}, out.append, err.append)
    assert (out, err) == (["a", "b"], ["c"])
