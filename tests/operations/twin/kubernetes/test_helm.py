"""How Helm is called, and what is made of its answers; a script stands in for it here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra.problems import ABSENT, BadInput, Problem
from operations import gobuild
from operations.twin.backend import Refused
from operations.twin.kubernetes import binaries, helm
from operations.twin.kubernetes.helm import Helm, HelmFailed, HelmMissing
from operations.twin.kubernetes.mirror import Chart

CHART = Chart(Path("/mirror/kueue"), "kueue", "0.17.8")
RELEASE = {"name": "kueue", "namespace": "queues"}
COMMON = ["kueue", "/mirror/kueue", "--namespace", "queues", "--values", "-"]


def test_an_installation_waits_five_minutes() -> None:
    assert helm.install_command(CHART, RELEASE) == ["install", *COMMON, "--wait", "--timeout", "300s"]


def test_an_upgrade_keeps_all_revisions_and_installs_what_is_missing() -> None:
    command = helm.upgrade_command(CHART, {**RELEASE, "skipAwait": True, "waitForJobs": True, "timeout": 7.0})
    assert command == ["upgrade", *COMMON, "--timeout", "7s", "--install", "--history-max", "0"]


@pytest.mark.parametrize(
    ("inputs", "on_install", "on_upgrade"),
    [
        ({"atomic": True}, {"--atomic"}, {"--atomic"}),
        ({"createNamespace": True}, {"--create-namespace"}, {"--create-namespace"}),
        ({"skipCrds": True}, {"--skip-crds"}, {"--skip-crds"}),
        ({"takeOwnership": True}, {"--take-ownership"}, {"--take-ownership"}),
        ({"waitForJobs": True}, {"--wait-for-jobs"}, {"--wait-for-jobs"}),
        ({"description": "why"}, {"--description", "why"}, {"--description", "why"}),
        ({"postrender": "/bin/cat"}, {"--post-renderer", "/bin/cat"}, {"--post-renderer", "/bin/cat"}),
        ({"disableWebhooks": True}, {"--no-hooks"}, set()),
        ({"disableCRDHooks": True}, set(), {"--no-hooks"}),
        ({"disableOpenapiValidation": True}, {"--disable-openapi-validation"}, set()),
        ({"replace": True}, {"--replace"}, set()),
        ({"forceUpdate": True}, set(), {"--force"}),
        ({"cleanupOnFail": True}, set(), {"--cleanup-on-fail"}),
        ({"resetValues": True, "reuseValues": True}, set(), {"--reset-values", "--reuse-values"}),
        ({"maxHistory": 5}, set(), {"5"}),
        ({"atomic": False, "skipCrds": False}, set(), set()),
    ],
)
def test_settings_as_options(inputs: dict[str, Any], on_install: set[str], on_upgrade: set[str]) -> None:
    install, upgrade = helm.install_command(CHART, RELEASE), helm.upgrade_command(CHART, RELEASE)
    assert set(helm.install_command(CHART, {**RELEASE, **inputs})) - set(install) == on_install
    assert set(helm.upgrade_command(CHART, {**RELEASE, **inputs})) - set(upgrade) == on_upgrade


def test_values_lie_over_files_in_order(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("a: {x: 1, y: 1}\nb: 1\n")
    files = [{"path": str(file)}, {"text": "a: {y: 2}\n"}, {"text": ""}]
    assert helm.values_of({"valueYamlFiles": files, "values": {"b": 3.0}}) == {"a": {"x": 1, "y": 2}, "b": 3}
    assert helm.values_of({}) == {}


def test_nulls_count_only_when_asked_for() -> None:
    values = {"a": {"b": None, "c": 1}}
    assert helm.values_of({"values": values}) == {"a": {"c": 1}}
    assert helm.values_of({"values": values, "allowNullValues": True}) == values


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        helm.values_of({"valueYamlFiles": [{"path": str(tmp_path / "nothing")}]})
    with pytest.raises(Refused, match="not a file at an absolute path"):
        helm.values_of({"valueYamlFiles": [{"path": "values.yaml"}]})


def test_names_are_grouped_as_pulumi_kubernetes_does() -> None:
    manifest = """---
# Source: nothing
---
{apiVersion: v1, kind: Service, metadata: {name: b, namespace: home}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: home}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}}
"""
    assert helm.resource_names(manifest) == {
        "ClusterRole.rbac.authorization.k8s.io/rbac.authorization.k8s.io/v1": ["reader"],
        "Service/v1": ["home/a", "home/b"],
    }


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to write a stand-in for Helm to."""
    path = tmp_path / "bin" / "helm"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MLCLUSTER_CACHE", str(tmp_path / "cache"))
    return path


def write(script: Path, body: str, version: str = "v3.20.2") -> None:
    script.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo {version}; exit; fi\n{body}\n')
    script.chmod(0o755)


def test_the_helm_on_the_path_gets_values_and_nothing_of_a_persons_settings(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = script.parent / "told"
    write(script, f'{{ echo "$@"; env; cat; }} > {told}')
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    opened = Helm(lambda: Path("/twin/kubeconfig"))
    opened.install(CHART, {**RELEASE, "values": {"replicas": 2.0, "secret": "s"}})
    text = told.read_text()
    assert "--kubeconfig /twin/kubeconfig" in text.splitlines()[0]
    assert "secret" not in text.splitlines()[0], "arguments are seen by everybody"
    assert json.loads(text.splitlines()[-1]) == {"replicas": 2, "secret": "s"}
    assert "HELM_NAMESPACE" not in text
    assert "/home/me" not in text


def test_its_message_is_passed_on_without_warnings(script: Path) -> None:
    write(script, 'echo "WARNING: old" >&2; echo "Error: INSTALLATION FAILED: no such thing" >&2; exit 1')
    with pytest.raises(HelmFailed, match=r"^INSTALLATION FAILED: no such thing$"):
        Helm(lambda: Path("/twin/kubeconfig")).upgrade(CHART, RELEASE)
    write(script, "exit 3")
    with pytest.raises(HelmFailed, match="helm ended with 3"):
        Helm(lambda: Path("/twin/kubeconfig")).render(CHART, RELEASE)


@pytest.mark.parametrize("version", ["v4.0.1", "v2.17.0", ""])
def test_a_helm_of_another_version_is_not_used(
    script: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries._is_helm_3.cache_clear()
    write(script, "exit 1", version)

    def build(module: Path, package: str, output: Path, *rest: object) -> Path:
        return output

    monkeypatch.setattr(gobuild, "build", build)
    assert binaries.helm() == script.parents[1] / "cache" / "helm" / binaries.HELM / "helm"


def test_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(progress: object) -> Path:
        raise BadInput([Problem("go", ABSENT, "not found", "install it")])

    monkeypatch.setattr(binaries, "helm", fail)
    with pytest.raises(HelmMissing, match="Helm cannot be had: go: not found; install it"):
        Helm(lambda: Path("/twin/kubeconfig")).program()


def test_helm_is_required_by_its_module() -> None:
    text = (Path(__file__).parents[4] / "tools" / "helm" / "go.mod").read_text()
    assert f"tool {binaries.HELM_PROGRAM.package}\n" in text
    assert f"helm.sh/helm/v3 v{binaries.HELM} " in text
