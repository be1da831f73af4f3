"""Where data is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import Problem


def _lake(environment: Environment) -> Iterator[Problem]:
    """Data lives in one place."""
    if environment.data == environment.name:
        yield Problem("data", environment.data, "is this very stack", "write the stack that keeps the data")
    if environment.data and environment.storage.lake:
        hint = "remove storage.lake to use that stack's, or data to have a lake of its own"
        yield Problem(
            "data", environment.data, "keeps the lake already, and storage.lake is a second one", hint
        )


CHECKS: Final = (check(_lake, "data", "storage"),)
