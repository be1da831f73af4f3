"""The daemon of one twin: serves the engine, AWS clients and `manager` until it is stopped.

``python -m operations.twin.server FOLDER`` forks, prints the daemon's process id and returns; the daemon
writes `READY` into the folder when everything listens, or `FAILED` when it cannot start.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from operations.twin.backend import Package, Refused
from operations.twin.edition import edition

if TYPE_CHECKING:
    from operations.twin.aws.package import AwsPackage

READY: Final = "ready.json"
FAILED: Final = "failed.json"
LOCK: Final = "daemon.lock"
LOG: Final = "daemon.log"

_QUIET_S: Final = 1.0
"""A changed twin is saved when nothing has changed for so long..."""
_LATEST_S: Final = 10.0
"""...and at the latest so long after the first change."""
_LOCK_S: Final = 5.0
_LOG_BYTES: Final = 1024 * 1024

logger = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Starts the daemon of the twin in the folder that is the only argument, detached from this process."""
    folder = Path(arguments[0]).absolute()
    child = os.fork()
    if child:
        sys.stdout.write(f"{child}\n")
        return 0
    os.setsid()
    os.chdir(folder)
    os.umask(0o077)
    _silence(folder)
    with (folder / LOCK).open("w") as lock:
        if not locked(lock):
            os._exit(1)  # another daemon serves this twin; whoever started us finds it
        _run(folder)
        logging.shutdown()
        os._exit(0)  # everything is saved; taking hundreds of megabytes apart would only take time


def locked(lock: IO[str]) -> bool:
    """Takes a twin's lock, unless another daemon keeps it; one that was killed takes a while to let go."""
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            return True


def _silence(folder: Path) -> None:
    """Takes the standard streams away from whoever started us, and opens the log."""
    log = folder / LOG
    with Path(os.devnull).open("rb") as nothing, log.open("ab") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    handler = RotatingFileHandler(log, maxBytes=_LOG_BYTES, backupCount=1)
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def _run(folder: Path) -> None:
    try:
        daemon = Daemon(folder)
    except Exception as problem:
        logger.exception("cannot start")
        _write_private(folder / FAILED, {"message": str(problem)})
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.stop())
    daemon.serve()


class Daemon:
    """Everything that listens, and the thread that saves."""

    def __init__(self, folder: Path) -> None:
        """Opens the twin in `folder` and starts listening.

        Raises:
            Exception: Whatever keeps it from starting; its text is for the user.
        """
        self._folder = folder
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._keep = True
        self._servers: list[Any] = []
        _environment()
        self._aws, self._kubernetes = self._open()
        self._ports = self._listen()

    def serve(self) -> None:
        """Saves now and then until `stop`, then for the last time; the process is of no use afterwards."""
        from operations.twin.aws import cloud

        threading.Thread(target=_warm_up, args=(self._aws,), name="warm-up", daemon=True).start()
        _write_private(self._folder / READY, self._ready())
        logger.info("ready: %s", self._ports)
        while not self._stopped.is_set():
            self._changed.wait()
            self._settle()
            self._save_if_possible()
        if self._keep:
            cloud.LOCK.acquire()  # for good: what the AWS side has now is what is saved
        self._save_if_possible()
        (self._folder / READY).unlink(missing_ok=True)
        self._kubernetes.close()
        logger.info("stopped")

    def stop(self, *, keep: bool = True) -> None:
        """Ends `serve`; without `keep`, what changed last is not saved."""
        self._keep = self._keep and keep
        self._stopped.set()
        self._changed.set()

    def _open(self) -> tuple[AwsPackage, Package]:
        from operations.twin import kubernetes
        from operations.twin.aws.package import AwsPackage

        aws = AwsPackage(self._folder, self._changed.set)
        return aws, kubernetes.open(self._folder, aws)

    def _listen(self) -> dict[str, int]:
        from operations.twin import control, serving
        from operations.twin.aws import http

        self._token = secrets.token_urlsafe(32)
        ports = {}
        for name, package in (("aws", self._aws), ("kubernetes", self._kubernetes)):
            servicer = serving.Servicer(name, version(f"pulumi_{name}"), package, self._changed.set)
            self._servers.append(serving.serve(servicer))
            ports[name] = self._servers[-1][1]
        _, ports["endpoint"] = http.start(self._aws)
        _, ports["control"] = control.serve(self._token, self._handlers())
        return ports

    def _handlers(self) -> Mapping[str, Any]:
        return {
            "/alive": dict,
            "/status": self._status,
            "/inventory": lambda _: self._inventory(),
            "/save": lambda _: self._save(),
            "/stop": lambda arguments: self.stop(keep=bool(arguments.get("keep", True))),
            "/fail": self._fail,
            "/give": lambda arguments: self._aws.give(arguments["given"]),
            "/faults": lambda _: list(self._aws.faults.waiting()),
        }

    def _status(self, _: Mapping[str, Any]) -> dict[str, Any]:
        counts = Counter(f"{item['service']} {item['type']}" for item in self._inventory())
        return {"since": self._since, "counts": dict(sorted(counts.items()))}

    def _inventory(self) -> list[dict[str, Any]]:
        return [
            {"service": item.service, "type": item.type, "id": item.id, "tags": dict(item.tags)}
            for package in (self._aws, self._kubernetes)
            for item in package.inventory()
        ]

    def _fail(self, arguments: Mapping[str, Any]) -> None:
        from operations.twin.aws.faults import Fault

        try:
            fault = Fault(**arguments)
        except TypeError as problem:
            raise Refused(f"fault: {problem}") from None
        self._aws.fail(fault)

    def _settle(self) -> None:
        """Waits until nothing has changed for a while, or for long enough."""
        latest = time.monotonic() + _LATEST_S
        while not self._stopped.is_set() and time.monotonic() < latest:
            self._changed.clear()
            if not self._changed.wait(_QUIET_S):
                return

    def _save(self) -> None:
        for package in (self._aws, self._kubernetes):
            try:
                package.save()
            except Exception as problem:
                raise Refused(f"the twin cannot be saved in {self._folder}: {problem}") from problem

    def _save_if_possible(self) -> None:
        """Saves, unless it is all to be forgotten; what fails now is tried again after the next change."""
        try:
            if self._keep:
                self._save()
        except Refused:
            logger.exception("save")

    def _ready(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "since": self._since,
            "token": self._token,
            "ports": self._ports,
            "edition": edition(),
        }


def _environment() -> None:
    """Keeps the user's own AWS settings away from the twin, and web pages away from moto."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_")):
            del os.environ[name]
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # 1,300 in each region, none used by any type of ours


def _warm_up(aws: AwsPackage) -> None:
    """Loads what the first resources would wait for: moto's models and botocore's descriptions."""
    try:
        aws.warm_up()
    except Exception:
        logger.exception("warm-up")


def _write_private(path: Path, value: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(value))
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
