"""All scanners over all environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from operations.progress import Silent
from operations.recorder import Recording
from operations.scan import checkov, kube_score, render
from operations.scan.findings import CHECKOV, KUBE_SCORE, Finding, Report
from operations.scan.triage import Verdict

_AT_ONCE: Final = 2


@dataclass(frozen=True)
class Result:
    """What the scanners say."""

    reports: tuple[Report, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(finding for one in self.reports for finding in one.findings)


class _Saying(Silent):
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def say(self, text: str) -> None:
        self._say(text)


def ensure(say: Callable[[str], None] = lambda _: None) -> None:
    """Gets the scanners, where they are not there yet: some two minutes, once.

    Args:
        say: Told what takes long.

    Raises:
        ScannerMissing, GoMissing, BuildFailed: One cannot be had.
    """
    checkov.ensure(_Saying(say))
    kube_score.ensure(_Saying(say))


def scan(folder: Path, recorded: Mapping[str, Recording]) -> Result:
    """Lets every scanner judge environments.

    Args:
        folder: Where files for scanners are written.
        recorded: Recordings of the environments by name.

    Raises:
        ScannerMissing, GoMissing, BuildFailed: A scanner cannot be had.
        ScanFailed: A scanner failed.
    """
    for name, recording in recorded.items():
        render.write(recording, folder / name)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        by_checkov = pool.map(lambda name: checkov.scan(folder / name, name), recorded)
        by_kube_score = [kube_score.scan(folder / name, name) for name in recorded]
        return Result((*by_checkov, *by_kube_score))


def summary(result: Result, verdict: Verdict) -> Iterator[str]:
    """Counts by scanner, a line each."""
    for scanner in (CHECKOV, KUBE_SCORE):
        reports = [one for one in result.reports if one.scanner == scanner]
        let = sum(one.scanner == scanner for one in verdict.excepted)
        left = sum(one.scanner == scanner for one in verdict.open)
        yield (
            f"{scanner}: {sum(one.checks for one in reports)} checks over {len(reports)} environments, "
            f"{sum(one.passed for one in reports)} passed, {let} excepted, {left} open"
        )
