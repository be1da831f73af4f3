"""Starts, finds and stops the daemon of a twin."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from operations import folders
from operations.guards import Failure
from operations.twin import control
from operations.twin.backend import Item, Refused
from operations.twin.edition import edition
from operations.twin.server import FAILED, LOCK, LOG, READY, locked

_START_S: Final = 60.0
"""A start takes some seconds; more on a machine that is busy otherwise."""
_STOP_S: Final = 20.0
_POLL_S: Final = 0.05


class TwinFailed(Failure):
    """The twin cannot be used; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A daemon that listens."""

    env: Mapping[str, str]
    """What the engine needs in its environment to use the twin's providers."""
    aws_endpoint: str
    """URL for boto3 and the AWS CLI."""
    pid: int
    ports: Mapping[str, int]

    def aws_environment(self, account: str) -> dict[str, str]:
        """Returns the environment variables by which AWS clients are in one of the twin's accounts."""
        from operations.twin.aws.cloud import access_key

        return {
            "AWS_ACCESS_KEY_ID": access_key(account),
            "AWS_SECRET_ACCESS_KEY": "twin",
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a twin is."""

    running: bool
    pid: int | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    aws_endpoint: str | None = None
    since: str | None = None
    """When the daemon started, ISO 8601 in UTC."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many things of each type it holds ("ec2 vpc": 1); empty while it does not run."""


class Twin:
    """One twin by name; its daemon starts when it is needed and outlives this process."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        """Names a twin; nothing is started or created.

        Args:
            name: The twin's name.
            folder: Where it is kept; `folders.twin` by default.
        """
        self.name = name
        self.folder = (folder or folders.twin(name)).absolute()

    def start(self) -> Running:
        """Starts the daemon unless it runs already, and returns how to reach it.

        Raises:
            TwinFailed: It does not start; the message gives the reason.
        """
        running = self._found()
        if running is not None:
            return running
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / FAILED).unlink(missing_ok=True)
        command = [sys.executable, "-m", "operations.twin.server", str(self.folder)]
        launched = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if launched.returncode != 0:
            raise TwinFailed(f"twin {self.name} does not start: {launched.stderr.strip()[-500:]}")
        return self._awaited(int(launched.stdout))

    def renew(self) -> bool:
        """Stops a daemon that runs another edition of this code; the next start brings it back as it was.

        Returns:
            Whether there was one.
        """
        ready = self._ready()
        if ready is None or self._process(ready) is None or ready.get("edition") == edition():
            return False
        self.stop()
        return True

    def status(self) -> Status:
        """Returns how the twin is, without starting it."""
        running = self._found()
        if running is None:
            return Status(running=False)
        told = self._call("/status")
        return Status(
            running=True,
            pid=running.pid,
            ports=running.ports,
            aws_endpoint=running.aws_endpoint,
            since=told["since"],
            counts=told["counts"],
        )

    def inventory(self) -> tuple[Item, ...]:
        """Lists everything that exists in the twin and was created by someone; starts it if need be."""
        self.start()
        return tuple(Item(**item) for item in self._call("/inventory"))

    def save(self) -> None:
        """Writes everything to disk now; it also happens by itself shortly after every change."""
        if self._found() is not None:
            self._call("/save")

    def fail(self, type_: str, code: str, **more: Any) -> None:
        """Lets a create of `type_` fail with AWS' error `code`; see `aws.faults.Fault` for the rest."""
        self.start()
        self._call("/fail", type=type_, code=code, **more)

    def give(self, told: Mapping[str, Any]) -> None:
        """Lets exist what an environment takes for granted at AWS; see `operations.twin.given`."""
        self.start()
        self._call("/give", given=told)

    def faults(self) -> tuple[dict[str, Any], ...]:
        """Returns the faults that have not happened yet."""
        self.start()
        return tuple(self._call("/faults"))

    def stop(self, *, keep: bool = True) -> None:
        """Stops the daemon and waits for its end; what exists is saved, unless `keep` is False.

        A control plane that a killed daemon left running is stopped, too.
        """
        ready = self._ready()
        process = None if ready is None else self._process(ready)
        if process is not None:
            try:
                self._call("/stop", keep=keep)
            except TwinFailed:
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
            _end(process)
        (self.folder / READY).unlink(missing_ok=True)
        from operations.twin import kubernetes

        if not self._locked():
            kubernetes.stop(self.folder)

    def reset(self) -> None:
        """Stops the daemon and deletes everything that is kept of the twin."""
        self.stop(keep=False)
        if not self.folder.exists():
            return
        with (self.folder / LOCK).open("w") as lock:
            if not locked(lock):
                raise TwinFailed(f"twin {self.name} is being started by another command")
            shutil.rmtree(self.folder)

    def _awaited(self, pid: int) -> Running:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            running = self._found()
            if running is not None:
                return running
            if not _alive(pid) and not self._locked():
                raise TwinFailed(f"twin {self.name} does not start: {self._reason()}")
            time.sleep(_POLL_S)
        raise TwinFailed(f"twin {self.name} did not start within {_START_S:.0f} s; see {self.folder / LOG}")

    def _reason(self) -> str:
        try:
            return str(json.loads((self.folder / FAILED).read_text())["message"])
        except (OSError, ValueError):
            return f"see {self.folder / LOG}"

    def _locked(self) -> bool:
        """Whether a daemon serves this twin, or is about to."""
        try:
            with (self.folder / LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _found(self) -> Running | None:
        """The daemon that the ready file tells of; a file that a dead one left counts for nothing."""
        ready = self._ready()
        if ready is None or self._process(ready) is None:
            return None
        ports = ready["ports"]
        if not control.alive(ports["control"], ready["token"]):
            return None
        return Running(
            env={"PULUMI_DEBUG_PROVIDERS": f"aws:{ports['aws']},kubernetes:{ports['kubernetes']}"},
            aws_endpoint=f"http://127.0.0.1:{ports['endpoint']}",
            pid=ready["pid"],
            ports=ports,
        )

    def _ready(self) -> dict[str, Any] | None:
        try:
            ready: dict[str, Any] = json.loads((self.folder / READY).read_text())
        except (OSError, ValueError):
            return None
        return ready

    def _call(self, path: str, **arguments: Any) -> Any:
        ready = self._ready()
        if ready is None:
            raise TwinFailed(f"twin {self.name} does not run")
        try:
            return control.call(ready["ports"]["control"], ready["token"], path, **arguments)
        except (control.Unreachable, Refused) as problem:
            raise TwinFailed(f"twin {self.name}: {problem}") from problem

    def _process(self, ready: Mapping[str, Any]) -> psutil.Process | None:
        """The process of a ready file; None when it ended, or when its number is another's by now."""
        try:
            process = psutil.Process(ready["pid"])
            ours = process.uids().real == os.getuid() and str(self.folder) in process.cmdline()
            return process if ours and _alive(process.pid) else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end(process: psutil.Process) -> None:
    try:
        process.wait(_STOP_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(_STOP_S)
