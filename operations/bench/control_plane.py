"""The twin's control plane at scale: filled with GPU nodes, with a job on all of them, with many teams."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import yaml

from infra.catalog.regions import zones
from infra.environment import find, load
from infra.labels import POOL_LABEL
from operations.bench.commands import Tell
from operations.plan import plan
from operations.twin.backend import NodeGroup, Taint
from operations.twin.kubernetes import binaries, nodes
from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane

ENVIRONMENT: Final = "hyperscale"
"""Whose pool, team and job are taken."""
JOB: Final = Path("docs", "how-to", "examples", "gpu-job.yaml")

_POOL: Final = "train"
_TEAM: Final = "foundation"
_PARALLEL: Final = 16
_SAMPLE_S: Final = 0.25
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 240.0
_FIRST: Final = {"Namespace": 0, "ServiceAccount": 1}
_FOR_LONG: Final = {"mlcluster.io/runs-for": "1h"}


@dataclass(frozen=True)
class Figure:
    """One step, measured."""

    what: str
    seconds: float
    peaks_mib: Mapping[str, float]
    """The most memory that each component had during the step, resident."""


def figures(root: Path, folder: Path, tell: Tell, *, size: int = 512, teams: int = 1000) -> list[Figure]:
    """Measures a control plane of its own, which is ended afterwards.

    Args:
        root: the project, whose environment and job are taken.
        folder: an empty one, for the control plane's data.
        tell: told of each figure.
        size: nodes, and pods of the job, each of which takes a whole node.
        teams: how many are applied, several at a time.
    """
    binaries.ensure()
    plane = ControlPlane(folder)
    bench = _Bench(plane, Client(plane.ensure, lambda: None), tell)
    team = _team(root)
    try:
        with bench.step("the control plane, from nothing to ready"):
            plane.ensure()
        with bench.step(f"{size} p4d.24xlarge nodes Ready"):
            nodes.reconcile(bench.client, nodes.wanted([_group(root, size)]))
            _until(lambda: bench.count("Node", _is_ready) == size)
        bench.apply(team)
        job = _job(root, size)
        with bench.step(f"an Indexed Job of {size} pods with 8 GPUs and 4 EFA devices each, all placed"):
            bench.apply(job)
            _until(lambda: bench.count("Pod", _is_running) == size)
        manifests = [_renamed(team, f"team-{number:04}") for number in range(teams)]
        objects = teams * len(team)
        with bench.step(f"{teams:,} teams applied, {objects:,} objects: namespaces, quotas, policies, roles"):
            bench.apply_each(manifests)
    finally:
        plane.close()
    return bench.figures


class _Bench:
    """A control plane, and what was measured of it."""

    def __init__(self, plane: ControlPlane, client: Client, tell: Tell) -> None:
        self.client = client
        self.figures: list[Figure] = []
        self._plane = plane
        self._tell = tell

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Measures what is done within."""
        with Peaks(self._plane.processes) as peaks:
            began = time.perf_counter()
            yield
            seconds = time.perf_counter() - began
        self.figures.append(Figure(what, seconds, peaks.mib))
        self._tell(f"{what}: {seconds:.1f} s, {sum(peaks.mib.values()):.0f} MiB")

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Applies manifests one after the other, namespaces first."""
        for manifest in sorted(manifests, key=lambda manifest: _FIRST.get(manifest["kind"], 2)):
            self.client.apply(manifest, manager="bench", force=True)

    def apply_each(self, many: Iterable[Iterable[Manifest]]) -> None:
        """Applies several lists of manifests, in parallel."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for done in [pool.submit(self.apply, manifests) for manifests in many]:
                done.result()

    def count(self, kind: str, matching: Callable[[Manifest], bool]) -> int:
        """How many objects of a core kind match."""
        return sum(1 for value in self.client.list("v1", kind) if matching(value))


class Peaks:
    """Watches processes while it is open, and keeps the most memory that each had."""

    def __init__(self, processes: Callable[[], Mapping[str, psutil.Process]]) -> None:
        self.mib: dict[str, float] = {}
        """Resident MiB, by name."""
        self._processes = processes
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            self._look()

    def _look(self) -> None:
        for name, process in self._processes().items():
            try:
                size = process.memory_info().rss / 2**20
            except psutil.NoSuchProcess:
                continue
            self.mib[name] = max(size, self.mib.get(name, 0.0))


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it did not come about within {_PATIENCE_S:.0f} s")
        time.sleep(_LOOK_S)


def _is_ready(node: Manifest) -> bool:
    """Whether pods can go there: Kubernetes takes its own taints off some time after a node says Ready."""
    conditions = node.get("status", {}).get("conditions", ())
    taints = node["spec"].get("taints", ())
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and not any(taint["key"].startswith("node.kubernetes.io/") for taint in taints)


def _is_running(pod: Manifest) -> bool:
    return bool(pod["spec"].get("nodeName")) and pod.get("status", {}).get("phase") == "Running"


def _group(root: Path, size: int) -> NodeGroup:
    """The node group of the environment's training pool, with as many nodes as asked for."""
    environment = load(find(ENVIRONMENT, root))
    pool = environment.pools[_POOL]
    region = str(environment.region)
    return NodeGroup(
        account=str(environment.account),
        region=region,
        cluster=environment.name,
        name=_POOL,
        version=str(environment.cluster.version if environment.cluster else ""),
        instance_types=pool.instances,
        desired=size,
        min=size,
        max=size,
        labels={POOL_LABEL: _POOL},
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in pool.effective_taints),
        subnets=(),
        zones=(pool.zone or zones(region)[0],),
        capacity_type="ON_DEMAND",
        efa_interfaces=pool.efa_interfaces,
    )


def _team(root: Path) -> list[Manifest]:
    """What the environment's program declares for its team in Kubernetes."""
    resources = plan(load(find(ENVIRONMENT, root)), root).resources
    owners = {one.urn for one in resources if one.type == "mlcluster:tenancy:Team"}
    of_kubernetes = (one for one in resources if one.type.startswith("kubernetes:"))
    return [dict(one.inputs) for one in of_kubernetes if one.parent in owners]


def _renamed(manifests: list[Manifest], team: str) -> list[Manifest]:
    renamed: list[Manifest] = json.loads(json.dumps(manifests).replace(_TEAM, team))
    return renamed


def _job(root: Path, size: int) -> list[dict[str, Any]]:
    """The job that the how-to shows, for as many nodes as there are, and longer than this takes."""
    manifests: list[dict[str, Any]] = list(yaml.safe_load_all((root / JOB).read_text(encoding="utf-8")))
    for manifest in manifests:
        if manifest["kind"] == "Job":
            manifest["spec"] |= {"completions": size, "parallelism": size}
            manifest["spec"]["template"]["metadata"]["annotations"] = dict(_FOR_LONG)
    return manifests
