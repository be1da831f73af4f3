"""Commands that only read environment files: no state, no engine, no network."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.table import Table

from infra.catalog.chart_keys import doubts
from infra.environment import Environment, available, find, json_schema, load, project_root
from infra.environment.checks.together import together
from infra.problems import BadInput
from operations.cli.arguments import EnvironmentName, Machine, environment_of, today
from operations.cli.console import Voice, speaking


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (envs, validate, schema, plan):
        app.command(rich_help_panel="Read")(command)


def envs(machine: Machine = False) -> None:
    """List the environments of this project."""
    with speaking(machine=machine) as voice:
        root = project_root(Path.cwd())
        rows = [_row(name, root) for name in available(root)]
        voice.emit({"environments": rows})
        if not machine:
            _table(voice, rows)


def _row(name: str, root: Path) -> dict[str, str]:
    try:
        environment = load(find(name, root))
    except BadInput as bad:
        return {"name": name, "kind": f"{len(bad.problems)} problems: mlcluster validate {name}"}
    return {
        "name": name,
        "kind": _kind(environment),
        "region": environment.region or "",
        "owner": environment.owner,
    }


def _kind(environment: Environment) -> str:
    if environment.teams_of is not None:
        return f"{len(environment.teams)} teams of {environment.teams_of}"
    return "data" if environment.is_data else environment.platform


def _table(voice: Voice, rows: list[dict[str, str]]) -> None:
    table = Table("name", "kind", "region", "owner", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(row.get(column, "") for column in ("name", "kind", "region", "owner")))
    voice.people.print(table)


def validate(env: EnvironmentName, machine: Machine = False) -> None:
    """Check an environment file; says all that is wrong with it at once."""
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        _fits(environment)
        for doubt in doubts(environment.extra_values):
            voice.notice(f"warning: {doubt}")
        voice.people.print(f"[green]valid[/green] {environment.name}")
        voice.emit({"result": "valid", "environment": environment.name})


def _fits(environment: Environment) -> None:
    """Looks at an environment beside the project's others, of which only the valid ones can be looked at.

    Raises:
        BadInput: its network overlaps another's, or its data stack is missing or elsewhere.
    """
    root = project_root(Path.cwd())
    names = [name for name in available(root) if name != environment.name]
    others = [one for name in names if (one := _valid(name, root)) is not None]
    own = f"{environment.name}: "
    found = [problem for problem in together([*others, environment]) if problem.path.startswith(own)]
    if found:
        raise BadInput(found)


def _valid(name: str, root: Path) -> Environment | None:
    try:
        return load(find(name, root))
    except BadInput:
        return None


def schema() -> None:
    """Print the JSON Schema of environment files, from which editors complete."""
    typer.echo(json.dumps(json_schema(), indent=2))


def plan(env: EnvironmentName, machine: Machine = False) -> None:
    """Say what an environment will be: resources, simulated minutes and critical path, cost. Offline."""
    with speaking(machine=machine) as voice:
        environment = environment_of(env)
        from operations.cli.render import show_plan
        from operations.plan import document
        from operations.plan import plan as make_plan

        made = make_plan(environment, project_root(Path.cwd()), today())
        if machine:
            voice.emit(document(made).model_dump(mode="json"))
        else:
            show_plan(voice.people, made)
