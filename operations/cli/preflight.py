"""`mlcluster doctor`: what would go wrong, before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from infra.environment import project_root
from operations.cli.arguments import EnvironmentName, Machine, environment_of
from operations.cli.console import Exit, Voice, speaking

if TYPE_CHECKING:
    from operations.doctor.finding import Finding

_SIGNS = {
    "passed": "[green]passed [/green]",
    "warning": "[yellow]warning[/yellow]",
    "failed": "[bold red]failed [/bold red]",
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(rich_help_panel="Read")(doctor)


def doctor(env: EnvironmentName, machine: Machine = False) -> None:
    """Ask AWS and this machine whether an environment can come up: account, quotas, capacity, images, tools.

    Only reads. Exit code 1 if anything would fail.
    """
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        from operations.doctor import examine
        from operations.doctor.patient import Patient

        found = examine(Patient(environment, datetime.now(UTC), project_root(Path.cwd())))
        bad = any(one.status == "failed" for one in found)
        voice.emit({"result": "failed" if bad else "fit", "findings": [asdict(one) for one in found]})
        if not machine:
            _show(voice, found)
        if bad:
            raise typer.Exit(Exit.FAILED)


def _show(voice: Voice, found: Sequence[Finding]) -> None:
    for one in found:
        line = f"{_SIGNS[one.status]} {escape(one.subject):<10} {escape(one.words)}"
        voice.people.print(line, soft_wrap=True)
        if one.hint:
            voice.people.print(f"{'':19}[dim]{escape(one.hint)}[/dim]", soft_wrap=True)
    counts = {status: sum(one.status == status for one in found) for status in _SIGNS}
    voice.people.print(", ".join(f"{count} {status}" for status, count in counts.items()))
