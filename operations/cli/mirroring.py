"""`mlcluster mirror`: what an environment takes from the internet, listed, or carried into a registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from infra.environment import project_root
from operations.cli.arguments import EnvironmentName, Machine, environment_of
from operations.cli.console import Exit, Voice, speaking
from operations.cli.render import say

if TYPE_CHECKING:
    from operations.mirror.copying import Outcome
    from operations.mirror.needs import Needs

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="FOLDER|oci://…",
        help="Where to carry charts and images. Default: the environment's own mirror, if it has one.",
        show_default=False,
    ),
]
OnlyList = Annotated[bool, typer.Option("--list", help="Only list what is known here: asks nobody.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(rich_help_panel="Read")(mirror)


def mirror(
    env: EnvironmentName, to: To = None, only_list: OnlyList = False, machine: Machine = False
) -> None:
    """List the charts and images that an environment needs, or carry them into a folder or a registry.

    Carries with Helm, and images with crane or skopeo; where neither is there, says what to run.
    """
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        from operations.mirror.needs import needs

        found = needs(environment, project_root(Path.cwd()))
        target = None if only_list else to or environment.mirror
        if target is None:
            voice.emit({"result": "listed", **listing(found)})
            _show(voice, found)
            return
        outcome = _carried(voice, found, target)
        result = "incomplete" if outcome.missing or outcome.commands else "mirrored"
        voice.emit({"result": result, "to": target, **listing(found), **vars(outcome)})
        _tell(voice, outcome, target)
        if outcome.missing:
            raise typer.Exit(Exit.FAILED)


def listing(found: Needs) -> dict[str, Any]:
    """What an environment needs, as other tools read it."""
    charts = {need.pin.name: need.pin for need in found.charts}
    return {
        "charts": [
            {
                "name": pin.name,
                "version": pin.version,
                "from": pin.repository,
                "licence": pin.licence,
                "images_known": bool(pin.images),
            }
            for pin in charts.values()
        ],
        "images": [{"image": one.reference, "told_by": one.told_by} for one in found.images],
    }


def _carried(voice: Voice, found: Needs, target: str) -> Outcome:
    from operations.mirror.copying import carry
    from operations.mirror.registry import at_hand
    from operations.progress import shown

    with shown(voice.notes, "mirror") as listener:
        return carry(at_hand(listener), found, target, listener.say)


def _show(voice: Voice, found: Needs) -> None:
    facts = listing(found)
    _table(voice, ("chart", "version", "from"), facts["charts"], ("name", "version", "from"))
    voice.people.print()
    _table(voice, ("image", "told by"), facts["images"], ("image", "told_by"))
    unknown = [one["name"] for one in facts["charts"] if not one["images_known"]]
    if unknown:
        words = f"images unknown until they are pulled (--to): {', '.join(unknown)}"
        say(voice.people, f"\n[dim]{escape(words)}[/dim]")
    say(
        voice.people,
        "[dim]Rendered charts (--to) may name more images. EKS brings those of its add-ons.[/dim]",
    )


def _table(
    voice: Voice, heads: Sequence[str], rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> None:
    table = Table(*heads, box=None, header_style="bold")
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*(escape(str(row[key])) for key in keys))
    voice.people.print(table)


def _tell(voice: Voice, outcome: Outcome, target: str) -> None:
    counts = f"{len(outcome.charts)} charts and {len(outcome.images)} images are in {target}"
    say(voice.people, escape(counts))
    if outcome.commands:
        say(voice.people, "Neither crane nor skopeo is on PATH. To copy the images, run:")
        for command in outcome.commands:
            say(voice.people, f"  {escape(command)}")
    for what, why in outcome.missing.items():
        say(voice.notes, f"[bold red]missing[/bold red] {escape(what)}: {escape(why)}")
