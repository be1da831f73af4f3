"""Arguments and options that commands share, each described once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.environment import Environment, available, find, load, project_root


def _complete(incomplete: str) -> list[str]:
    return [name for name in available(project_root(Path.cwd())) if name.startswith(incomplete)]


EnvironmentName = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="An environment's name (stacks/Pulumi.ENV.yaml) or the path of an environment file.",
        autocompletion=_complete,
        show_default=False,
    ),
]
OnTwin = Annotated[
    bool, typer.Option("--twin", help="On the twin: emulated AWS and Kubernetes on this machine, no account.")
]
Machine = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout; people's words go to stderr.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def environment_of(env: str) -> Environment:
    """The environment that a command line names.

    Raises:
        BadInput: there is none by that name, or its file is wrong.
    """
    return load(find(env, Path.cwd()))


def today() -> date:
    """The day on which prices are asked for."""
    return datetime.now(UTC).date()
