"""kube-score: a scanner that was made for Kubernetes' manifests, built once with Go and kept.

https://github.com/zegl/kube-score
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.problems import ABSENT, Problem
from operations import folders, gobuild
from operations.progress import Listener
from operations.scan.checkov import ScanFailed
from operations.scan.findings import KUBE_SCORE, Finding, Report
from operations.scan.render import MANIFESTS

_VERSION: Final = "1.20.0"
_MODULE: Final = Path(__file__).resolve().parents[2] / "tools" / "kube-score"
_PACKAGE: Final = "github.com/zegl/kube-score/cmd/kube-score"
_FLAGS: Final = f"-s -w -X main.version={_VERSION}"
_SCAN_S: Final = 120
_FINE: Final = 10
"""The grade of what is as it should be: https://github.com/zegl/kube-score/blob/v1.20.0/scorecard/scorecard.go"""
_ALSO: Final = ("container-seccomp-profile", "container-ports-check")
"""Checks that it leaves out unless it is asked for them."""


def ensure(progress: Listener | None = None) -> Path:
    """Builds kube-score unless it is there, less than a minute on two cores; returns the program.

    Raises:
        GoMissing: No Go toolchain could be had.
        BuildFailed: Go said no.
    """
    program = folders.cache() / "scan" / f"kube-score-{_VERSION}"
    return gobuild.build(_MODULE, _PACKAGE, program, _FLAGS, "kube-score", progress)


def scan(folder: Path, environment: str) -> Report:
    """What kube-score says of a folder's manifests.

    Raises:
        ScanFailed: It failed.
    """
    manifests = folder / MANIFESTS
    if not manifests.exists():
        return Report(scanner=KUBE_SCORE, environment=environment, passed=0, findings=())
    command = [str(ensure()), "score", "--output-format", "json", "--output-version", "v2"]
    command += [part for check in _ALSO for part in ("--enable-optional-test", check)]
    done = subprocess.run(
        [*command, str(manifests)], capture_output=True, text=True, timeout=_SCAN_S, check=False
    )
    if done.returncode not in (0, 1):  # 1: there are findings
        hint = f"repeat it with: {' '.join(command)} {manifests}"
        raise ScanFailed([Problem(environment, ABSENT, f"kube-score failed: {done.stderr[-2000:]}", hint)])
    return report(json.loads(done.stdout), environment)


def report(told: list[dict[str, Any]], environment: str) -> Report:
    """What its JSON says."""
    findings = tuple(sorted(finding for one in told for finding in _findings(one, environment)))
    judged = sum(not check["skipped"] for one in told for check in one["checks"] or ())
    return Report(
        scanner=KUBE_SCORE, environment=environment, passed=judged - len(findings), findings=findings
    )


def _findings(one: Mapping[str, Any], environment: str) -> Iterator[Finding]:
    meta = one["object_meta"]
    parts = (one["type_meta"]["kind"], meta.get("namespace", "default"), meta["name"])
    for check in one["checks"] or ():
        if not check["skipped"] and check["grade"] < _FINE:
            yield Finding(
                scanner=KUBE_SCORE,
                check=check["check"]["id"],
                resource=".".join(parts),
                environment=environment,
                title="; ".join(comment["summary"] for comment in check["comments"] or ()),
            )
