"""Many teams: stacks of them brought up one after the other on one twin, by the real engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.environment import load, shards
from infra.environment.files import FOLDER
from operations import lifecycle
from operations.bench.commands import Tell
from operations.progress import Silent
from operations.twin.manager import Twin

SIZES: Final = (100, 200, 400, 1000)
"""Teams, at which the time so far is noted."""

_HOME: Final = "bench"
_ACCOUNT: Final = "111122223333"


@dataclass(frozen=True)
class Point:
    """How long it took until there were so many teams."""

    teams: int
    stacks: int
    resources: int
    seconds: float
    """Since the first stack of teams was begun."""

    @property
    def each(self) -> float:
        """Seconds for each team."""
        return self.seconds / self.teams


def platform() -> dict[str, Any]:
    """The file of a platform with as many nodes as the teams may use, and no teams of its own."""
    return _file(
        {
            "network": {"cidr": "10.0.0.0/16", "zones": 2, "nat": "single"},
            "cluster": {
                "version": "1.35",
                "oidc": {"issuer": "https://login.example.com", "client_id": "kubernetes"},
            },
            "pools": {"system": {"instances": ["m7i.48xlarge"], "min": 1, "max": 20}},
        }
    )


def stack_of(teams: Iterator[str] | list[str]) -> dict[str, Any]:
    """The file of a stack of teams."""
    made = {name: {"members": [f"oidc:{name}"], "cpu": 1, "memory": "4GiB"} for name in teams}
    return _file({"teams_of": _HOME, "teams": made})


def _file(section: Mapping[str, Any]) -> dict[str, Any]:
    said = {"owner": "bench", "account": _ACCOUNT, **section}
    return {"config": {"aws:region": "us-east-1", "mlcluster:environment": said}}


def write(folder: Path, teams: int) -> list[Path]:
    """Writes a project with so many teams, each stack as large as it may be.

    Returns:
        The platform's file, and those of the stacks.
    """
    (folder / FOLDER).mkdir()
    (folder / "Pulumi.yaml").write_text("name: mlcluster\nruntime: python\n", encoding="utf-8")
    files = [_written(folder, _HOME, platform())]
    size = shards.room(load(files[0]))
    names = [f"team-{number:04}" for number in range(teams)]
    for number, begin in enumerate(range(0, teams, size), 1):
        files.append(_written(folder, f"{_HOME}-teams-{number}", stack_of(names[begin : begin + size])))
    return files


def _written(folder: Path, name: str, content: Mapping[str, Any]) -> Path:
    path = folder / FOLDER / f"Pulumi.{name}.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML without aliases
    return path


def figures(folder: Path, tell: Tell, sizes: tuple[int, ...] = SIZES) -> list[Point]:
    """Brings a platform up, then its teams, and forgets the twin that they are on.

    Args:
        folder: an empty one, for the project and the twin.
        tell: told of each size that is reached.
        sizes: how many teams, ascending.
    """
    platform_file, *files = write(folder, sizes[-1])
    twin = Twin(_HOME, folder / "twin")
    try:
        _up(platform_file, twin)
        return list(_points(files, twin, tell, sizes))
    finally:
        twin.reset()


def _points(files: list[Path], twin: Twin, tell: Tell, sizes: tuple[int, ...]) -> Iterator[Point]:
    teams, resources, began = 0, 0, time.monotonic()
    for number, file in enumerate(files, 1):
        before, resources = teams, resources + _up(file, twin)
        teams += len(load(file).teams)
        if any(before < size <= teams for size in sizes):
            point = Point(teams, number, resources, time.monotonic() - began)
            each = 1000 * point.each
            tell(f"{teams:,} teams in {number} stacks: {point.seconds:.0f} s, {each:.0f} ms each")
            yield point


def _up(file: Path, twin: Twin) -> int:
    """Brings a stack up; returns how many resources were made.

    Raises:
        RuntimeError: it failed; a benchmark of a failure says nothing.
    """
    with lifecycle.opened(file, twin=twin, listener=Silent()) as site:
        result = lifecycle.up(site, lambda _: None)
    if result.result != "succeeded":
        raise RuntimeError(f"{file.name}: {'; '.join(result.errors)}")
    return result.changes.get("create", 0)
