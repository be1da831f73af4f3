"""`mlcluster twin`: what is there to practise on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.environment import find, load
from infra.problems import BadInput
from operations.cli.arguments import Machine, Yes
from operations.cli.console import Voice, speaking

app = typer.Typer(help="The twins: emulated AWS and Kubernetes on this machine.", no_args_is_help=True)

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[ENV]", help="The environment whose twin is meant; all twins without it.", show_default=False
    ),
]


@app.command()
def build() -> None:
    """Build or download ahead of time what the twin needs: the engine, a Kubernetes control plane, Helm."""
    from operations.engine import ladder
    from operations.progress import shown
    from operations.twin.kubernetes import binaries

    with speaking(machine=False) as voice:
        with shown(voice.notes, "the Pulumi engine") as listener:
            engine = ladder.find(listener)
        voice.people.print(f"Pulumi {engine.version} ({engine.source})")
        with shown(voice.notes, "the control plane") as listener:
            folder = binaries.ensure(listener)
            binaries.helm(listener)
        voice.people.print(f"Kubernetes {binaries.KUBERNETES} ({folder})", soft_wrap=True)


@app.command()
def status(env: Which = None, machine: Machine = False) -> None:
    """Show the twins: which are running, where, and what is on them."""
    with speaking(machine=machine) as voice:
        rows = [_row(name) for name in _names(env)]
        voice.emit({"twins": rows})
        if not machine:
            _show(voice, rows)


@app.command()
def stop(env: Which = None) -> None:
    """Stop twins; what is on them is kept and comes back with the next command."""
    from operations.twin.manager import Twin

    with speaking(machine=False) as voice:
        for name in _names(env):
            Twin(name).stop()
            voice.people.print(f"{name}: stopped, its state is kept")


@app.command()
def reset(env: Which = None, yes: Yes = False) -> None:
    """Forget twins with all that is on them."""
    from operations.twin.manager import Twin

    with speaking(machine=False) as voice:
        names = _names(env)
        if names and not yes:
            typer.confirm(f"Forget {', '.join(names)} with all that is on them?", abort=True, err=True)
        for name in names:
            Twin(name).reset()
            voice.people.print(f"{name}: forgotten")


def _names(env: str | None) -> list[str]:
    from operations.folders import data
    from operations.lifecycle import twin_name

    if env is not None:
        return [twin_name(_home(env))]
    folder = data() / "twins"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _home(env: str) -> str:
    """The environment whose twin is meant; by its file, if there is one."""
    try:
        return load(find(env, Path.cwd())).home
    except BadInput:
        return env


def _row(name: str) -> dict[str, object]:
    from operations.twin.manager import Twin

    status = Twin(name).status()
    return {
        "name": name,
        "running": status.running,
        "pid": status.pid,
        "aws_endpoint": status.aws_endpoint,
        "since": status.since,
        "holds": dict(status.counts),
    }


def _show(voice: Voice, rows: list[dict[str, object]]) -> None:
    if not rows:
        voice.people.print("no twins; `mlcluster up dev --twin` makes one")
        return
    for row in rows:
        holds = row["holds"]
        count = sum(holds.values()) if isinstance(holds, dict) else 0
        words = (
            f"running since {row['since']} (pid {row['pid']}), {count} things"
            if row["running"]
            else "stopped"
        )
        voice.people.print(f"[bold]{row['name']}[/bold]: {words}", soft_wrap=True)
        if row["running"]:
            voice.people.print(f"  AWS_ENDPOINT_URL={row['aws_endpoint']}", soft_wrap=True)
