"""Finds a Pulumi engine (its command line program): on PATH, in the cache, downloaded, or built."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from infra.problems import ABSENT, BadInput, Problem
from operations import folders, gobuild
from operations.locking import held
from operations.progress import Listener, Silent, shown

VARIABLE = "MLCLUSTER_PULUMI"
"""Environment variable with the path of the only engine to be used."""

MAJOR = 3
MINIMUM = (3, 250, 0)
"""The oldest engine that this was tried with; the event stream and the inline `destroy` need a recent one."""

MODULE = Path(__file__).resolve().parents[2] / "tools" / "pulumi"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

_INSTALLER = "https://get.pulumi.com/install.sh"
_REACH_SECONDS = 10
"""How long the download's host may take to answer; without a network a person should not wait longer."""
_DOWNLOAD_SECONDS = 600
"""How long the download may take: some 200 MB."""

Source = Literal["variable", "PATH", "cache", "download", "build"]


class EngineMissing(BadInput):
    """No Pulumi engine could be had; says why each way to one failed, and what to do."""


@dataclass(frozen=True)
class Engine:
    """A Pulumi engine that runs here and is new enough."""

    path: Path
    version: str
    """Without ``v``: ``3.250.0``."""
    source: Source


def find(listener: Listener | None = None) -> Engine:
    """A Pulumi engine, from the first of these that has one.

    1. ``MLCLUSTER_PULUMI``, if it is set: this one or none.
    2. PATH, if it is at least version `MINIMUM` and of major version `MAJOR`.
    3. The cache (`folders.cache`), from an earlier download or build.
    4. Pulumi's own installer, run by the Automation API, into the cache.
    5. Go: ``tools/pulumi`` built into the cache; some five minutes on two cores.

    Args:
        listener: told what is skipped and what takes long; by default words and a progress bar on stderr.

    Raises:
        EngineMissing: none of them has one.
    """
    if chosen := os.environ.get(VARIABLE):
        return _chosen(Path(chosen).expanduser().absolute())
    if listener is None:
        with shown(Console(stderr=True, highlight=False), "Pulumi engine") as own:
            return _climb(own)
    return _climb(listener)


def at_hand() -> Engine | None:
    """The engine that `find` would find without getting one: from the first three of its places.

    Raises:
        EngineMissing: ``MLCLUSTER_PULUMI`` names one that is unfit.
    """
    if chosen := os.environ.get(VARIABLE):
        return _chosen(Path(chosen).expanduser().absolute())
    quiet = Silent()
    return next((found for rung in (_on_path, _cached) if isinstance(found := rung(quiet), Engine)), None)


def _climb(listener: Listener) -> Engine:
    rungs: dict[str, Callable[[Listener], Engine | str]] = {
        "on PATH": _on_path,
        "in the cache": _cached,
        "by Pulumi's installer": _downloaded,
        "by a build with Go": _built,
    }
    reasons = []
    for name, rung in rungs.items():
        try:
            found = rung(listener)
        except OSError as error:  # a cache that cannot be written, a disk that is full
            found = str(error)
        if isinstance(found, Engine):
            return found
        reasons.append(f"  {name}: {found}")
    needed = ".".join(map(str, MINIMUM))
    hint = f"put Pulumi {needed} or newer on PATH (https://www.pulumi.com/docs/install), or set {VARIABLE}"
    raise EngineMissing([Problem("pulumi", ABSENT, "\n".join(["no engine could be had", *reasons]), hint)])


def _chosen(path: Path) -> Engine:
    version = version_of(path)
    fault = "does not run" if version is None else _unfit(version)
    if version is None or fault:
        hint = f"name a pulumi program of version {MINIMUM[0]}.{MINIMUM[1]} or newer, or unset {VARIABLE}"
        raise EngineMissing([Problem(VARIABLE, str(path), fault, hint)])
    return Engine(path, version, "variable")


def _on_path(listener: Listener) -> Engine | str:
    found = shutil.which("pulumi")
    if found is None:
        return "there is none"
    version = version_of(Path(found))
    fault = "does not run" if version is None else _unfit(version)
    if version and not fault:
        return Engine(Path(found).absolute(), version, "PATH")
    listener.say(f"{found} is skipped: it {fault}")
    return f"{found} {fault}"


def _cached(_: Listener) -> Engine | str:
    downloaded = _download_folder() / "bin" / "pulumi"
    if (version := version_of(downloaded)) and not _unfit(version):
        return Engine(downloaded, version, "cache")
    built = _built_program()
    if MODULE.is_dir() and (facts := gobuild.kept(MODULE, PACKAGE, built, _ldflags())):
        return Engine(built, facts.version, "cache")
    return "there is none"


def _downloaded(listener: Listener) -> Engine | str:
    if problem := _python(_REACH, [_INSTALLER], _REACH_SECONDS):
        return f"its download cannot be reached ({problem})"
    listener.say("downloading the Pulumi engine")
    folder = _download_folder()
    with held(folder.with_name("download.lock"), lambda: listener.say("another process is downloading it")):
        if not version_of(folder / "bin" / "pulumi"):
            fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".download-"))
            try:
                if problem := _python(_INSTALL, [str(fresh)], _DOWNLOAD_SECONDS):
                    return problem
                shutil.rmtree(folder, ignore_errors=True)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    program = folder / "bin" / "pulumi"
    version = version_of(program)
    return Engine(program, version, "download") if version else "what it downloaded does not run"


def _built(listener: Listener) -> Engine | str:
    if not MODULE.is_dir():
        return f"its source {MODULE} is not there (mlcluster was not installed from a checkout)"
    program = _built_program()
    try:
        gobuild.build(MODULE, PACKAGE, program, _ldflags(), "the Pulumi engine", listener)
    except BadInput as bad:
        return str(bad)
    return Engine(program, _module_version(), "build")


_REACH = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).close()"
_INSTALL = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"


def _python(script: str, arguments: list[str], seconds: int) -> str:
    """Runs a script that may hang (name look-ups know no time-out); "" if it did its work, else why not."""
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            errors = f"no end after {seconds} s"
        finally:
            if process.poll() is None:  # with all that it started: the installer is a shell script
                os.killpg(process.pid, signal.SIGKILL)
    return (
        "" if process.returncode == 0 else (errors.strip().splitlines() or ["it failed without a word"])[-1]
    )


def version_of(program: Path) -> str | None:
    """What a pulumi program says its version is, without ``v``; None if it does not run."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [program, "version"], capture_output=True, text=True, env=env, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    text = done.stdout.strip().removeprefix("v")
    return text if re.match(r"\d+\.\d+\.\d+", text) else None


def _unfit(version: str) -> str:
    """Why an engine of this version is not used; "" if it is."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if numbers < MINIMUM:
        return f"is version {version}, older than {'.'.join(map(str, MINIMUM))}"
    return "" if numbers[0] == MAJOR else f"is version {version}, not of major version {MAJOR}"


def _download_folder() -> Path:
    return folders.cache() / "pulumi" / f"download-{importlib.metadata.version('pulumi')}"


def _built_program() -> Path:
    return folders.cache() / "pulumi" / "built" / "pulumi"


def _module_version() -> str:
    """The version of Pulumi that ``tools/pulumi/go.mod`` requires, without ``v``."""
    text = (MODULE / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", text)
    if found is None:
        raise ValueError(f"{MODULE / 'go.mod'} does not require github.com/pulumi/pulumi/pkg/v3")
    return found[1]


def _ldflags() -> str:
    # as Pulumi's own releases are linked: without symbols, and knowing their version
    variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    return f"-s -w -X {variable}=v{_module_version()}"
