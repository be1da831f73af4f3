"""The lock that a backend of files or buckets has on a stack while an engine changes it.

An engine that was killed leaves its lock behind, which names its process: if that is no more, so is the lock.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from datetime import datetime

import psutil

_LOCK = re.compile(r"created by (?P<user>.*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True)
class Lock:
    """Who holds a stack."""

    user: str
    host: str
    pid: int
    since: datetime

    @property
    def here(self) -> bool:
        """Whether its process is, or was, one of this machine."""
        return self.host == socket.gethostname()

    @property
    def stale(self) -> bool:
        """Whether its process is known to be no more.

        A process of that id that began after the lock was made is another one: ids are used again.
        """
        if not self.here:
            return False
        try:
            process = psutil.Process(self.pid)
            # the lock's time has no fractions of a second
            began_before = process.create_time() <= self.since.timestamp() + 1
            return process.status() == psutil.STATUS_ZOMBIE or not began_before
        except psutil.NoSuchProcess:
            return True

    def __str__(self) -> str:
        return f"pid {self.pid} of {self.user} on {self.host} since {self.since:%Y-%m-%d %H:%M:%S}"


def parse(complaint: str) -> tuple[Lock, ...]:
    """The locks that the engine names when it finds a stack locked."""
    return tuple(
        Lock(found["user"], found["host"], int(found["pid"]), datetime.fromisoformat(found["since"]))
        for found in _LOCK.finditer(complaint)
    )
