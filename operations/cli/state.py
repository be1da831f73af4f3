"""`mlcluster init`: makes the bucket and the key that an environment's state needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from infra.environment import Environment
from infra.labels import COMPONENT_TAG, OWNER_TAG
from infra.problems import ABSENT, BadInput, Problem
from operations.cli.arguments import EnvironmentName, Machine, Yes, environment_of
from operations.cli.asking import agree
from operations.cli.console import Voice, speaking

if TYPE_CHECKING:
    from operations.state import Found, Setting


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(rich_help_panel="Change")(init)


def init(env: EnvironmentName, machine: Machine = False, yes: Yes = False) -> None:
    """Make the S3 bucket and the KMS key for an environment's state, or make those that are there strict.

    Safe to run twice. Nothing is weakened: stricter settings, and statements and rules of others, stay.
    """
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        found = _look(environment)
        _show(voice, found)
        if found.open:
            place = found.place
            agree(
                f"put {len(found.open)} things right in AWS account {place.account}, {place.region}", yes=yes
            )
        done = [_put_right(voice, setting) for setting in found.open]
        _show_use(voice, environment, found)
        voice.emit({"result": "succeeded", **_document(found), "done": done})


def _look(environment: Environment) -> Found:
    from operations.state import look

    if environment.state is None or environment.state_place is None:
        hint = "write `state: {}` into its file (docs/how-to/state.md)"
        message = "does not say where its state is to be kept"
        raise BadInput([Problem("state", ABSENT, f"{environment.name} {message}", hint)])
    # Not the environment's own tag: other environments' state is in the bucket too, and none takes it down.
    tags = {COMPONENT_TAG: "state", OWNER_TAG: environment.owner}
    return look(environment.state, environment.state_place, tags)


def _show(voice: Voice, found: Found) -> None:
    """Prints what there is, what becomes of it, and what is left as it is."""
    if voice.machine:
        return
    voice.people.print(f"[bold]{escape(found.place.url)}[/bold]", soft_wrap=True)
    for setting in found.settings:
        sign = "[green]+[/green]" if setting.apply is not None else "[dim]=[/dim]"
        voice.people.print(f"  {sign} {escape(str(setting))}", soft_wrap=True)


def _put_right(voice: Voice, setting: Setting) -> str:
    if setting.apply is not None:
        setting.apply()
    voice.notes.print(
        f"  [green]done[/green] {escape(setting.what)}: {escape(str(setting.becomes))}", soft_wrap=True
    )
    return setting.what


def _show_use(voice: Voice, environment: Environment, found: Found) -> None:
    """Prints how to use it; `mlcluster` does so by itself."""
    if voice.machine:
        return
    words = "as it should be" if found.open else "nothing to do: all is as it should be"
    voice.people.print(f"[green]{words}[/green]; the engine keeps its locks in the bucket too")
    voice.people.print("mlcluster uses it from now on. For plain Pulumi:")
    for line in (
        f"pulumi login '{found.place.url}'",
        f"pulumi stack init {environment.name} --secrets-provider='{found.place.secrets}'",
    ):
        voice.people.print(f"  {escape(line)}", soft_wrap=True)


def _document(found: Found) -> dict[str, Any]:
    return {
        "url": found.place.url,
        "secrets_provider": found.place.secrets,
        "settings": [
            {"what": one.what, "found": one.found, "becomes": one.becomes} for one in found.settings
        ],
    }
