"""Environments that have every section there is, which ours need not."""

from __future__ import annotations

import functools
from typing import Final

from infra import environment
from operations.recorder import Recording, record
from operations.scan import render
from tests.components.support import Found

AT_AWS: Final = "everything"
ON_PREMISES: Final = "on-premises"


@functools.cache
def recorded(name: str) -> Recording:
    """The recording of one of them."""
    return record(environment.load(render.extra()[name]))


def found(name: str) -> Found:
    """It, to be asked."""
    return Found(recorded(name))
