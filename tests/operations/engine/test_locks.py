"""Whose a lock is, and whether its owner is still there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from operations.engine.locks import Lock, parse

COMPLAINT = """error: the stack is currently locked by 2 lock(s). Either wait for them to end …
  file:///s/.pulumi/locks/o/shop/dev/6c.json: created by ann@build-7.corp (pid 1131) at 2026-11-22T02:47:49Z
  s3://****@b/.pulumi/locks/o/shop/dev/7d.json: created by D\\bob@vm (pid 7) at 2026-11-22T02:47:49+01:00"""


def lock(pid: int, *, host: str | None = None, age: timedelta = timedelta()) -> Lock:
    return Lock("ann", host or socket.gethostname(), pid, datetime.now(UTC) - age)


def test_the_locks_in_a_complaint() -> None:
    ann, bob = parse(COMPLAINT)
    assert (ann.user, ann.host, ann.pid) == ("ann", "build-7.corp", 1131)
    assert ann.since == datetime(2026, 11, 22, 2, 47, 49, tzinfo=UTC)
    assert (bob.user, bob.host, bob.pid) == ("D\\bob", "vm", 7)
    assert bob.since == datetime(2026, 11, 22, 1, 47, 49, tzinfo=UTC)
    assert str(ann) == "pid 1131 of ann on build-7.corp since 2026-11-22 02:47:49"
    assert parse("error: [409] Conflict: Another update is currently in progress.") == ()


def test_a_process_that_lives_holds_its_lock() -> None:
    assert not lock(os.getpid()).stale


def test_a_process_that_died_does_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert lock(process.pid).stale


def test_a_dead_process_that_nobody_waited_for_does_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert lock(process.pid).stale
    process.wait()


def test_a_process_that_has_the_id_now_does_not() -> None:
    assert lock(os.getpid(), age=timedelta(days=400)).stale


def test_nothing_is_known_of_another_machine() -> None:
    assert not lock(os.getpid(), host="elsewhere", age=timedelta(days=400)).stale
