"""The AWS types that the components create: all that the twin knows, which refuses any other."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from operations.twin.aws.types import TYPES

AWS_TYPES = tuple(sorted(TYPES))


def exists_in_sdk(type_token: str) -> bool:
    """Whether the installed SDK declares the type; its sources are read, for importing them takes seconds."""
    package = find_spec("pulumi_aws")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / type_token.partition(":")[2].partition("/")[0]
    return any(f"'{type_token}'" in file.read_text("utf-8") for file in folder.glob("*.py"))
