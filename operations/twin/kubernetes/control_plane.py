"""A real control plane for one twin: etcd, API server, controllers, scheduler and kwok, run by kwokctl.

Its data are in the twin's folder, so it can be stopped, killed or upgraded and started again on them. Which
processes are its own is told by the path that they were started by, which lies in that folder: process IDs in
files, as kwokctl keeps them, are somebody else's after a reboot.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psutil
import urllib3
import yaml

from operations.locking import held
from operations.twin.backend import Refused
from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.client import Credentials

COMPONENTS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
_LEAVE_ORDER: Final = tuple(reversed(COMPONENTS))

DATA: Final = "etcd"
"""Folder, within the twin's, of everything that the control plane holds."""

_NAME: Final = "twin"
_ATTEMPTS: Final = 3
"""Another process may take a port between our finding it free and its use."""
_READY_S: Final = 60
_BUSY_S: Final = 20.0
"""So long one that runs whole may owe an answer before it is taken for broken: machines are busy at times."""
_STOP_S: Final = 10.0
_LOOK_AGAIN_S: Final = 1.0
_TRY_AGAIN_S: Final = 30.0
"""For so long one that did not start is not tried again: all who wait for it are told why, at once."""
_TROUBLE: Final = re.compile("panic|fatal|error|fail", re.IGNORECASE)
_FIRST: Final = ("etcd", "kube-apiserver")
"""What the others wait for: when one of these dies while it is started, no waiting helps."""
_PARALLEL: Final = 16
"""Nodes and pods that kwok works on at a time."""
_WEBHOOKS: Final = "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"
"""Admission plugins that are off: kwok's pods answer nothing, so webhooks would refuse all they watch."""
_PORTS: Final = (
    "kubeApiserverPort", "etcdPort", "etcdPeerPort", "kubeControllerManagerPort", "kubeSchedulerPort",
    "kwokControllerPort",
)  # fmt: skip


class ControlPlane:
    """The control plane of the twin in `folder`; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Starts nothing yet."""
        self._folder = folder
        self._work = folder / "kwok"
        self._cluster = self._work / "clusters" / _NAME
        self._lock = threading.RLock()
        self._running: tuple[psutil.Process, ...] = ()
        self._looked = 0.0
        self._closed = threading.Event()
        self._why = ""
        self._not_before = 0.0

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that needs no other file; there once it was started."""
        return self._folder / "kubeconfig"

    @property
    def administrator(self) -> tuple[Path, Path]:
        """Files of its administrator's certificate and of the key to that; there once it was started."""
        keys = self._cluster / "pki"
        return keys / "admin.crt", keys / "admin.key"

    def ensure(self) -> Credentials:
        """Returns how to reach it, once all of its processes run and it answers; starts it when they do not.

        Raises:
            Refused: It cannot be started; says what to do.
        """
        with self._lock:
            if self._closed.is_set():
                raise Refused("the twin is being stopped: start it and run the command again")
            if not self._alive():
                with held(self._folder / "control-plane.lock", lambda: None):
                    self._revive()
            return self._credentials()

    def reached(self) -> Path:
        """Returns the kubeconfig, once it can be used; raises as `ensure` does."""
        self.ensure()
        return self.kubeconfig

    def processes(self) -> Mapping[str, psutil.Process]:
        """Returns those of its processes that live, by component."""
        root = str(self._cluster / "bin") + os.sep
        found = {}
        for process in psutil.process_iter(["cmdline", "status"]):
            command = process.info["cmdline"] or [""]
            if command[0].startswith(root) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found[command[0].removeprefix(root)] = process
        return found

    def stop(self) -> None:
        """Ends its processes; what it holds is there when it is started again."""
        with self._lock:
            self._running = ()
            self._end()

    def close(self) -> None:
        """Stops it for good: it is not started again by this object."""
        self._closed.set()  # ends a start that is under way, which has the lock
        with self._lock:
            self.stop()

    def _alive(self) -> bool:
        """Whether its processes live; looks at most once a second, since it is asked before every request."""
        if not self._running:
            return False
        if time.monotonic() - self._looked > _LOOK_AGAIN_S:
            self._looked = time.monotonic()
            return all(_lives(process) for process in self._running)
        return True

    def _revive(self) -> None:
        """Takes over what runs already; starts everything anew when any of it does not."""
        if time.monotonic() < self._not_before:
            raise Refused(self._why)
        if not self._answers(limit=_BUSY_S):
            self._end()
            self._start()
        self._running = tuple(self.processes().values())
        self._looked = time.monotonic()

    def _answers(self, limit: float) -> bool:
        """Whether all components run and the API server is ready, or becomes so within the limit."""
        until = time.monotonic() + limit
        while set(COMPONENTS) <= self.processes().keys():
            if (self._cluster / "kubeconfig.yaml").exists() and _is_ready(self._credentials()):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return False

    def _start(self) -> None:
        programs = binaries.ensure()
        for _attempt in range(_ATTEMPTS):
            self._prepare(programs)
            answer = self._kwokctl(programs)
            if answer == 0 and self._answers(limit=_READY_S):
                _write_private(self.kubeconfig, yaml.safe_dump(_kubeconfig(self._credentials())))
                return
            self._why = self._failure()
            self._end()
            if self._closed.is_set():
                break
        self._not_before = time.monotonic() + _TRY_AGAIN_S
        raise Refused(self._why)

    def _prepare(self, programs: Path) -> None:
        """Lays out what kwokctl starts from: always a new configuration, on the same data."""
        preferred = self._last_port()
        shutil.rmtree(self._cluster / "pids", ignore_errors=True)
        for name in ("kwok.yaml", "kubeconfig.yaml"):
            (self._cluster / name).unlink(missing_ok=True)
        # kwokctl removes the cluster's folder when it cannot create it; the data are out of its reach.
        data = self._folder / DATA
        for made in (self._folder, self._work, self._cluster, data):
            made.mkdir(parents=True, exist_ok=True, mode=0o700)
        link = self._cluster / "etcd"
        if not link.is_symlink():
            link.symlink_to(data)
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS), preferred), strict=True))
        documents = [_kwokctl_configuration(programs, ports), _KWOK_CONFIGURATION]
        stages = Path(__file__).with_name("stages.yaml").read_text()
        (self._work / "configuration.yaml").write_text(f"{yaml.safe_dump_all(documents)}---\n{stages}")

    def _kwokctl(self, programs: Path) -> int:
        # --kubeconfig= keeps it from writing to ~/.kube/config.
        command = [
            str(programs / "kwokctl"), "create", "cluster", "--name", _NAME, "--kubeconfig=",
            "--config", str(self._work / "configuration.yaml"), "--timeout", f"{_READY_S}s",
        ]  # fmt: skip
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("KWOK_")},
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "KWOK_WORKDIR": str(self._work),
        }
        with (self._work / "kwokctl.log").open("w") as log:
            starting = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            while starting.poll() is None and not self._closed.wait(0.05) and not self._is_lost():
                pass
            starting.kill()
            return starting.wait()

    def _is_lost(self) -> bool:
        """Whether a component that others wait for has died since kwokctl started it."""
        files = [self._cluster / "pids" / f"{name}.pid" for name in _FIRST]
        started = [text for file in files if file.exists() and (text := file.read_text().strip())]
        return not all(_lives_as(int(text)) for text in started)

    def _end(self) -> None:
        for process in _with_argument(str(self._work / "configuration.yaml")):
            _finish(process, ("kill",))  # a kwokctl that a killed daemon left would go on starting
        found = self.processes()
        for name in _LEAVE_ORDER:
            if name in found:
                # All but etcd keep nothing, and the API server takes long to leave when etcd is gone.
                ends = ("terminate", "kill") if name == "etcd" else ("kill",)
                _finish(found[name], ends)

    def _credentials(self) -> Credentials:
        content = yaml.safe_load((self._cluster / "kubeconfig.yaml").read_text())
        server = content["clusters"][0]["cluster"]["server"]
        return Credentials(server, self._cluster / "pki" / "ca.crt", *self.administrator)

    def _last_port(self) -> int | None:
        """Returns the port that the API server had last: a kubeconfig handed out stays good if it is free."""
        try:
            return int(self._credentials().server.rpartition(":")[2])
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            return None

    def _failure(self) -> str:
        alive = self.processes().keys()
        logs = [self._work / "kwokctl.log", *(self._cluster / "logs" / f"{name}.log" for name in COMPONENTS)]
        ends = [f"{log}: {_telling_line(log)}" for log in logs if log.exists() and log.stem not in alive]
        return (
            "the twin's control plane does not start; the logs of what does not run say\n  "
            + "\n  ".join(ends)
            + f"\nrun `mlcluster twin reset {self._folder.name}` to begin with an empty one"
        )


# Without leader election: one that was killed leaves a lease that its successor waits 15 s for. And a claim
# before its volume is only looked at again with the next sync, every 15 s if nothing is said.
_ALONE: Final = ("leader-elect", "false")
_OPTIONS: Final = {
    "kube-controller-manager": (_ALONE, ("pvclaimbinder-sync-period", "1s")),
    "kube-scheduler": (_ALONE,),
}


def _kwokctl_configuration(programs: Path, ports: Mapping[str, int]) -> dict[str, Any]:
    options = {
        "runtime": "binary",
        "kubeVersion": f"v{binaries.KUBERNETES}",
        "kwokVersion": f"v{binaries.KWOK}",
        "bindAddress": "127.0.0.1",
        "disableQPSLimits": True,
        "etcdBinary": str(programs / "etcd"),
        "kubeApiserverBinary": str(programs / "kube-apiserver"),
        "kubeControllerManagerBinary": str(programs / "kube-controller-manager"),
        "kubeSchedulerBinary": str(programs / "kube-scheduler"),
        "kwokControllerBinary": str(programs / "kwok"),
        **ports,
    }
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": options,
        "componentsPatches": [
            {
                "name": "kube-apiserver",
                "extraArgs": [{"key": "disable-admission-plugins", "value": _WEBHOOKS}],
            },
            *(
                {"name": name, "extraArgs": [{"key": key, "value": value} for key, value in options]}
                for name, options in _OPTIONS.items()
            ),
        ],
    }


_KWOK_CONFIGURATION: Final = {
    "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
    "kind": "KwokConfiguration",
    "options": {
        "nodePlayStageParallelism": _PARALLEL,
        "podPlayStageParallelism": _PARALLEL,
        "nodeLeaseParallelism": _PARALLEL,
    },
}


def _kubeconfig(credentials: Credentials) -> dict[str, Any]:
    def content(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    name = "mlcluster-twin"
    cluster = {"server": credentials.server, "certificate-authority-data": content(credentials.authority)}
    user = {
        "client-certificate-data": content(credentials.certificate),
        "client-key-data": content(credentials.key),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def _is_ready(credentials: Credentials) -> bool:
    pool = urllib3.PoolManager(
        ca_certs=str(credentials.authority),
        cert_file=str(credentials.certificate),
        key_file=str(credentials.key),
        timeout=2.0,
        retries=False,
    )
    with pool:
        try:
            return pool.request("GET", f"{credentials.server}/readyz").status == 200
        except (urllib3.exceptions.HTTPError, OSError):
            return False


def _free_ports(count: int, preferred: int | None) -> list[int]:
    """Returns ports of the loopback that are free now, the preferred one first if it is among them."""
    with ExitStack() as stack:
        ports = [port for port in [_bound(stack, preferred)] if port] if preferred else []
        while len(ports) < count:
            port = _bound(stack, 0)
            if port:
                ports.append(port)
        return ports


def _bound(stack: ExitStack, port: int) -> int | None:
    opened = stack.enter_context(socket.socket())
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(("127.0.0.1", port))
    except OSError:
        return None
    found: int = opened.getsockname()[1]
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _lives_as(pid: int) -> bool:
    try:
        return _lives(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def _with_argument(word: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if word in (one.info["cmdline"] or ())]


def _finish(process: psutil.Process, ends: Sequence[str]) -> None:
    """Ends a process by the first of these ways that works in time."""
    for end in ends:
        try:
            getattr(process, end)()
        except psutil.NoSuchProcess:
            return
        until = time.monotonic() + _STOP_S
        # Not process.wait(): a process whose parent does not ask after it stays in the table for a while.
        while _lives(process) and time.monotonic() < until:
            time.sleep(0.05)
        if not _lives(process):
            return


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _telling_line(path: Path) -> str:
    """The last line of a log that speaks of trouble, for what follows may be a stack trace; else the last."""
    lines = path.read_text(errors="replace").strip().splitlines()
    bad = [line for line in lines if _TROUBLE.search(line)]
    return (bad or lines or ["nothing"])[-1][:300]
