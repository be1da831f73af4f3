from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from infra.environment import load, project_root
from operations.bench.commands import Measure, measure, median
from operations.bench.control_plane import Figure, Peaks, figures
from operations.bench.growth import SIZES, files
from operations.bench.page import Figures, page
from operations.bench.teams import Point, write
from operations.twin.kubernetes.control_plane import COMPONENTS


def test_a_command_is_measured_as_a_whole_process() -> None:
    program = "import time; block = bytearray(60 * 2**20); time.sleep(0.2); print('said')"
    run = measure("sleep", [sys.executable, "-c", program], dict(os.environ))
    assert run.stdout == "said\n"
    assert run.seconds >= 0.2
    assert run.peak_mib >= 60


def test_a_command_that_fails_is_no_measure() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*why"):
        measure("fail", [sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"], {})


def test_the_median_keeps_the_largest_memory() -> None:
    runs = [Measure("x", seconds, mib, "") for seconds, mib in ((3.0, 1.0), (1.0, 9.0), (2.0, 5.0))]
    assert (median(runs).seconds, median(runs).peak_mib) == (2.0, 9.0)


def test_peaks_are_of_each_process_and_kept_when_it_has_given_memory_back_or_ended() -> None:
    program = (
        "block = bytearray(60 * 2**20); print(flush=True); input(); del block; print(flush=True); input()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        watched = {"child": psutil.Process(child.pid), "self": psutil.Process()}
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        with Peaks(lambda: watched) as peaks:
            pass
        child.communicate("\n\n")
        with Peaks(lambda: watched) as afterwards:
            pass
    assert peaks.mib["child"] >= 60
    assert peaks.mib.keys() == {"child", "self"}
    assert afterwards.mib.keys() == {"self"}


def planned(what: str, seconds: float, resources: int, up: float, steps: list[float]) -> Measure:
    """A plan that was measured, with as much of its document as the page reads."""
    path = [{"seconds": step} for step in steps]
    document = {"resources": [0] * resources, "minutes": {"up": up, "critical_path": path}}
    return Measure(what, seconds, 200.0, json.dumps(document))


def test_the_page_takes_imports_out_of_the_time_per_resource() -> None:
    dev = planned("mlcluster plan dev", 3.0, 4, 11.0, [540.0, 60.0])
    figures = Figures(
        imports=Measure("imports", 1.0, 100.0, ""),
        plans=[dev],
        larger=[planned("100 pools", 2.0, 10, 11.0, [600.0])],
        lives=[Measure("up", 30.0, 150.0, "")],
        scale=[Figure("512 nodes Ready", 7.25, {"etcd": 50.4, "kube-apiserver": 400.0})],
        many=[Point(1000, 56, 28000, 500.0)],
    )
    text = page(figures)
    assert "| `mlcluster plan dev` | 3.00 | 200 | 4 | 500.0 |" in text
    assert "| `mlcluster plan dev` | 11.0 | 10.0 | 1.10 |" in text
    assert "| 100 pools | 2.00 | 200 | 10 | 100.0 |" in text
    assert "| `up` | 30.00 | 150 | | |" in text
    assert f"| step | seconds | {' | '.join(COMPONENTS)} |" in text
    assert "| 512 nodes Ready | 7.2 | 50 | 400 | 0 | 0 | 0 |" in text
    assert "| 1,000 | 56 | 28,000 | 500 | 500 |" in text


@pytest.mark.parametrize("size", SIZES)
def test_synthetic_environments_are_valid_and_as_large_as_they_say(tmp_path: Path, size: int) -> None:
    made = load(files(tmp_path)[size])
    assert len(made.pools) == size
    assert {pool.scaling for pool in made.pools.values()} == {"managed", "karpenter"}


def test_many_teams_are_in_valid_stacks_that_are_full(tmp_path: Path) -> None:
    platform, *stacks = (load(path) for path in write(tmp_path, 40))
    assert platform.teams == {}
    assert [stack.teams_of for stack in stacks] == ["bench"] * len(stacks)
    assert sum(len(stack.teams) for stack in stacks) == len(stacks[0].all_teams) == 40
    assert len({len(stack.teams) for stack in stacks[:-1]}) == 1


@pytest.mark.engine
def test_the_control_plane_is_measured_and_ended() -> None:
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        measured = figures(project_root(Path(__file__)), Path(folder), lines.append, size=3, teams=2)
        left = [one for one in psutil.process_iter(["cmdline"]) if folder in str(one.info["cmdline"])]
    assert left == []
    assert len(lines) == len(measured) == 4
    for figure in measured:
        assert set(figure.peaks_mib) == set(COMPONENTS)
        assert figure.seconds > 0
        assert min(figure.peaks_mib.values()) > 10, "a process of Kubernetes is larger than that"
    assert "3 pods" in measured[2].what
    assert measured[3].what.startswith("2 teams applied, 54 objects")
