"""What is wrong with an input, where, and what to write instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT: Final[Literal[Absent.ABSENT]] = Absent.ABSENT
"""The value of a problem about something that was not written at all (None is YAML's `null`, which was)."""

_SHOWN = 60
"""Characters of a value that a message repeats; longer ones are cut, for a page of YAML explains nothing."""


@dataclass(frozen=True)
class Problem:
    """One mistake in an input.

    Attributes:
        path: Where it is, in the terms of the input: ``pools.train.instances[0]``.
        value: What was given there, or `ABSENT`.
        message: What is wrong, as the words that follow the value: ``is below min 2``.
        hint: What to write or do instead: ``write a max of at least 2``. Never empty.
    """

    path: str
    value: object
    message: str
    hint: str

    def __str__(self) -> str:
        said = self.message if self.value is ABSENT else f"{show(self.value)} {self.message}"
        return f"{self.path}: {said}; {self.hint}"


class BadInput(Exception):
    """An input that cannot be used, with all that is wrong with it (exit code 2 of the command line)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Wrong(ValueError):
    """A value that its type refuses, told by code that does not know where the value stands.

    Whoever knows the path turns it into a `Problem`.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.message = message
        self.hint = hint

    def at(self, path: str, value: object) -> Problem:
        """The problem that this is at `path`."""
        return Problem(path, value, self.message, self.hint)


def show(value: object) -> str:
    """`value` as an environment file would have it, on one line and cut to a readable length."""
    if isinstance(value, str) and not _needs_quotes(value):
        text = value
    else:
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (
            TypeError,
            ValueError,
            RecursionError,
        ):  # keys that JSON cannot have, or a structure within itself
            text = f"a {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _needs_quotes(text: str) -> bool:
    """Whether a text would be taken for something else without quotes: a number, true, or nothing at all."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return not text.strip()
    return True


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what `word` was probably meant to be, or else what there is.

    Args:
        word: What was written.
        known: What could have been written.

    Returns:
        ``did you mean min?``, or ``write one of min, max`` (cut after a dozen) when nothing is near.
    """
    choices = sorted(set(known))
    near = difflib.get_close_matches(word, choices, n=3, cutoff=0.6)
    if near:
        return f"did you mean {either(near)}?"
    if not choices:
        return "remove it"
    more = f", … ({len(choices)} in all)" if len(choices) > 12 else ""
    return f"write one of {', '.join(choices[:12])}{more}"


def either(words: Iterable[str]) -> str:
    """Words as a choice in a sentence: ``a``, ``a or b``, ``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
