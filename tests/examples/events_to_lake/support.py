"""The example's files, and its modules that need neither Spark nor Kafka."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "events-to-lake"


def module(path: str) -> ModuleType:
    """A module of the example, by its path in it."""
    name = f"example_{path.replace('/', '_').removesuffix('.py')}"
    found = importlib.util.spec_from_file_location(name, EXAMPLE / path)
    assert found is not None
    assert found.loader is not None
    made = importlib.util.module_from_spec(found)
    sys.modules[name] = made
    found.loader.exec_module(made)
    return made
