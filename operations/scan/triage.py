"""Which findings are let stand, and why: `tools/scan/triage.yaml`."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from infra.problems import ABSENT, BadInput, Problem
from operations.scan.findings import CHECKOV, KUBE_SCORE, Finding

FILE: Final = Path(__file__).resolve().parents[2] / "tools" / "scan" / "triage.yaml"
_KEYS: Final = frozenset({"scanner", "check", "resources", "reason"})
_MAY: Final = frozenset({"environments"})
_WORDS: Final = 5
"""A reason is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Findings of one check that are let stand."""

    scanner: str
    check: str
    resources: tuple[str, ...]
    """Names of resources, or patterns of a shell's kind."""
    reason: str
    environments: tuple[str, ...] = ()
    """Where; none: everywhere."""

    def covers(self, finding: Finding) -> bool:
        """Whether it lets a finding stand."""
        same = (self.scanner, self.check) == (finding.scanner, finding.check)
        here = not self.environments or finding.environment in self.environments
        return same and here and any(fnmatch.fnmatchcase(finding.resource, one) for one in self.resources)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of findings."""

    open: tuple[Finding, ...]
    """Those that nobody lets stand."""
    excepted: tuple[Finding, ...]
    unused: tuple[str, ...]
    """Exceptions that except nothing, as `<scanner> <check> <resource>`: they would hide what comes."""


def read(path: Path = FILE) -> tuple[Allowance, ...]:
    """The exceptions of a file.

    Raises:
        BadInput: What is wrong with it.
    """
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["exceptions"] or []
    problems = [problem for index, one in enumerate(given) for problem in _problems(index, one)]
    if problems:
        raise BadInput(problems)
    return tuple(
        Allowance(
            scanner=one["scanner"],
            check=one["check"],
            resources=tuple(one["resources"]),
            reason=one["reason"].strip(),
            environments=tuple(one.get("environments", ())),
        )
        for one in given
    )


def judge(findings: Iterable[Finding], exceptions: Iterable[Allowance]) -> Verdict:
    """Tells the findings that are let stand from those that are not."""
    found, let = tuple(findings), tuple(exceptions)
    excepted = tuple(one for one in found if any(exception.covers(one) for exception in let))
    return Verdict(
        open=tuple(one for one in found if one not in set(excepted)),
        excepted=excepted,
        unused=tuple(
            f"{exception.scanner} {exception.check} {pattern}"
            for exception in let
            for pattern in exception.resources
            if not any(_covers(exception, pattern, one) for one in found)
        ),
    )


def _covers(exception: Allowance, pattern: str, finding: Finding) -> bool:
    return exception.covers(finding) and fnmatch.fnmatchcase(finding.resource, pattern)


def _problems(index: int, one: Any) -> list[Problem]:
    path = f"exceptions[{index}]"
    if not isinstance(one, dict) or set(one) - _MAY != _KEYS:
        hint = f"write {', '.join(sorted(_KEYS))}, and environments where it is not for all"
        return [Problem(path, one, "is no exception", hint)]
    found = []
    if one["scanner"] not in (CHECKOV, KUBE_SCORE):
        hint = f"write {CHECKOV} or {KUBE_SCORE}"
        found.append(Problem(f"{path}.scanner", one["scanner"], "is no scanner of ours", hint))
    if not one["resources"] or "*" in one["resources"]:
        hint = "name the resources; if the check is not for us at all, say which kinds it is about"
        found.append(Problem(f"{path}.resources", one["resources"], "excepts nothing or everything", hint))
    if len(str(one["reason"] or "").split()) < _WORDS:
        found.append(Problem(f"{path}.reason", ABSENT, "is no reason", "write a sentence that tells why"))
    return found
