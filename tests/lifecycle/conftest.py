from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.environment import find, load
from operations import lifecycle
from operations.engine.events import Progress
from operations.engine.run import Result
from operations.leftovers import Leftover, on_twin
from operations.progress import Silent
from operations.twin.backend import Item
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.manager import Twin

ROOT = Path(__file__).parents[2]


def ignore(_: object) -> None:
    """Progress that nobody watches."""


@dataclass
class Project:
    """A copy of the project's environment files, free to be edited, and a twin of its own."""

    root: Path
    twin: Twin

    def file(self, env: str) -> Path:
        return find(env, self.root)

    def edit(self, env: str, old: str, new: str) -> None:
        """Replaces one text in an environment's file."""
        text = self.file(env).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {env}"
        self.file(env).write_text(text.replace(old, new))

    def run(self, what: str, env: str, progress: Progress = ignore) -> Result:
        """Runs one of the lifecycle's functions on an environment."""
        with lifecycle.opened(self.file(env), twin=self.twin, listener=Silent()) as site:
            result: Result = getattr(lifecycle, what)(site, progress)
            return result

    def down(self, env: str) -> tuple[Result, tuple[Leftover, ...]]:
        with lifecycle.opened(self.file(env), twin=self.twin, listener=Silent()) as site:
            return lifecycle.down(site, ignore)

    def aws(self, service: str) -> Any:
        """A client of the twin's AWS, as anybody outside has it."""
        return boto3.client(
            service,
            endpoint_url=self.twin.start().aws_endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def items(self) -> tuple[Item, ...]:
        return self.twin.inventory()

    def left(self, env: str) -> tuple[Leftover, ...]:
        return on_twin(self.twin, load(self.file(env)))

    def cluster(self) -> ControlPlane:
        """The twin's control plane, as a process beside its daemon sees it."""
        return ControlPlane(self.twin.folder)

    def kubernetes(self) -> Client:
        """A client of the twin's API server, as anybody outside has it."""
        return Client(self.cluster().ensure, lambda: None)


@contextmanager
def project_on(twin: str, root: Path) -> Iterator[Project]:
    """A project in the folder, on a twin of its own that is forgotten in the end."""
    shutil.copy(ROOT / "Pulumi.yaml", root)
    shutil.copytree(ROOT / "stacks", root / "stacks", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCLUSTER_HOME", str(root / "home"))
        project = Project(root, Twin(twin))
        try:
            yield project
        finally:
            project.twin.reset()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with project_on("dev", tmp_path_factory.mktemp("project")) as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with the environment `lab` besides, as the module's LAB describes it."""
    with project_on("lab", tmp_path_factory.mktemp("lab")) as opened:
        (opened.root / "stacks" / "Pulumi.lab.yaml").write_text(request.module.LAB)
        yield opened


def ops(project: Project, what: str) -> dict[str, int]:
    """What a run did, by operation, resources that stayed the same left out."""
    result = project.run(what, "lab")
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}
