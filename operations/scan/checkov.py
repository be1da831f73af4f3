"""Checkov: had from PyPI into a Python environment of its own, kept in the user's cache.

What it depends on is pinned with hashes in `tools/scan/requirements.lock` and mixes with nothing of ours.
https://www.checkov.io/2.Basics/CLI%20Command%20Reference.html
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.problems import ABSENT, BadInput, Problem
from operations import folders
from operations.locking import held
from operations.progress import Listener, Silent
from operations.scan.findings import CHECKOV, Finding, Report

_LOCK: Final = Path(__file__).resolve().parents[2] / "tools" / "scan" / "requirements.lock"
_INSTALL_S: Final = 900
_SCAN_S: Final = 300


class ScannerMissing(BadInput):
    """A scanner that cannot be had here; says why."""


class ScanFailed(BadInput):
    """A scanner that did not come to an end, or that could not read what it was given."""


def ensure(progress: Listener | None = None) -> Path:
    """Installs Checkov unless it is there, half a minute and 300 MB; returns its program.

    Raises:
        ScannerMissing: pip could not.
    """
    listener = progress or Silent()
    place = folders.cache() / "scan" / f"checkov-{_recipe()}"
    if not _whole(place):
        with held(place.with_suffix(".lock"), lambda: listener.say("another process is installing Checkov")):
            if not _whole(place):
                _install(place, listener)
    return place / "bin" / "checkov"


def scan(folder: Path, environment: str) -> Report:
    """What Checkov says of the files in a folder: manifests of Kubernetes, and a plan of Terraform.

    Raises:
        ScannerMissing: It could not be installed.
        ScanFailed: It failed, or could not read a file.
    """
    # --skip-download: it would ask its maker's service for guidelines.
    frameworks = ["--framework", "kubernetes", "terraform_plan"]
    command = [str(ensure()), "--directory", str(folder), *frameworks, "--output", "json"]
    done = subprocess.run(
        [*command, "--quiet", "--compact", "--soft-fail", "--skip-download"],
        capture_output=True,
        text=True,
        timeout=_SCAN_S,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    if done.returncode != 0:
        raise ScanFailed(
            [Problem(environment, ABSENT, f"Checkov failed: {done.stderr[-2000:]}", _repeat(command))]
        )
    return report(json.loads(done.stdout), environment, _repeat(command))


def report(told: Any, environment: str, hint: str = "run Checkov on the file") -> Report:
    """What its JSON says: a mapping for each framework that found files of its own.

    Raises:
        ScanFailed: There were files that it could not read.
    """
    parts = [one for one in (told if isinstance(told, list) else [told]) if "results" in one]
    unread = [path for one in parts for path in one["results"].get("parsing_errors", [])]
    if unread:
        raise ScanFailed([Problem(path, ABSENT, "is not read by Checkov", hint) for path in unread])
    return Report(
        scanner=CHECKOV,
        environment=environment,
        passed=sum(one["summary"]["passed"] for one in parts),
        findings=tuple(sorted(finding for one in parts for finding in _findings(one, environment))),
    )


def _findings(part: Mapping[str, Any], environment: str) -> Iterator[Finding]:
    for one in part["results"]["failed_checks"]:
        yield Finding(
            scanner=CHECKOV,
            check=one["check_id"],
            resource=one["resource"],
            environment=environment,
            title=one["check_name"],
        )


def _recipe() -> str:
    """What decides what is installed: the pins, and the Python that they are for."""
    return hashlib.sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]


def _whole(place: Path) -> bool:
    return (place / "installed").is_file() and (place / "bin" / "python").exists()


def _install(place: Path, listener: Listener) -> None:
    listener.say("installing Checkov into a Python environment of its own (300 MB, once)")
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "venv", str(place)])
    _run([*pip, "--require-hashes", "--requirement", str(_LOCK)])
    (place / "installed").touch()  # last: what is interrupted is done again


def _run(command: list[str]) -> None:
    with tempfile.TemporaryFile("w+") as log:
        try:
            code = subprocess.run(
                command, stdout=log, stderr=subprocess.STDOUT, timeout=_INSTALL_S, check=False
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ScannerMissing(
                [Problem(CHECKOV, ABSENT, f"cannot be installed: {error}", _repeat(command))]
            ) from None
        log.seek(0)
        if code != 0:
            last = " ".join(log.read().strip().splitlines()[-3:])
            raise ScannerMissing([Problem(CHECKOV, ABSENT, f"cannot be installed: {last}", _repeat(command))])


def _repeat(command: list[str]) -> str:
    return f"repeat it with: {' '.join(command)}"
