"""The kubeconfig that our program makes opens the twin's cluster, as Pulumi's own plugin uses it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.environment import load
from operations import lifecycle
from operations.progress import Silent
from operations.twin import plugins
from operations.twin.kubernetes import binaries
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine


def kubeconfig(project: Project) -> str:
    """The stack's output, which the engine keeps as a secret."""
    with lifecycle.opened(project.file("dev"), twin=project.twin, listener=Silent()) as site:
        hidden = json.loads(site.stack.call("stack", "output", "--json"))
        assert hidden["kubeconfig"] == "[secret]"
        outputs = json.loads(site.stack.call("stack", "output", "--json", "--show-secrets"))
    return str(outputs["kubeconfig"])


def kubectl(config: Path, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = binaries.ensure() / "kubectl"
    return subprocess.run(
        [program, f"--kubeconfig={config}", *arguments, "--output=json"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def names(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return {one["metadata"]["name"] for one in found}


def test_it_opens_the_twins_cluster(project: Project, tmp_path: Path) -> None:
    result = project.run("up", "dev")
    assert (result.result, result.errors) == ("succeeded", ())
    config = tmp_path / "config"
    config.write_text(kubeconfig(project))
    config.chmod(0o600)
    path = f"{plugins.commands(project.twin.folder)}{os.pathsep}{os.environ['PATH']}"
    teams = {f"{team}-training" for team in load(project.file("dev")).teams}
    assert teams <= names(kubectl(config, path, "get", "namespaces"))

    nobody = tmp_path / "nobody"
    nobody.mkdir()
    assert kubectl(config, str(nobody), "get", "namespaces").returncode != 0, "it holds no credentials"

    project.twin.stop()
    project.twin.start()
    assert kubeconfig(project) == config.read_text()
    assert teams <= names(kubectl(config, path, "get", "namespaces")), "a restart keeps what was handed out"
    refreshed = project.run("refresh", "dev")
    assert {op for op, count in refreshed.changes.items() if count} == {"same"}
