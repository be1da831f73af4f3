"""Files that keep a twin: written whole or not at all, and checked before they are trusted."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FORMAT: Final = 1
"""Raised whenever older files cannot be read any more."""


class Damaged(Exception):
    """A snapshot cannot be used; the message says why and what to do."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}: {reason}; `mlcluster twin reset {path.parent.name}` forgets this twin, to start anew"
        )


def write(path: Path, payload: bytes, versions: Mapping[str, str]) -> None:
    """Writes a payload with what made it; a crash leaves the file that was there before.

    Args:
        path: The file; its folder exists.
        payload: The content.
        versions: Versions of the software that alone can read it, by name.
    """
    header = {
        "format": _FORMAT,
        "versions": dict(versions),
        "bytes": len(payload),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.touch(mode=0o600)
    with fresh.open("wb") as file:
        file.write(json.dumps(header, sort_keys=True).encode() + b"\n" + payload)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(path: Path, versions: Mapping[str, str]) -> bytes | None:
    """Returns a payload; None when there is no such file.

    Raises:
        Damaged: It was cut off or changed, or was written by another version.
    """
    try:
        first, _, payload = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    try:
        header = json.loads(first)
        described = (header["format"], header["sha256"], header["bytes"], header["versions"])
    except (ValueError, KeyError, TypeError):
        raise Damaged(path, "is not a snapshot of a twin") from None
    format_, checksum, size, made_by = described
    if format_ != _FORMAT or made_by != dict(versions):
        raise Damaged(path, f"was written by {_listed(made_by)}, and this is {_listed(versions)}")
    if len(payload) != size or hashlib.sha256(payload).hexdigest() != checksum:
        raise Damaged(path, "is damaged: its checksum does not match")
    return payload


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
