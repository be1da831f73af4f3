"""Helm, asked for charts that lie in registries and repositories."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from infra.catalog.charts import ChartPin
from infra.problems import BadInput
from operations.mirror.needs import Image, Need, references
from operations.progress import Listener
from operations.twin.kubernetes import binaries

_LOCAL: Final = ("localhost", "127.0.0.1")
_PATIENCE_S: Final = 300
_TRANSIENT: Final = ("timeout", "connection refused", "no such host", "dial tcp", "tls:", "eof")
_SAID: Final = 300
"""Characters of Helm's own words that are repeated."""


class Unavailable(Exception):
    """A chart could not be had; says what Helm says."""


@dataclass(frozen=True)
class Helm:
    """Helm 3 on this machine."""

    program: Path

    def pull(self, pin: ChartPin, to: Path, mirror: str | None = None) -> Path:
        """Downloads a chart, from upstream or from a mirror.

        Returns:
            Its package.

        Raises:
            Unavailable: Helm cannot get it.
        """
        to.mkdir(parents=True, exist_ok=True)
        self._run("pull", *_address(pin, mirror), "--version", pin.version, "--destination", str(to))
        found = sorted(to.glob(f"{pin.name}-*.tgz"))
        if not found:
            raise Unavailable(f"helm pull left no package of {pin.name} in {to}")
        return found[-1]

    def push(self, package: Path, mirror: str) -> None:
        """Uploads a package into a mirror.

        Raises:
            Unavailable: the registry does not take it.
        """
        place = f"{mirror.rstrip('/')}/charts"
        self._run("push", str(package), place, *_plain(place))

    def has(self, pin: ChartPin, mirror: str) -> bool:
        """Whether a mirror has a chart at its pinned version.

        Raises:
            Unavailable: nobody knows, since the registry does not answer or wants a login.
        """
        try:
            self._run("show", "chart", *_address(pin, mirror), "--version", pin.version)
        except Unavailable as error:
            if _is_missing(str(error)):
                return False
            raise
        return True

    def images(self, need: Need, package: Path) -> Iterator[Image]:
        """The images in what a chart renders to with an environment's values.

        Raises:
            Unavailable: it does not render.
        """
        command = ["template", need.release, str(package), "--namespace", need.namespace, "--values", "-"]
        rendered = self._run(*command, given=json.dumps(need.values))
        for document in yaml.safe_load_all(rendered):
            for reference in references(document):
                yield Image(reference=reference, told_by=f"chart {need.pin.name}, rendered")

    def _run(self, *words: str, given: str = "") -> str:
        try:
            done = subprocess.run(
                [self.program, *words],
                input=given,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"helm {words[0]}: {error}") from error
        if done.returncode:
            raise Unavailable(" ".join(done.stderr.split())[-_SAID:] or f"helm {words[0]} failed")
        return done.stdout


def at_hand(listener: Listener | None = None) -> Helm:
    """Helm as it is on PATH, or as it was or is built.

    Raises:
        BadInput: there is none, and none can be built.
    """
    return Helm(binaries.helm(listener))


def lacking(helm: Helm, charts: Iterable[Need], mirror: str) -> tuple[Need, ...]:
    """Those charts that a mirror does not have.

    Raises:
        Unavailable: the mirror cannot be asked.
    """
    return tuple(need for need in charts if not helm.has(need.pin, mirror))


def problem_of(error: BadInput | Unavailable) -> str:
    """Why something could not be had, in one line."""
    return error.problems[0].message if isinstance(error, BadInput) else str(error)


def _address(pin: ChartPin, mirror: str | None) -> Sequence[str]:
    if mirror is not None:
        address = pin.mirrored(mirror)
        return [address, *_plain(address)]
    return [pin.reference] if pin.in_registry else [pin.name, "--repo", pin.repository]


def _plain(address: str) -> Sequence[str]:
    """A registry on this machine is spoken to without TLS, as Docker does."""
    host = address.removeprefix("oci://").partition("/")[0].partition(":")[0]
    return ["--plain-http"] if host in _LOCAL else []


def _is_missing(said: str) -> bool:
    """Whether Helm says that there is no such chart, and not that it could not look."""
    text = said.lower()
    return "not found" in text and not any(word in text for word in _TRANSIENT)
