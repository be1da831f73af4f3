"""`python -m operations.scan [ENVIRONMENT…]`: what scanners say; exit code 1 if a finding is open."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.problems import BadInput, Problem
from operations.scan import render, scanning, triage


def main(names: list[str]) -> int:
    """Scans the environments of some names, or all; prints counts, and each finding that is open."""
    console = Console(width=200, highlight=False)
    try:
        scanning.ensure(console.print)
        with tempfile.TemporaryDirectory() as folder:
            result = scanning.scan(Path(folder), render.recordings(_files(names)))
        verdict = triage.judge(result.findings, triage.read())
    except BadInput as bad:
        console.print(str(bad), style="red", markup=False)
        return 2
    for line in scanning.summary(result, verdict):
        console.print(line, markup=False)
    unused = () if names else verdict.unused  # some environments alone need not have what is excepted
    for finding in verdict.open:
        console.print(f"open: {finding}", style="red", markup=False)
    for one in unused:
        console.print(f"unused exception: {one}", style="red", markup=False)
    return 1 if verdict.open or unused else 0


def _files(names: list[str]) -> dict[str, Path]:
    known = {**render.ours(), **render.extra()}
    unknown = [
        Problem("environment", name, "is not there", f"write one of {', '.join(known)}")
        for name in names
        if name not in known
    ]
    if unknown:
        raise BadInput(unknown)
    return {name: known[name] for name in names or known}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
