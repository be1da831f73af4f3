"""Dashboards that an environment's own folder has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.problems import ABSENT, BadInput, Problem

LARGEST: Final = 900 * 1024
"""Bytes that a dashboard may have: a ConfigMap holds 1 MiB with all that is around it.
https://kubernetes.io/docs/concepts/configuration/configmap/"""
_FILE: Final = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\.json"
_HINT: Final = "export it again from Grafana: Share, Export, Save to file"


def read(folder: Path, path: str = "monitoring.dashboards") -> Mapping[str, str]:
    """The dashboards of a folder: by the name of the file, without its ending, their JSON.

    Args:
        folder: Where they are.
        path: Where the environment file names it.

    Raises:
        BadInput: With everything that is wrong with any of them.
    """
    if not folder.is_dir():
        hint = "write the path of a folder below the one that has Pulumi.yaml"
        raise BadInput([Problem(path, folder.name, "is not a folder of this project", hint)])
    files = sorted(folder.glob("*.json"))
    if not files:
        hint = "put what Grafana exports there, or remove it"
        raise BadInput([Problem(path, folder.name, "has no dashboard (*.json) in it", hint)])
    problems = [problem for file in files for problem in _wrong_file(file, path)]
    problems += _shared(files, path) if not problems else []
    if problems:
        raise BadInput(problems)
    return {file.stem: file.read_text("utf-8") for file in files}


def _wrong_file(file: Path, path: str) -> Iterator[Problem]:
    at = f"{path}: {file.name}"
    if not re.fullmatch(_FILE, file.name, re.ASCII) or len(file.stem) > 40:
        hint = "name it with at most 40 small letters, digits and hyphens, such as team-overview.json"
        yield Problem(at, ABSENT, "has a name that cannot be a ConfigMap's", hint)
    if file.stat().st_size > LARGEST:
        yield Problem(at, ABSENT, f"has {file.stat().st_size} bytes", f"keep it below {LARGEST}")
        return
    try:
        board = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        yield Problem(at, ABSENT, f"does not parse as JSON: {error}", _HINT)
        return
    yield from (Problem(at, ABSENT, message, _HINT) for message in _wrong_board(board))


def _wrong_board(board: Any) -> Iterator[str]:
    """What tells that something is not a dashboard as Grafana exports them."""
    if not isinstance(board, dict):
        yield "is not a dashboard: it is not a mapping"
        return
    for key, kind, said in (("title", str, "a text"), ("uid", str, "a text"), ("panels", list, "a list")):
        if not isinstance(board.get(key), kind) or (kind is str and not board[key]):
            yield f"is not a dashboard: its {key} is not {said}"


def _shared(files: list[Path], path: str) -> list[Problem]:
    """Dashboards with one uid: Grafana would show the last it reads."""
    first: dict[str, Path] = {}
    problems = []
    for file in files:
        uid = json.loads(file.read_text("utf-8"))["uid"]
        if uid in first:
            message = f"has the uid of {first[uid].name}, {uid}"
            problems.append(Problem(f"{path}: {file.name}", ABSENT, message, "give it a uid of its own"))
        first.setdefault(uid, file)
    return problems
