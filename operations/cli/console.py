"""Where words go: results on stdout, and with `--json` one object there and people's words on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from infra.problems import BadInput, Problem
from operations.guards import Failure, Refusal


class Exit(IntEnum):
    """What the exit code says."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    REFUSED = 3
    INTERRUPTED = 130


class Voice:
    """Speaks to people and, with `--json`, to other tools."""

    def __init__(self, *, machine: bool) -> None:
        self.machine = machine
        self.notes = Console(stderr=True, highlight=False)
        """Progress, notices and errors."""
        self.people = self.notes if machine else Console(highlight=False)
        """Results for people."""

    def emit(self, document: Mapping[str, Any]) -> None:
        """Prints the one object of `--json`; silent without it."""
        if self.machine:
            sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")

    def notice(self, text: str) -> None:
        """Says something by the way."""
        self.notes.print(f"[dim]{escape(text)}[/dim]")

    def problems(self, problems: tuple[Problem, ...]) -> None:
        """Prints bad input: path, value, what is wrong, what to write instead."""
        for problem in problems:
            self.notes.print(f"[bold red]error[/bold red] {escape(str(problem))}", soft_wrap=True)

    def refusal(self, refusal: Refusal) -> None:
        """Prints why a guard said no, and what to do."""
        self.notes.print(f"[bold yellow]refused[/bold yellow] {escape(refusal.why)}", soft_wrap=True)
        self.notes.print(f"  {escape(refusal.hint)}", soft_wrap=True)


@contextmanager
def speaking(*, machine: bool) -> Iterator[Voice]:
    """A command's voice; ends the process with the documented code when something is wrong.

    Bad input and refusals are expected, so they are words; anything else is a defect and keeps its traceback.
    """
    voice = Voice(machine=machine)
    try:
        yield voice
    except BadInput as bad:
        voice.problems(bad.problems)
        voice.emit({"result": "bad-input", "problems": [_problem(problem) for problem in bad.problems]})
        raise typer.Exit(Exit.BAD_INPUT) from None
    except Refusal as refusal:
        voice.refusal(refusal)
        voice.emit({"result": "refused", "why": refusal.why, "hint": refusal.hint})
        raise typer.Exit(Exit.REFUSED) from None
    except Failure as failure:
        voice.notes.print(f"[bold red]failed[/bold red] {escape(str(failure))}", soft_wrap=True)
        voice.emit({"result": "failed", "why": str(failure)})
        raise typer.Exit(Exit.FAILED) from None


def _problem(problem: Problem) -> dict[str, Any]:
    value = problem.value
    return {
        "path": problem.path,
        "value": value if isinstance(value, str | int | float | bool | None) else str(value),
        "message": problem.message,
        "hint": problem.hint,
    }
