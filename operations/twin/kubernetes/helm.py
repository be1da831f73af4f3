"""Helm itself, run on the twin's control plane as pulumi-kubernetes runs it on a real cluster.

Of a release's settings these have no effect here, as the chart lies in the mirror: `repositoryOpts`, `devel`,
`dependencyUpdate`, `verify` and `keyring`. `lint` and `recreatePods` have none either.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.problems import BadInput
from operations import folders
from operations.progress import Silent
from operations.twin.backend import Refused
from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.mirror import Chart, documents
from operations.twin.kubernetes.types import group_of
from operations.twin.kubernetes.values import lookup, merged, plain

logger = logging.getLogger(__name__)

TIMEOUT_S: Final = 300
"""pulumi-kubernetes' default for `timeout`."""

# What pulumi-kubernetes sets of Helm's actions (provider/pkg/provider/helm_release.go, v4), as options.
_SWITCHES: Final = {
    "atomic": "--atomic", "createNamespace": "--create-namespace", "skipCrds": "--skip-crds",
    "renderSubchartNotes": "--render-subchart-notes", "takeOwnership": "--take-ownership",
}  # fmt: skip
_ON_INSTALL: Final = {
    "disableOpenapiValidation": "--disable-openapi-validation", "disableWebhooks": "--no-hooks",
    "replace": "--replace",
}  # fmt: skip
_ON_UPGRADE: Final = {
    "cleanupOnFail": "--cleanup-on-fail", "disableCRDHooks": "--no-hooks", "forceUpdate": "--force",
    "resetValues": "--reset-values", "reuseValues": "--reuse-values",
}  # fmt: skip


class HelmFailed(Exception):
    """Helm said no; the message is Helm's."""


class HelmMissing(Exception):
    """There is no Helm, and none can be built; says why."""


class _Log(Silent):
    """Tells the daemon's log how the building of Helm goes on."""

    def say(self, text: str) -> None:
        logger.info("%s", text)


class Helm:
    """Helm on one cluster."""

    def __init__(self, kubeconfig: Callable[[], Path]) -> None:
        """Looks for nothing yet.

        Args:
            kubeconfig: Called before each use; returns the kubeconfig of a cluster that answers.
        """
        self._kubeconfig = kubeconfig
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def program(self) -> Path:
        """Returns Helm's path, after building it if it must be.

        Raises:
            HelmMissing: It cannot be had.
        """
        try:
            return binaries.helm(_Log())
        except BadInput as error:
            raise HelmMissing(f"Helm cannot be had: {error}") from error

    def render(self, chart: Chart, inputs: Mapping[str, Any]) -> str:
        """Returns what a release of the chart would apply, hooks included, without asking the cluster."""
        crds = [] if inputs.get("skipCrds") else ["--include-crds"]
        no_hooks = ["--no-hooks"] if inputs.get("disableWebhooks") else []
        command = [
            "template", inputs["name"], str(chart.path), "--namespace", inputs["namespace"], "--values", "-",
            "--kube-version", f"v{binaries.KUBERNETES}", *crds, *no_hooks, *_rendering(inputs),
        ]  # fmt: skip
        return self._run(command, json.dumps(values_of(inputs)))

    def install(self, chart: Chart, inputs: Mapping[str, Any]) -> None:
        """Installs the first revision of a release, and waits as the release says."""
        self._run_on_cluster(install_command(chart, inputs), json.dumps(values_of(inputs)))

    def upgrade(self, chart: Chart, inputs: Mapping[str, Any]) -> None:
        """Installs the next revision of a release, or the first when there is none."""
        self._run_on_cluster(upgrade_command(chart, inputs), json.dumps(values_of(inputs)))

    def uninstall(self, name: str, namespace: str, inputs: Mapping[str, Any]) -> None:
        """Removes a release, and waits for its objects to go as the release says."""
        wait = ["--wait"] if inputs.get("atomic") or not inputs.get("skipAwait") else []
        command = [
            "uninstall",
            name,
            "--namespace",
            namespace,
            "--ignore-not-found",
            *wait,
            *_timeout(inputs),
        ]
        told = self._run_on_cluster(command)
        if "kept due to the resource policy" in told:
            logger.info("helm release %s/%s: %s", namespace, name, told.strip())

    def close(self) -> None:
        """Ends what runs."""
        with self._lock:
            for process in self._running:
                process.terminate()

    def _run_on_cluster(self, command: Sequence[str], stdin: str = "") -> str:
        return self._run([*command, "--kubeconfig", str(self._kubeconfig())], stdin)

    def _run(self, command: Sequence[str], stdin: str) -> str:
        process = subprocess.Popen(
            [str(self.program()), *command], env=_environment(), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with self._lock:
            self._running.add(process)
        try:
            with process:
                told, complaint = process.communicate(stdin)
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode:
            raise HelmFailed(_message(complaint) or f"helm ended with {process.returncode}")
        return told


def install_command(chart: Chart, inputs: Mapping[str, Any]) -> list[str]:
    """Returns Helm's arguments for a release's first revision; the values come by standard input."""
    return ["install", *_common(chart, inputs), *_flags(_ON_INSTALL, inputs)]


def upgrade_command(chart: Chart, inputs: Mapping[str, Any]) -> list[str]:
    """Returns Helm's arguments for a release's next revision; the values come by standard input."""
    history = str(int(inputs.get("maxHistory") or 0))
    flags = _flags(_ON_UPGRADE, inputs)
    return ["upgrade", *_common(chart, inputs), "--install", "--history-max", history, *flags]


def values_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a release's values: those of its files, in order, and over them its own.

    Nulls are left out unless `allowNullValues` is set, in which case they remove a chart's defaults.

    Raises:
        Refused: A file cannot be read.
    """
    values: dict[str, Any] = {}
    for asset in inputs.get("valueYamlFiles") or ():
        for document in documents(_text(asset)):
            values = merged(values, document or {})
    values = merged(values, inputs.get("values") or {})
    return values if inputs.get("allowNullValues") else plain(values)


def checksum(manifest: str) -> str:
    """Returns what tells two renderings apart, as pulumi-kubernetes has it."""
    return hashlib.sha256(manifest.encode()).hexdigest()


def resource_names(manifest: str) -> dict[str, list[str]]:
    """Returns the names of a rendering's objects by "Kind.group/version", as pulumi-kubernetes has them."""
    names: dict[str, set[str]] = {}
    for document in documents(manifest):
        if not isinstance(document, Mapping) or "kind" not in document:
            continue
        group = group_of(document["apiVersion"])
        key = f"{document['kind']}{f'.{group}' if group else ''}/{document['apiVersion']}"
        namespace, name = (lookup(document, ("metadata", part), "") for part in ("namespace", "name"))
        names.setdefault(key, set()).add(f"{namespace}/{name}" if namespace else str(name))
    return {key: sorted(found) for key, found in sorted(names.items())}


def _common(chart: Chart, inputs: Mapping[str, Any]) -> list[str]:
    wait = [] if inputs.get("skipAwait") else ["--wait"]
    jobs = ["--wait-for-jobs"] if wait and inputs.get("waitForJobs") else []
    description = ["--description", inputs["description"]] if inputs.get("description") else []
    return [
        inputs["name"], str(chart.path), "--namespace", inputs["namespace"], "--values", "-",
        *wait, *jobs, *_timeout(inputs), *description, *_rendering(inputs), *_flags(_SWITCHES, inputs),
    ]  # fmt: skip


def _flags(table: Mapping[str, str], inputs: Mapping[str, Any]) -> list[str]:
    return [flag for key, flag in table.items() if inputs.get(key)]


def _timeout(inputs: Mapping[str, Any]) -> list[str]:
    return ["--timeout", f"{int(inputs.get('timeout') or TIMEOUT_S)}s"]


def _rendering(inputs: Mapping[str, Any]) -> list[str]:
    return ["--post-renderer", inputs["postrender"]] if inputs.get("postrender") else []


def _environment() -> dict[str, str]:
    """What Helm gets: not a person's settings for other clusters, plugins or repositories."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
    home = folders.cache() / "helm" / "home"
    own = {f"HELM_{kind.upper()}_HOME": str(home / kind) for kind in ("cache", "config", "data")}
    return {**kept, **own}


def _text(asset: Any) -> str:
    """The content of an asset as the engine sends it."""
    text = lookup(asset, ("text",))
    if isinstance(text, str):
        return text
    path = Path(str(lookup(asset, ("path",), "")))
    if not path.is_absolute():
        raise Refused(f"valueYamlFiles: {asset} is not a file at an absolute path, nor a text")
    try:
        return path.read_text()
    except OSError as error:
        raise Refused(f"valueYamlFiles: {error}") from error


def _message(complaint: str) -> str:
    """What Helm says is wrong, without the warnings before it."""
    _warnings, _error, message = complaint.rpartition("Error: ")
    return message.strip()
