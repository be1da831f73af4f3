"""`mlcluster services`: what an environment offers, for those who work in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from infra.environment import Environment, find, load, project_root
from infra.problems import BadInput
from operations.cli.arguments import EnvironmentName, Machine, OnTwin, environment_of
from operations.cli.console import Voice, speaking
from operations.guards import Failure, Refusal

if TYPE_CHECKING:
    from operations.services import Entry

_SAID = 120
"""Characters of a reason that are repeated: those of an SDK go on for a page."""
_COLOURS = {"up": "green", "not up": "yellow", "unknown": "dim"}

Name = Annotated[
    str | None, typer.Argument(metavar="SERVICE", help="Only this one, in full.", show_default=False)
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Write a page that opens without a network.", show_default=False
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(rich_help_panel="Read")(services)


def services(
    env: EnvironmentName,
    name: Name = None,
    html: Page = None,
    twin: OnTwin = False,
    machine: Machine = False,
) -> None:
    """Say what an environment offers: its services, with address, version, how to use them, and state."""
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        from operations.services import one

        files = _files(env, environment)
        entries = _entries(files, dict.fromkeys(files))
        if name is not None:
            one(entries, name)  # nobody is asked anything about a service that there is not
        entries = _entries(files, {file: _deployed(voice, file, on_twin=twin) for file in files})
        if name is not None:
            entries = (one(entries, name),)
        voice.emit({"environment": environment.name, "services": [asdict(entry) for entry in entries]})
        if html is not None:
            _write(voice, html, environment, entries)
        elif name is not None:
            _in_full(voice, entries[0])
        else:
            _table(voice, entries)


def _files(env: str, environment: Environment) -> tuple[Path, ...]:
    """The environment's file, and that of the stack that keeps its data; for teams the platform's."""
    own = find(env, Path.cwd())
    if environment.teams_of is not None:
        own = own.parent / f"Pulumi.{environment.teams_of}.yaml"
    return (own,) if environment.data is None else (own, find(environment.data, Path.cwd()))


def _entries(files: Sequence[Path], states: Mapping[Path, Mapping[str, Any] | None]) -> tuple[Entry, ...]:
    """What the stacks of an environment offer together."""
    from operations.plan import previewed
    from operations.services import catalogue, together

    found = []
    for file in files:
        environment = load(file)
        found.append(catalogue(environment, previewed(environment, project_root(Path.cwd())), states[file]))
    return together(found)


def _deployed(voice: Voice, file: Path, *, on_twin: bool) -> Mapping[str, Any] | None:
    """The state of a stack, empty if there is none; None where nobody can tell without effort.

    Nothing is built or started for it: whoever has brought an environment up has what it takes.
    """
    from operations import lifecycle
    from operations.engine import ladder
    from operations.progress import Silent
    from operations.twin.manager import Twin

    try:
        if ladder.at_hand() is None:
            return None
        place = Twin(lifecycle.twin_name(load(file).home)) if on_twin else None
        with ExitStack() as stack:
            site = stack.enter_context(lifecycle.opened(file, twin=place, listener=Silent()))
            return site.stack.state() or {}
    except (BadInput, Failure, Refusal) as error:
        why = str(error.problems[0]) if isinstance(error, BadInput) else str(error)
        voice.notice(f"whether services are up could not be found out: {why[:_SAID]}")
        return None


def _write(voice: Voice, file: Path, environment: Environment, entries: Sequence[Entry]) -> None:
    from operations.services_page import page

    text = page(environment, entries, datetime.now(UTC))
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}") from error
    voice.people.print(f"[green]written[/green] {escape(str(file))}")


def _table(voice: Voice, entries: Sequence[Entry]) -> None:
    table = Table("service", "what", "where", "version", "state", box=None, header_style="bold")
    table.columns[2].overflow = "fold"
    for entry in entries:
        colour = _COLOURS[entry.state]
        table.add_row(
            escape(entry.name),
            escape(entry.what),
            escape(entry.address or ""),
            escape(entry.version or ""),
            f"[{colour}]{entry.state}[/{colour}]",
        )
    voice.people.print(table)


def _in_full(voice: Voice, entry: Entry) -> None:
    grid = Table.grid(padding=(0, 2))
    for key, value in asdict(entry).items():
        if value is not None and key != "name":
            grid.add_row(f"[bold]{key}[/bold]", escape(str(value)))
    voice.people.print(grid)
