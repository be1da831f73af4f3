"""Asking people before something is done for real."""

from __future__ import annotations

import sys

import typer

from operations.guards import Refusal


def agree(what: str, *, yes: bool) -> None:
    """Asks before something is done for real.

    Args:
        what: what is about to be done, as the words that follow "about to".
        yes: whether the answer was given beforehand.

    Raises:
        Refusal: the answer is no, or nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal(f"about to {what}, and nobody can be asked", "give --yes if that is what you want")
    if not typer.confirm(f"About to {what}. Go on?", err=True):
        raise Refusal(f"not going to {what}", "nothing was changed")
