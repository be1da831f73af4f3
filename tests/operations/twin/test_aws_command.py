"""The `aws` command of a twin, run as engines run it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from components.cluster.kubeconfig import kubeconfig
from operations.twin import plugins
from operations.twin.aws_command import operation
from operations.twin.kubernetes.control_plane import ControlPlane


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    folder = tmp_path / "a twin's"
    for path, text in zip(ControlPlane(folder).administrator, ("certificate\n", "key\n"), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return plugins.commands(folder)


def run(commands: Path, *arguments: str, path: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.pathsep.join((str(commands), path)), **more}
    return subprocess.run(
        [commands / "aws", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def real(folder: Path) -> Path:
    """A real AWS CLI, as far as can be seen from outside."""
    folder.mkdir()
    (folder / "aws").write_text('#!/bin/sh\necho real "$@"\nexit 3\n')
    (folder / "aws").chmod(0o755)
    return folder


def asked_by_our_kubeconfig() -> tuple[list[str], str]:
    text = kubeconfig(name="dev", region="us-east-1", endpoint="https://127.0.0.1", certificate="")
    call = json.loads(text)["users"][0]["user"]["exec"]
    assert call["command"] == "aws"
    return call["args"], call["apiVersion"]


def test_it_lets_in_whoever_has_our_kubeconfig(commands: Path) -> None:
    arguments, version = asked_by_our_kubeconfig()
    done = run(commands, *arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "apiVersion": version,
        "kind": "ExecCredential",
        "status": {"clientCertificateData": "certificate\n", "clientKeyData": "key\n"},
    }


def test_it_answers_in_the_version_that_it_was_asked_in(commands: Path) -> None:
    asked = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": {}}
    done = run(commands, "eks", "get-token", KUBERNETES_EXEC_INFO=json.dumps(asked))
    assert json.loads(done.stdout)["apiVersion"] == asked["apiVersion"]


def test_other_calls_are_the_real_commands(commands: Path, tmp_path: Path) -> None:
    done = run(commands, "s3", "ls", "a b", path=str(real(tmp_path / "usr")))
    assert (done.returncode, done.stdout) == (3, "real s3 ls a b\n")


def test_without_the_real_command_it_says_so(commands: Path) -> None:
    done = run(commands, "s3", "ls")
    assert done.returncode == 127
    assert "not installed" in done.stderr


def test_without_a_control_plane_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    done = run(plugins.commands(tmp_path / "twin"), "eks", "get-token")
    assert done.returncode == 1
    assert "no control plane" in done.stderr


def test_it_is_for_the_user_only(commands: Path) -> None:
    assert commands.stat().st_mode & 0o077 == 0
    assert (commands / "aws").stat().st_mode & 0o077 == 0
    plugins.commands(commands.parent)
    assert [path.name for path in commands.iterdir()] == ["aws"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("eks get-token --cluster-name dev", ["eks", "get-token"]),
        ("--region us-east-1 --output json eks get-token", ["eks", "get-token"]),
        ("--region=us-east-1 --debug --no-cli-pager eks get-token", ["eks", "get-token"]),
        ("eks list-clusters", ["eks", "list-clusters"]),
        ("--profile eks s3 get-token", ["s3", "get-token"]),
        ("help", ["help"]),
        ("", []),
    ],
)
def test_a_call_is_told_by_its_words(arguments: str, meant: list[str]) -> None:
    assert operation(arguments.split()) == meant
