"""The local mirror: charts and custom resource definitions that need no network.

Layout: ``<name>/<chart>-<version>.tgz``, or an unpacked chart ``<name>/Chart.yaml`` with its templates (or
one folder deeper: ``<name>/<chart>/Chart.yaml``), and ``<name>/crds/*.yaml``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from operations import folders
from operations.twin.kubernetes.api import Manifest

VARIABLE: Final = "MLCLUSTER_MIRROR"
"""Environment variable: the mirror's folder, in the place of ``mirror`` in the folder of mlcluster's data."""

# The safe loader in C is about ten times as fast as the one in Python, and definitions are megabytes.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ARCHIVE: Final = re.compile(r"(?P<name>.+?)-(?P<version>v?\d+\.\d+.*)\.tgz")


@dataclass(frozen=True)
class Chart:
    """A chart that can be installed."""

    path: Path
    name: str
    version: str


class NotMirrored(Exception):
    """The mirror has no such chart; the message says what it looked for and what there is."""


def folder() -> Path:
    """The mirror's folder, which need not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else folders.data() / "mirror"


def basename(chart: str) -> str:
    """A chart's name without the registry or repository before it."""
    return chart.rstrip("/").rsplit("/", 1)[-1]


def find(root: Path, chart: str, version: str) -> Chart:
    """Returns a chart of the mirror, or the one at an absolute path.

    Args:
        root: The mirror's folder.
        chart: As a release names it: "kueue", "oci://registry/charts/kueue", "repository/kueue" or a path.
        version: The exact version, with or without "v"; the newest one there is if empty.

    Raises:
        NotMirrored: There is no such chart or version, or its path is relative: to what, only programs know.
    """
    if chart.startswith("."):
        raise NotMirrored(f"the chart's path {chart} is relative: give an absolute one")
    if Path(chart).is_absolute():
        return Chart(Path(chart), basename(chart), version)
    name = basename(chart)
    found = sorted(
        (each for each in _charts(root) if each.name == name), key=lambda each: _order(each.version)
    )
    fitting = [each for each in found if not version or _bare(each.version) == _bare(version)]
    if fitting:
        return fitting[-1]
    have = f" (it has {', '.join(each.version for each in found)})" if found else ""
    raise NotMirrored(f"chart {name}{f' {version}' if version else ''} is not in the mirror {root}{have}")


def documents(text: str) -> Iterator[Any]:
    """Yields the documents of a YAML file."""
    yield from yaml.load_all(text, Loader=_LOADER)


def definitions(root: Path, names: Iterable[str]) -> dict[str, Manifest]:
    """Returns the CustomResourceDefinitions that the mirror has of projects or charts, by their own names."""
    files = sorted(file for name in names for file in (root / name / "crds").glob("*.yaml"))
    return {
        document["metadata"]["name"]: _served_by_nobody(document)
        for file in files
        for document in documents(file.read_text())
        if isinstance(document, Mapping) and document.get("kind") == "CustomResourceDefinition"
    }


def _served_by_nobody(definition: Mapping[str, Any]) -> Manifest:
    """Returns a definition as the twin can use it: no pod of its would answer a conversion webhook."""
    spec = {key: value for key, value in definition["spec"].items() if key != "conversion"}
    metadata = {key: value for key, value in definition["metadata"].items() if key != "creationTimestamp"}
    return {
        "apiVersion": definition["apiVersion"], "kind": definition["kind"], "metadata": metadata, "spec": spec
    }  # fmt: skip


def _charts(root: Path) -> Iterable[Chart]:
    for archive in root.glob("*/*.tgz"):
        match = _ARCHIVE.fullmatch(archive.name)
        if match:
            yield Chart(archive, match["name"], match["version"])
    for file in (*root.glob("*/Chart.yaml"), *root.glob("*/*/Chart.yaml")):
        # A chart's metadata alone, kept for reference, renders to nothing and would seem to work.
        if (file.parent / "templates").is_dir():
            facts = next(documents(file.read_text()))
            yield Chart(file.parent, facts["name"], str(facts["version"]))


def _bare(version: str) -> str:
    return version.strip().removeprefix("v").partition("+")[0]


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """A key that sorts versions as SemVer does, but for long pre-releases."""
    release, _dash, candidate = _bare(version).partition("-")
    return tuple(int(part) for part in re.findall(r"\d+", release)), not candidate, candidate
