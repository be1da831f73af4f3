"""Which edition of the twin's code a daemon runs: one outlives the command that started it, and updates."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_PARTS: Final = ("operations/twin", "infra/catalog")
"""What a daemon consists of, and what it looks up."""


@cache
def edition(root: Path = _ROOT) -> str:
    """A short name for the code as it is on disk, from the files' names, sizes and times."""
    told = hashlib.sha256()
    for part in _PARTS:
        for file in sorted((root / part).rglob("*")):
            if file.suffix in {".py", ".yaml", ".csv"}:
                stat = file.stat()
                told.update(f"{file.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return told.hexdigest()[:16]
