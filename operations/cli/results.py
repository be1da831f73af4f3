"""What a run of the engine did, as people read it in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.cli.render import duration, label, say, show_cost, show_time
from operations.engine.events import Operation
from operations.engine.run import Result
from operations.leftovers import Leftover
from operations.plan import Plan
from operations.schedule import Timeline

_SIGNS = {
    "create": "[green]+[/green]",
    "delete": "[red]-[/red]",
    "update": "[yellow]~[/yellow]",
    "replace": "[magenta]±[/magenta]",
}
_VERDICTS = {
    "succeeded": "[green]done[/green]",
    "failed": "[red]failed[/red]",
    "cancelled": "[yellow]cancelled[/yellow]",
}
_ON = "run the same command again: it goes on where this one stopped"


def show_changes(console: Console, operations: Sequence[Operation]) -> None:
    """Prints operations, each with the properties that differ."""
    if not operations:
        console.print("nothing to change")
        return
    for operation in sorted(operations, key=lambda operation: (operation.op, operation.urn)):
        changed = f"  [dim]{escape(', '.join(operation.changed))}[/dim]" if operation.changed else ""
        say(console, f"{_SIGNS.get(operation.op, operation.op)} {escape(label(operation.urn))}{changed}")


def show_up(console: Console, plan: Plan, result: Result, time: Timeline | None) -> None:
    """Prints what is up now, the outputs, simulated minutes (on the twin), and what it costs."""
    console.print(f"[bold]{escape(plan.environment.name)} is up[/bold]: {plan.counts.total()} resources")
    console.print(_inside(plan))
    console.print("\n[bold]outputs[/bold]")
    show_outputs(console, result.outputs)
    console.print()
    if time is not None:
        show_time(console, time)
        console.print()
    show_cost(console, plan.cost)


def _inside(plan: Plan) -> Table:
    """The environment's components, each with how many resources are in it."""
    parents = {resource.urn: resource.parent for resource in plan.resources}
    components = {resource.urn for resource in plan.resources if not resource.custom and resource.parent}
    sizes: Counter[str] = Counter()
    for resource in plan.resources:
        above = resource.parent
        while above is not None and above not in components:
            above = parents.get(above)
        if resource.custom and above is not None:
            sizes[above] += 1
    table = Table(box=None, show_header=False, padding=(0, 2))
    for urn in sorted(components, key=label):
        table.add_row(
            f"[cyan]{escape(label(urn))}[/cyan]", f"{sizes[urn]} resource{'' if sizes[urn] == 1 else 's'}"
        )
    return table


def show_outputs(console: Console, outputs: Mapping[str, Any]) -> None:
    """Prints a stack's outputs, secrets masked."""
    for name, value in sorted(outputs.items()):
        say(console, f"  {escape(name)}: {escape(_flat(value))}")


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_flat(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_flat(inner) for inner in value)
    return str(value)


def show_down(console: Console, result: Result, left: Sequence[Leftover], time: Timeline | None) -> None:
    """Prints what was deleted and what is left."""
    deleted = sum(1 for operation in result.operations if operation.op == "delete")
    took = f", {time.minutes:.1f} simulated minutes" if time is not None else ""
    console.print(f"[bold]{deleted} resources deleted[/bold]{took}")
    if not left:
        console.print("[green]nothing is left[/green]")
        return
    console.print(f"[bold red]{len(left)} left[/bold red]")
    for leftover in left:
        say(console, f"  {escape(str(leftover))}")


def show_end(console: Console, result: Result) -> None:
    """Prints how it ended, what went wrong and how to go on."""
    counts = ", ".join(f"{count} {op}" for op, count in sorted(result.changes.items()))
    say(
        console,
        f"{_VERDICTS[result.result]} in {duration(result.seconds)}" + (f": {counts}" if counts else ""),
    )
    for error in result.errors:
        urn, _, words = error.partition(": ") if error.startswith("urn:") else ("", "", error)
        say(console, f"  [red]{escape(f'{label(urn)}: ' if urn else '')}[/red]{escape(words)}")
    if result.result != "succeeded":
        console.print(f"  {_ON}")
