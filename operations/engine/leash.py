"""Becomes the engine, and leaves a guard that cancels it when its owner dies.

Run as a script: ``python leash.py PROGRAM [ARGUMENT…]``, with a pipe as standard input whose other end only
the owner holds. The process turns into PROGRAM, so its id is the engine's; a child of it watches the pipe.
An engine that was orphaned would otherwise go on alone, or die of a closed pipe with its state unwritten
and its lock held.
"""

import os
import signal
import sys
import time

LADDER = ((signal.SIGINT, 1800.0), (signal.SIGTERM, 60.0), (signal.SIGKILL, 0.0))
"""What an orphaned engine is sent, and how many seconds it then has.

The first lets it wait for what it has begun (the longest creates take some 20 minutes) and write its state;
the second makes it stop at once.
"""


def main() -> None:
    """Forks the guard, then becomes the program."""
    engine = os.getpid()
    if os.fork() == 0:
        _guard(engine)
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    signal.signal(
        signal.SIGPIPE, signal.SIG_DFL
    )  # Python ignores it, and what is ignored stays so across exec
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - becoming the engine is the purpose; no shell is involved


def _guard(engine: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.read(0, 1024):  # until the end of file: the owner is done with the engine, or is no more
        pass
    for number, seconds in LADDER:
        if not _alive(engine):
            return
        os.kill(engine, number)
        until = time.monotonic() + seconds
        while _alive(engine) and time.monotonic() < until:
            time.sleep(0.2)


def _alive(engine: int) -> bool:
    return os.getppid() == engine  # an orphan has another parent


if __name__ == "__main__":
    main()
