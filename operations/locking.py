"""One process at a time, on one machine."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds the lock that `path` names; the system frees it when its holder ends, however it ends.

    The file stays: were it removed, a third process could lock a new one while a second waits for the old.

    Args:
        path: the lock's file; its folder is made.
        waiting: called once when another process holds the lock, before waiting for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
