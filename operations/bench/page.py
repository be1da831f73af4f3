"""The page of figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import psutil

from operations.bench.commands import REPEATS, Measure
from operations.bench.control_plane import Figure
from operations.bench.growth import readiness
from operations.bench.teams import Point
from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.control_plane import COMPONENTS


@dataclass(frozen=True)
class Figures:
    """Everything that was measured."""

    imports: Measure
    plans: Sequence[Measure]
    larger: Sequence[Measure]
    """Plans of synthetic environments with more and more pools."""
    lives: Sequence[Measure]
    scale: Sequence[Figure]
    many: Sequence[Point]
    """Teams in stacks of their own."""


def page(figures: Figures) -> str:
    """The page: what was measured, on what."""
    parts = (
        _head(),
        _commands(figures),
        _growth(figures),
        _times(figures.plans),
        _control_plane(figures.scale),
        _teams(figures.many),
    )
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


def _commands(figures: Figures) -> Iterator[str]:
    imports = figures.imports
    yield "## Commands"
    yield ""
    yield f"Whole processes, and the memory of the largest; plans are the median of {REPEATS} runs after a"
    yield "warm-up, lives on the twin are one run each, begun with nothing but the programs built."
    yield ""
    yield "| command | seconds | peak MiB | resources | ms per resource, imports left out |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    yield f"| imports alone | {imports.seconds:.2f} | {imports.peak_mib:.0f} | | |"
    for run in figures.plans:
        each = _each(run, imports)
        yield f"| `{run.what}` | {run.seconds:.2f} | {run.peak_mib:.0f} | {run.resources} | {each:.1f} |"
    for run in figures.lives:
        yield f"| `{run.what}` | {run.seconds:.2f} | {run.peak_mib:.0f} | | |"
    yield ""


def _growth(figures: Figures) -> Iterator[str]:
    yield "## Planning with more pools"
    yield ""
    yield "Synthetic environments: pools of five kinds in turns, all but one Karpenter's. Growth is linear"
    yield "where the time per resource stays."
    yield ""
    yield "| environment | seconds | peak MiB | resources | ms per resource, imports left out |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for run in figures.larger:
        each = _each(run, figures.imports)
        yield f"| {run.what} | {run.seconds:.2f} | {run.peak_mib:.0f} | {run.resources} | {each:.1f} |"
    yield ""


def _times(plans: Sequence[Measure]) -> Iterator[str]:
    yield "## Simulated time to ready"
    yield ""
    yield "What `up` takes by the catalog's latencies, 16 operations at a time, and the chain of dependencies"
    yield "that ends last."
    yield ""
    yield "| plan | minutes | critical path | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    for one in readiness(plans):
        yield f"| `{one.what}` | {one.minutes:.1f} | {one.critical:.1f} | {one.ratio:.2f} |"
    yield ""


def _each(run: Measure, imports: Measure) -> float:
    """Milliseconds for each resource of a plan."""
    return 1000 * (run.seconds - imports.seconds) / run.resources


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
    yield ""


def _teams(many: Sequence[Point]) -> Iterator[str]:
    yield "## Many teams"
    yield ""
    yield "Stacks of teams, each as large as a stack of teams may be, brought up one after the other by the"
    yield "engine on one twin whose platform is up. It is linear in teams where the time for each stays."
    yield ""
    yield "| teams | stacks | resources | seconds | ms for each team |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for one in many:
        each = 1000 * one.each
        yield f"| {one.teams:,} | {one.stacks} | {one.resources:,} | {one.seconds:.0f} | {each:.0f} |"
