"""Where mlcluster keeps things on this machine: a cache that may be deleted, and data that may not.

Follows the XDG base directory specification, on macOS too: the same folder everywhere is easier to support.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from infra.problems import BadInput, Problem

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def cache() -> Path:
    """What can be had again at the cost of time: built and downloaded tools.

    ``MLCLUSTER_CACHE``, else ``$XDG_CACHE_HOME/mlcluster``, else ``~/.cache/mlcluster``. Not created here.
    """
    return _folder("MLCLUSTER_CACHE", "XDG_CACHE_HOME", ".cache")


def data() -> Path:
    """What would be lost: the twins and their state.

    ``MLCLUSTER_HOME``, else ``$XDG_DATA_HOME/mlcluster``, else ``~/.local/share/mlcluster``.
    Not created here.
    """
    return _folder("MLCLUSTER_HOME", "XDG_DATA_HOME", ".local/share")


def twin(name: str) -> Path:
    """The folder of one twin: its state, its engine's state, its logs. Not created here.

    Args:
        name: a twin's name, as an environment's: lower-case letters, digits and dashes, at most 63.

    Raises:
        BadInput: the name is not one, so the folder could be anywhere.
    """
    if not _NAME.fullmatch(name):
        hint = "write lower-case letters, digits and dashes, at most 63"
        raise BadInput([Problem("twin", name, "is not a twin's name", hint)])
    return data() / "twins" / name


def _folder(own: str, base: str, fallback: str) -> Path:
    if chosen := os.environ.get(own):
        return Path(chosen).expanduser().absolute()
    shared = Path(os.environ.get(base) or Path.home() / fallback)
    if not shared.is_absolute():  # the specification: a relative path is invalid and must be ignored
        shared = Path.home() / fallback
    return shared / "mlcluster"
