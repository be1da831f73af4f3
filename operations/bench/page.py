"""The page of figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import psutil

from operations.bench.commands import REPEATS, Measure
from operations.bench.control_plane import Figure
from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.control_plane import COMPONENTS


def page(
    imports: Measure, plans: Sequence[Measure], lives: Sequence[Measure], scale: Sequence[Figure]
) -> str:
    """The page: what was measured, on what."""
    parts = (_head(), _commands(imports, plans, lives), _control_plane(scale))
    return "\n".join(line for part in parts for line in part) + "\n"


def machine() -> str:
    """The facts of this machine that figures depend on."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("pulumi", "pulumi-aws", "moto"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}, "
        f"Kubernetes {binaries.KUBERNETES}, kwok {binaries.KWOK}"
    )


def _head() -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench`. Seconds are wall time; memory is resident."
    yield ""
    yield f"Machine: {machine()}."
    yield ""


def _commands(imports: Measure, plans: Sequence[Measure], lives: Sequence[Measure]) -> Iterator[str]:
    yield "## Commands"
    yield ""
    yield f"Whole processes, and the memory of the largest; plans are the median of {REPEATS} runs after a"
    yield "warm-up, lives on the twin are one run each, begun with nothing but the programs built."
    yield ""
    yield "| command | seconds | peak MiB | resources | ms per resource, imports left out |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    yield f"| imports alone | {imports.seconds:.2f} | {imports.peak_mib:.0f} | | |"
    for run in plans:
        each = 1000 * (run.seconds - imports.seconds) / run.resources
        yield f"| `{run.what}` | {run.seconds:.2f} | {run.peak_mib:.0f} | {run.resources} | {each:.1f} |"
    for run in lives:
        yield f"| `{run.what}` | {run.seconds:.2f} | {run.peak_mib:.0f} | | |"
    yield ""


def _control_plane(scale: Sequence[Figure]) -> Iterator[str]:
    yield "## The twin's control plane"
    yield ""
    yield "One after the other in the same control plane, through the client that the twin uses, 16 requests"
    yield "at a time. Nodes and pods are kwok's; API server, controllers and scheduler are Kubernetes' own."
    yield "Columns are the most MiB that each process had during the step."
    yield ""
    yield f"| step | seconds | {' | '.join(COMPONENTS)} |"
    yield f"| --- | ---: |{' ---: |' * len(COMPONENTS)}"
    for figure in scale:
        peaks = (f"{figure.peaks_mib.get(name, 0):.0f}" for name in COMPONENTS)
        yield f"| {figure.what} | {figure.seconds:.1f} | {' | '.join(peaks)} |"
