"""Commands measured as whole processes, run as a user would run them.

Seconds are wall time, memory is the peak resident size of the command's largest process.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPEATS = 3
"""Runs of each reading command after one warm-up; the median is reported."""

_MLCLUSTER = str(Path(sys.executable).with_name("mlcluster"))
_PLANS = ("dev", "staging", "prod", "hyperscale")
_TWINS = ("dev", "hyperscale")


@dataclass(frozen=True)
class Measure:
    """One command, measured."""

    what: str
    seconds: float
    peak_mib: float
    stdout: str

    @property
    def resources(self) -> int:
        """Resources in the plan that the command printed."""
        return len(json.loads(self.stdout)["resources"])


Tell = Callable[[str], None]
"""Says a line to whoever waits."""


def imports(tell: Tell) -> Measure:
    """Measures what importing alone takes, which is part of every plan."""
    return _repeated("imports", [sys.executable, "-c", "import operations.plan, stacks.platform"], tell)


def plans(tell: Tell) -> list[Measure]:
    """Measures plans of the project's environments."""
    commands = {f"mlcluster plan {env}": [_MLCLUSTER, "plan", env, "--json"] for env in _PLANS}
    return [_repeated(what, command, tell) for what, command in commands.items()]


def growth(files: Mapping[int, Path], tell: Tell) -> list[Measure]:
    """Measures plans of environments that differ in their number of pools."""
    commands = {f"{pools} pools": [_MLCLUSTER, "plan", str(path), "--json"] for pools, path in files.items()}
    return [_repeated(what, command, tell) for what, command in commands.items()]


def lives(tell: Tell) -> list[Measure]:
    """Measures environments' whole lives on twins, kept in a temporary folder and reset afterwards."""
    with tempfile.TemporaryDirectory() as home:
        return [run for env in _TWINS for run in _life(env, {**os.environ, "MLCLUSTER_HOME": home}, tell)]


def _life(env: str, environment: dict[str, str], tell: Tell) -> list[Measure]:
    steps = (
        (f"mlcluster up {env} --twin", "up"),
        (f"mlcluster up {env} --twin (no change)", "up"),
        (f"mlcluster down {env} --twin", "down"),
    )
    try:
        return [
            _told(tell, measure(what, [_MLCLUSTER, verb, env, "--twin", "--yes"], environment))
            for what, verb in steps
        ]
    finally:
        measure("reset", [_MLCLUSTER, "twin", "reset", env, "--yes"], environment)


def measure(what: str, command: Sequence[str], environment: dict[str, str]) -> Measure:
    """Runs a command to its end.

    Raises:
        RuntimeError: it failed; a benchmark of a failure says nothing.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        if child.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{stderr.read()}")
        return Measure(what, seconds, _mib(usage), stdout.read())


def median(runs: Sequence[Measure]) -> Measure:
    """The run with the median wall time, with the largest memory of all."""
    middle = statistics.median_low(run.seconds for run in runs)
    chosen = next(run for run in runs if run.seconds == middle)
    return Measure(chosen.what, middle, max(run.peak_mib for run in runs), chosen.stdout)


def _mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _repeated(what: str, command: Sequence[str], tell: Tell) -> Measure:
    runs = [measure(what, command, dict(os.environ)) for _ in range(REPEATS + 1)]
    return _told(tell, median(runs[1:]))


def _told(tell: Tell, run: Measure) -> Measure:
    tell(f"{run.what}: {run.seconds:.2f} s, {run.peak_mib:.0f} MiB")
    return run
