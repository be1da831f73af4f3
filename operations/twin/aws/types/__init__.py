"""The resource types that the twin knows: each `Type` at the level of a module in this folder."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from operations.twin.aws.table import Type

_MODULES: Final = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]

TYPES: Final[Mapping[str, Type]] = {
    found.type: found for module in _MODULES for found in vars(module).values() if isinstance(found, Type)
}
"""Every resource type by its token."""
