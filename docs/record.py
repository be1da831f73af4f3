"""Records what a command leaves on a terminal as a picture: python docs/record.py OUTPUT.svg COMMAND...

The command runs for real, on a pseudo-terminal; a terminal emulator tells what is on the screen at the end.
"""

from __future__ import annotations

import io
import os
import pty
import re
import sys
from pathlib import Path

import pyte
from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.text import Text

WIDTH, HEIGHT = 118, 200
_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_COLOURS = {"default": None, "brown": "yellow"}


def screen_after(command: list[str]) -> pyte.Screen:
    """The screen after a command has run on it.

    Raises:
        SystemExit: the command failed.
    """
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)

    def feed(descriptor: int) -> bytes:
        chunk = os.read(descriptor, 65536)
        stream.feed(chunk)
        return chunk

    os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    status = pty.spawn(command, feed)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(command)} failed")
    return screen


def lines(screen: pyte.Screen) -> list[Text]:
    """The screen's lines down to the last that is not empty."""
    rows = [
        Text.assemble(*((cell.data, _style(cell)) for cell in (screen.buffer[y][x] for x in range(WIDTH))))
        for y in range(HEIGHT)
    ]
    for row in rows:
        row.rstrip()
    while rows and not rows[-1].plain:
        rows.pop()
    return rows


def _style(cell: Char) -> Style:
    return Style(color=_COLOURS.get(cell.fg, cell.fg), bold=cell.bold)


def main() -> None:
    """Runs the command and writes the picture."""
    target, *command = sys.argv[1:]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {' '.join(command)}", style="bold"))
    for line in lines(screen_after(command)):
        console.print(line)
    svg = console.export_svg(title="mlcluster")
    # Rich's fonts are on the web; a picture in a repository asks nobody for anything.
    Path(target).write_text(_FONT.sub("", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
