"""Carrying charts and images into a folder or a registry."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.catalog.charts import in_mirror
from operations.mirror.needs import Image, Need, Needs, unique
from operations.mirror.registry import Helm, Unavailable

_TO_REGISTRY: Final[Mapping[str, Sequence[str]]] = {
    "crane": ("crane", "copy", "{image}", "{target}"),
    "skopeo": ("skopeo", "copy", "--all", "docker://{image}", "docker://{target}"),
}
_TO_FOLDER: Final[Mapping[str, Sequence[str]]] = {
    "skopeo": ("skopeo", "copy", "--all", "docker://{image}", "oci-archive:{target}"),
    "crane": ("crane", "pull", "--format=oci", "{image}", "{target}"),
}
"""How each program copies an image:
https://github.com/google/go-containerregistry/blob/main/cmd/crane/doc/crane.md and
https://github.com/containers/skopeo/blob/main/docs/skopeo-copy.1.md"""
_PATIENCE_S: Final = 3600
_SAID: Final = 300

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What became of it."""

    charts: list[str] = field(default_factory=list)
    """Charts that were carried, as ``name version``."""
    images: list[str] = field(default_factory=list)
    """References of images that were carried."""
    missing: dict[str, str] = field(default_factory=dict)
    """What could not be carried, and why."""
    commands: list[str] = field(default_factory=list)
    """What to run by hand for images, where neither program is on PATH."""


def rendered(
    helm: Helm, needs: Needs, folder: Path, say: Say
) -> tuple[Needs, dict[str, Path], dict[str, str]]:
    """Pulls every chart and renders it, to know its images.

    Returns:
        The needs with all images that are known now, the packages by chart, and by chart why it could not be
        pulled or rendered.
    """
    images, packages, missing = list(needs.images), {}, {}
    for need in needs.charts:
        say(f"chart {need.pin.name} {need.pin.version}")
        try:
            if need.pin.name not in packages:
                packages[need.pin.name] = helm.pull(need.pin, folder / need.pin.name)
            images += helm.images(need, packages[need.pin.name])
        except Unavailable as error:
            missing[need.pin.name] = str(error)
    return Needs(charts=needs.charts, images=unique(images)), packages, missing


def carry(helm: Helm, needs: Needs, to: str, say: Say) -> Outcome:
    """Carries all that is needed to ``oci://…``, or to a folder, which the twin can use as its mirror.

    What cannot be had is in the outcome; the rest is carried all the same.
    """
    if to.startswith("oci://"):
        with tempfile.TemporaryDirectory(prefix="mlcluster-mirror-") as space:
            return _carry(helm, needs, Path(space), to, say)
    folder = Path(to).expanduser().absolute()
    outcome = _carry(helm, needs, folder, None, say)
    script = folder / "push.sh"
    script.write_text(push_script(outcome))
    script.chmod(0o755)
    return outcome


def _carry(helm: Helm, needs: Needs, folder: Path, mirror: str | None, say: Say) -> Outcome:
    known, packages, missing = rendered(helm, needs, folder, say)
    outcome = Outcome(missing=dict(missing))
    for need in known.charts:
        if need.pin.name not in packages or _called(need) in outcome.charts:
            continue
        try:
            if mirror is not None:
                helm.push(packages[need.pin.name], mirror)
        except Unavailable as error:
            outcome.missing[need.pin.name] = str(error)
        else:
            outcome.charts.append(_called(need))
    _images(known.images, folder, mirror, outcome, say)
    return outcome


def _called(need: Need) -> str:
    return f"{need.pin.name} {need.pin.version}"


def _images(images: Iterable[Image], folder: Path, mirror: str | None, outcome: Outcome, say: Say) -> None:
    ways = _TO_FOLDER if mirror is None else _TO_REGISTRY
    program = next((name for name in ways if shutil.which(name)), None)
    for image in images:
        target = archive(image.reference, folder) if mirror is None else in_mirror(image.reference, mirror)
        command = [
            word.format(image=image.reference, target=target) for word in ways[program or next(iter(ways))]
        ]
        if program is None:
            outcome.commands.append(" ".join(command))
            continue
        say(f"image {image.reference}")
        if mirror is None:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
        failure = _run(command)
        if failure is None:
            outcome.images.append(image.reference)
        else:
            outcome.missing[image.reference] = failure


def _run(command: Sequence[str]) -> str | None:
    """Runs a program; returns why it failed, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (" ".join(done.stderr.split())[-_SAID:] or "it failed") if done.returncode else None


def archive(image: str, folder: Path) -> str:
    """Where in a folder an image is kept, in the layout of OCI."""
    name = "".join(one if one.isalnum() or one in "._-" else "_" for one in image)
    return str(folder / "images" / f"{name}.tar")


def push_script(outcome: Outcome) -> str:
    """A script that pushes a folder into a registry, for whoever carries it to a site without internet."""
    charts = [
        f'helm push {name}/{name}-{version}.tgz "$1/charts"'
        for name, version in (one.split(" ") for one in outcome.charts)
    ]
    images = [
        f"skopeo copy --all oci-archive:{archive(one, Path())} "
        f'"docker://${{1#oci://}}/{in_mirror(one, "oci://x").removeprefix("x/")}"'
        for one in outcome.images
    ]
    return "\n".join(
        [
            "#!/bin/sh",
            "# Pushes these charts and images into a registry: ./push.sh oci://registry.example.com/mirror",
            "# Needs helm and skopeo, both logged in to it.",
            "set -eu",
            'cd "$(dirname "$0")"',
            ': "${1:?give the mirror, oci://...}"',
            *charts,
            *images,
            "",
        ]
    )
