"""What a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    status: Status
    """``failed``: `up` would fail. ``warning``: it may, or it could not be found out."""
    subject: str
    """What was looked at: ``quota``, ``capacity``."""
    words: str
    """What was found."""
    hint: str = ""
    """What to do; empty where nothing needs to be done."""


def passed(subject: str, words: str) -> Finding:
    """All is well."""
    return Finding("passed", subject, words)


def warning(subject: str, words: str, hint: str) -> Finding:
    """It may go wrong, or nobody knows."""
    return Finding("warning", subject, words, hint)


def failed(subject: str, words: str, hint: str) -> Finding:
    """It would go wrong."""
    return Finding("failed", subject, words, hint)
