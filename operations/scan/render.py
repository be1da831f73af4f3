"""What environments ask for, as files that scanners read."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from infra import environment
from infra.resources import RecordedResource
from operations.recorder import Recording, record
from operations.scan import terraform
from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.types import RELEASE, resolve

ROOT: Final = Path(__file__).resolve().parents[2]
MANIFESTS: Final = "kubernetes.yaml"
PLAN: Final = "tfplan.json"
_EXTRA: Final = ROOT / "tools" / "scan" / "environments"
"""Environments with every section that there is: ours together need not have all of them."""


def ours() -> dict[str, Path]:
    """Files of the environments that are deployed, by name."""
    return {name: environment.find(name, ROOT) for name in environment.available(ROOT)}


def extra() -> dict[str, Path]:
    """Files of environments that have what ours may lack, by name."""
    return {path.stem.removeprefix("Pulumi."): path for path in sorted(_EXTRA.glob("Pulumi.*.yaml"))}


def recordings(files: Mapping[str, Path]) -> dict[str, Recording]:
    """Recordings of environments, by name."""
    return {name: record(environment.load(path)) for name, path in files.items()}


def manifests(resources: Iterable[RecordedResource]) -> list[Manifest]:
    """The Kubernetes objects among resources, as they go to the API server; namespaces first."""
    found = [
        _manifest(one) for one in resources if one.type.startswith("kubernetes:") and one.type != RELEASE
    ]
    return sorted(found, key=lambda manifest: manifest["kind"] != "Namespace")


def write(recording: Recording, folder: Path) -> None:
    """Writes a recording's Kubernetes objects and its plan of AWS, each where there is any, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = manifests(recording.resources)
    if objects:
        text = yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False)
        (folder / MANIFESTS).write_text(text, encoding="utf-8")
    plan = terraform.plan(recording.resources)
    if plan["resource_changes"]:
        (folder / PLAN).write_text(json.dumps(plan, indent=1), encoding="utf-8")


def _manifest(one: RecordedResource) -> Manifest:
    kind = resolve(one.type, one.inputs)
    return {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(_plain(one.inputs))}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


class _Dumper(yaml.CSafeDumper):
    """Without anchors, which not every scanner follows."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
