"""Plans and results as people read them in a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from infra.resources import RecordedResource
from operations.cost import Cost
from operations.plan import Plan
from operations.schedule import Step, Timeline

WIDE_PATH = 12
"""Steps of a critical path that are shown: the slowest, where there are more."""


def short(type_: str) -> str:
    """A type without what repeats: ``ec2.Vpc`` for ``aws:ec2/vpc:Vpc``."""
    package, _, rest = type_.partition(":")
    module, _, name = rest.rpartition(":")
    if package == "aws":
        module = module.partition("/")[0]
    return f"{module}.{name}" if module else type_


def label(urn: str) -> str:
    """A resource as people call it: ``eks.Cluster cluster`` for its URN."""
    types, _, name = urn.rpartition("::")
    type_ = types.rpartition("::")[2].rpartition("$")[2]
    return f"{short(type_)} {name}"


def show_plan(console: Console, plan: Plan) -> None:
    """Prints a plan: tree, counts, time, cost."""
    console.print(resource_tree(plan))
    console.print()
    console.print(_counts(plan))
    console.print()
    show_time(console, plan.up, plan.down)
    console.print()
    show_cost(console, plan.cost)


def resource_tree(plan: Plan) -> Tree:
    """The tree of resources; siblings of one type share a line."""
    children: dict[str | None, list[RecordedResource]] = defaultdict(list)
    known = {resource.urn for resource in plan.resources}
    for resource in plan.resources:
        children[resource.parent if resource.parent in known else None].append(resource)
    env = plan.environment
    tree = Tree(f"[bold]{escape(env.name)}[/bold] {env.platform} {env.region or ''}")
    roots = [child for root in children[None] for child in children[root.urn]] if children[None] else []
    singles = [resource for resource in children[None] if resource.type != "pulumi:pulumi:Stack"]
    _grow(tree, singles or roots, children)
    return tree


def _grow(
    tree: Tree,
    siblings: Iterable[RecordedResource],
    children: Mapping[str | None, list[RecordedResource]],
    above: str = "",
) -> None:
    leaves = sorted((r for r in siblings if not children.get(r.urn)), key=lambda r: (r.type, r.name))
    for type_, group in groupby(leaves, key=lambda r: r.type):
        names = [resource.name for resource in group]
        count = f" × {len(names)}" if len(names) > 1 else ""
        tree.add(f"[cyan]{short(type_)}[/cyan]{count}  [dim]{escape(_names(names, above))}[/dim]")
    for resource in sorted((r for r in siblings if children.get(r.urn)), key=lambda r: r.name):
        branch = tree.add(f"[bold]{escape(resource.name)}[/bold]  [cyan]{short(resource.type)}[/cyan]")
        _grow(branch, children[resource.urn], children, resource.name)


def _names(names: Sequence[str], above: str) -> str:
    """Names without what the component above them says already."""
    return ", ".join(name.removeprefix(above).lstrip("-") for name in names if name != above)


def _counts(plan: Plan) -> Table:
    table = Table("resources", "type", box=None, header_style="bold")
    table.columns[0].justify = "right"
    for type_, count in sorted(plan.counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(str(count), short(type_))
    table.add_row(f"[bold]{plan.counts.total()}[/bold]", "[bold]in all[/bold]")
    return table


def show_time(console: Console, up: Timeline, down: Timeline | None = None) -> None:
    """Prints simulated minutes and the chain of resources that decides them."""
    line = f"[bold]{up.minutes:.1f} simulated minutes[/bold] up"
    if down is not None:
        line += f", {down.minutes:.1f} down"
    console.print(line + ("; the critical path:" if up.critical_path else ""))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for step in _slowest(up.critical_path):
        table.add_row(f"  {duration(step.seconds)}", f"{short(step.type)} {escape(step.name)}")
    console.print(table)


def _slowest(steps: Sequence[Step]) -> list[Step]:
    """The steps in order; of a long path only the slowest."""
    kept = sorted(steps, key=lambda step: -step.seconds)[:WIDE_PATH]
    return [step for step in steps if step in kept]


def say(console: Console, text: str) -> None:
    """Prints a line that is folded on a terminal, and left whole in a file or a pipe."""
    console.print(text, soft_wrap=not console.is_terminal)


def duration(seconds: float) -> str:
    """Seconds as people say them: ``45 s``, ``9 min``, ``9 min 30 s``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def show_cost(console: Console, cost: Cost) -> None:
    """Prints what it costs: the dearest lines, the ceiling and the floor."""
    table = Table("USD/month", "at most", "for", box=None, header_style="bold")
    for column in table.columns[:2]:
        column.justify = "right"
    table.columns[0].header = "idle"
    for line in sorted(cost.lines, key=lambda line: -line.month)[:8]:
        table.add_row(_usd(line.idle_month), _usd(line.month), escape(line.what))
    table.add_row(
        f"[bold]{_usd(cost.idle_month)}[/bold]", f"[bold]{_usd(cost.month)}[/bold]", "[bold]a month[/bold]"
    )
    console.print(table)
    console.print(f"  {_usd(cost.hour)} an hour with every pool at its maximum")
    if cost.unpriced:
        say(console, f"  not in these sums: {', '.join(short(type_) for type_ in cost.unpriced)}")
    for note in cost.notes:
        say(console, f"  [dim]{escape(note)}[/dim]")


def _usd(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 1000 else f"${amount:,.0f}"
