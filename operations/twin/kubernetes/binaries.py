"""The programs of the control plane, had once and kept in the user's cache.

Kubernetes' own are downloaded, from where kwokctl has them too, since they are published with checksums; what
cannot be downloaded, and the others, which have no checksums beside them, are built from the Go modules under
`tools/`, whose sources go.sum pins.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from operations import folders, gobuild
from operations.locking import held
from operations.progress import Listener, Silent
from operations.twin.kubernetes import download

KUBERNETES: Final = "1.35.1"
KWOK: Final = "0.7.0"
HELM: Final = "3.20.2"
"""The newest of those that are made for `KUBERNETES` and that have a module."""

_ANSWER_S: Final = 10
_TOOLS: Final = Path(__file__).resolve().parents[3] / "tools"
_MAJOR, _MINOR, _PATCH = KUBERNETES.split(".")
# Clients parse these; a build without them says v0.0.0-master, which charts with a kubeVersion refuse.
_VERSION: Final = {
    "gitVersion": f"v{KUBERNETES}",
    "gitMajor": _MAJOR,
    "gitMinor": _MINOR,
    "gitTreeState": "clean",
}
_KUBERNETES_FLAGS: Final = " ".join(
    ["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in _VERSION.items())]
)
_ARCHITECTURE: Final = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
_PUBLISHED: Final = f"https://dl.k8s.io/release/v{KUBERNETES}/bin/{platform.system().lower()}/{_ARCHITECTURE}"
_KWOK_FLAGS: Final = f"-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v{KWOK}"


@dataclass(frozen=True)
class Program:
    """One program and the Go package that it is."""

    name: str
    module: str
    """Folder under `tools/`."""
    package: str
    flags: str
    url: str = ""
    """Where it is published with its checksum; empty for those that are not."""


PROGRAMS: Final = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3", "-s -w"),
    Program("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", _KWOK_FLAGS),
    Program("kwokctl", "kwok", "sigs.k8s.io/kwok/cmd/kwokctl", _KWOK_FLAGS),
    *(
        Program(
            name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES_FLAGS, f"{_PUBLISHED}/{name}"
        )
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    ),
)
"""kwokctl calls kubectl to see whether a cluster answers, so it is among them."""

HELM_PROGRAM: Final = Program(
    "helm",
    "helm",
    "helm.sh/helm/v3/cmd/helm",
    f"-s -w -X helm.sh/helm/v3/internal/version.version=v{HELM}",
)
"""Not part of the control plane: needed where there are charts to install."""


def folder() -> Path:
    """The folder that the programs are in, once they were built."""
    return folders.cache() / "kubernetes" / KUBERNETES


def missing() -> tuple[str, ...]:
    """Names of the programs that are not there, or not as they were had."""
    return tuple(program.name for program in PROGRAMS if not _kept(program))


def ensure(progress: Listener | None = None) -> Path:
    """Downloads or builds what is missing, some six minutes on two cores; returns the programs' folder.

    Raises:
        GoMissing: No Go toolchain could be had.
        BuildFailed: Go said no.
    """
    listener = progress or Silent()
    lacking = [program for program in PROGRAMS if not _kept(program)]
    if not lacking:
        return folder()
    with held(folder() / "programs.lock", lambda: listener.say("another process is getting the programs")):
        for program in _not_downloaded(lacking, listener):
            gobuild.build(
                _TOOLS / program.module,
                program.package,
                folder() / program.name,
                program.flags,
                f"{program.name} of the twin's control plane",
                listener,
            )
    return folder()


def helm(progress: Listener | None = None) -> Path:
    """Returns Helm: the one on PATH if it is of version 3, as in pulumi-kubernetes, else one that is built.

    Raises:
        GoMissing: No Go toolchain could be had.
        BuildFailed: Go said no.
    """
    found = shutil.which(HELM_PROGRAM.name)
    if found and _is_helm_3(found):
        return Path(found)
    return gobuild.build(
        _TOOLS / HELM_PROGRAM.module,
        HELM_PROGRAM.package,
        folders.cache() / "helm" / HELM / HELM_PROGRAM.name,
        HELM_PROGRAM.flags,
        "Helm",
        progress,
    )


@cache
def _is_helm_3(command: str) -> bool:
    """Whether it is: version 4 applies and waits in other ways."""
    asked = [command, "version", "--template", "{{.Version}}"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ANSWER_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.startswith("v3.")


def _not_downloaded(lacking: Iterable[Program], listener: Listener) -> tuple[Program, ...]:
    """Downloads what is published; returns the rest. After one that cannot be had, no more are tried."""
    rest, reachable = [], True
    for program in lacking:
        if program.url and reachable and not _kept(program):
            try:
                download.fetch(program.url, folder() / program.name, listener)
            except download.Unavailable as error:
                listener.say(f"cannot be downloaded, so it is built: {error}")
                reachable = False
        if not _kept(program):
            rest.append(program)
    return tuple(rest)


def _kept(program: Program) -> bool:
    output = folder() / program.name
    built = gobuild.kept(_TOOLS / program.module, program.package, output, program.flags)
    return built is not None or (bool(program.url) and download.kept(output))
