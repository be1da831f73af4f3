"""How long work tells those who wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Listener(Protocol):
    """Is told how work goes on."""

    def say(self, text: str) -> None:
        """One line for people: what begins, is skipped or is waited for."""

    def advance(self, done: int, total: int, what: str) -> None:
        """`done` of `total` steps are finished, `what` is the latest; a total of 0: not known yet."""


class Silent:
    """A `Listener` that keeps it to itself."""

    def say(self, text: str) -> None:
        """Says nothing."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Shows nothing."""


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def say(self, text: str) -> None:
        self._progress.console.print(escape(text), soft_wrap=True)

    def advance(self, done: int, total: int, what: str) -> None:
        self._progress.update(self._task, completed=done, total=total or None, what=escape(what))


class _Log:
    """For a console that is a file or a pipe: a line for each tenth, for a bar cannot be redrawn there."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._tenths = 0

    def say(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)

    def advance(self, done: int, total: int, what: str) -> None:
        tenths = 10 * done // total if total else 0
        if tenths > self._tenths:
            self._tenths = tenths
            self.say(f"{self._title}: {10 * tenths} % ({what})")


@contextmanager
def shown(console: Console, title: str) -> Iterator[Listener]:
    """Shows progress on `console`: a bar on a terminal, lines elsewhere.

    Args:
        console: where; for the command line its stderr.
        title: what is being done, in a few words.
    """
    if not console.is_terminal:
        yield _Log(console, title)
        return
    what = TextColumn("[dim]{task.fields[what]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), what)
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, progress.add_task(escape(title), total=None, what=""))
