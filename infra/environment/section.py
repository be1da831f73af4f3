"""What all sections of an environment file have in common, and how a path into one is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in an environment file: frozen, without unknown keys, each field described below it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def dotted(parts: Iterable[str | int]) -> str:
    """A path as people write it: ``pools.train.instances[0]``, ``labels["example.com/tier"]``."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif re.fullmatch(r"[\w:-]+", part):
            path += f".{part}" if path else part
        else:
            path += f"[{json.dumps(part, ensure_ascii=not part.isprintable())}]"
    return path
