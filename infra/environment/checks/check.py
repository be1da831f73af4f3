"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from infra.environment.model import Environment
from infra.problems import Problem


class Check(NamedTuple):
    """A rule, and the fields of the environment that it reads."""

    rule: Callable[[Environment], Iterable[Problem]]
    reads: frozenset[str]


def check(rule: Callable[[Environment], Iterable[Problem]], *reads: str) -> Check:
    """Makes a check of a rule that reads those fields."""
    return Check(rule, frozenset(reads))
