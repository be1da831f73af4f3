"""Commands that run the engine: preview, up, refresh, down; and outputs, which reads what it left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.environment import Environment, find, load, project_root
from operations import guards
from operations.cli.arguments import EnvironmentName, Machine, OnTwin, Yes, today
from operations.cli.asking import agree
from operations.cli.console import Exit, Voice, speaking

if TYPE_CHECKING:
    from operations.plan import Plan

Name = Annotated[
    str | None,
    typer.Option("--name", help="The name of a protected environment, instead of typing it when asked."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (preview, up, refresh, down, outputs, kubeconfig):
        app.command(rich_help_panel="Change")(command)


def preview(env: EnvironmentName, twin: OnTwin = False, machine: Machine = False) -> None:
    """Ask the engine what `up` would change; changes nothing."""
    from operations import lifecycle
    from operations.cli.results import show_changes

    with speaking(machine=machine) as voice:
        file = _file(env)
        with _opened(voice, file, on_twin=twin) as site, _watched(voice, "preview") as watch:
            result = lifecycle.preview(site, watch)
        if result.result == "succeeded":
            show_changes(voice.people, result.operations)
        _end(voice, result)


def up(env: EnvironmentName, twin: OnTwin = False, machine: Machine = False, yes: Yes = False) -> None:
    """Make an environment what its file says, its data stack first."""
    from operations import lifecycle
    from operations.plan import plan as make_plan

    with speaking(machine=machine) as voice:
        file = _file(env)
        environment = load(file)
        root = project_root(file.parent)
        plan = make_plan(environment, root, today())
        guards.within_budget(environment, plan.cost)
        if not twin:
            _mirrored(voice, environment, root)
            agree(f"provision {environment.name} in {_where(environment)}", yes=yes)
        if (data := lifecycle.data_file(environment, root)) is not None:
            _up_data(voice, data, environment, on_twin=twin)
        _up(voice, file, plan, on_twin=twin)


def _mirrored(voice: Voice, environment: Environment, root: Path) -> None:
    """Asks the environment's mirror, if it has one, for every chart before anything is changed.

    Raises:
        BadInput: It lacks some.
    """
    from operations.mirror.check import Unasked, complete
    from operations.progress import shown

    if environment.mirror is None:
        return
    try:
        with shown(voice.notes, "asking the mirror") as listener:
            complete(environment, root, listener)
    except Unasked as error:
        voice.notice(f"warning: {error}")


def _up_data(voice: Voice, file: Path, reader: Environment, *, on_twin: bool) -> None:
    """Brings the data stack up when it has never been; one that exists is its own owner's business."""
    from operations import lifecycle

    with _opened(voice, file, on_twin=on_twin, host=reader) as site:
        if lifecycle.exists(site):
            return
        voice.notice(
            f"{reader.name} reads the data stack {site.environment.name}, which is not up: bringing it up"
        )
        with _watched(voice, f"up {site.environment.name}") as watch:
            result = lifecycle.up(site, watch)
    if result.result != "succeeded":
        _end(voice, result)


def _up(voice: Voice, file: Path, plan: Plan, *, on_twin: bool) -> None:
    from operations import lifecycle
    from operations.cli.results import show_up

    with (
        _opened(voice, file, on_twin=on_twin) as site,
        _watched(voice, f"up {plan.environment.name}", total=len(plan.resources)) as watch,
    ):
        for line in lifecycle.farewell(site):
            voice.notice(line)
        result = lifecycle.up(site, watch)
    if result.result == "succeeded":
        show_up(voice.people, plan, result, lifecycle.simulated(plan, result) if on_twin else None)
    _end(voice, result)


def refresh(env: EnvironmentName, twin: OnTwin = False, machine: Machine = False, yes: Yes = False) -> None:
    """Look for what changed behind Pulumi's back, and note it in the state."""
    from operations import lifecycle
    from operations.cli.results import show_changes

    with speaking(machine=machine) as voice:
        file = _file(env)
        if not twin:
            agree(f"write what is found into the state of {load(file).name}", yes=yes)
        with _opened(voice, file, on_twin=twin) as site, _watched(voice, "refresh") as watch:
            result = lifecycle.refresh(site, watch)
        if result.result == "succeeded":
            show_changes(voice.people, result.operations)
        _end(voice, result)


def down(
    env: EnvironmentName, twin: OnTwin = False, machine: Machine = False, yes: Yes = False, name: Name = None
) -> None:
    """Take an environment down and prove that nothing is left of it; its data stack stays."""
    from operations import lifecycle
    from operations.cli.results import show_down
    from operations.plan import plan as make_plan

    with speaking(machine=machine) as voice:
        file = _file(env)
        environment = load(file)
        guards.keeps_no_data(environment)
        guards.named(environment, _typed(environment, name))
        agree(f"delete everything of {environment.name} in {_where(environment, twin=twin)}", yes=yes)
        with _opened(voice, file, on_twin=twin) as site:
            with _watched(voice, f"down {environment.name}") as watch:
                result, left = lifecycle.down(site, watch)
            plan = make_plan(environment, site.root, today())
        if result.result == "succeeded":
            show_down(voice.people, result, left, lifecycle.simulated(plan, result) if twin else None)
        _end(voice, result, leftovers=[str(leftover) for leftover in left])


def outputs(env: EnvironmentName, twin: OnTwin = False, machine: Machine = False) -> None:
    """Print the outputs of an environment's stack, secrets masked."""
    from operations.cli.results import show_outputs
    from operations.engine import run

    with speaking(machine=machine) as voice:
        with _opened(voice, _file(env), on_twin=twin) as site:
            found = run.outputs(site.stack)
        voice.emit(found)
        if not machine:
            show_outputs(voice.people, found)


def kubeconfig(env: EnvironmentName, twin: OnTwin = False) -> None:
    """Print what kubectl needs to reach an environment's cluster: mlcluster kubeconfig dev > FILE."""
    from operations import lifecycle

    with speaking(machine=False) as voice, _opened(voice, _file(env), on_twin=twin) as site:
        sys.stdout.write(lifecycle.kubeconfig(site))


def _file(env: str) -> Path:
    return find(env, Path.cwd())


def _where(environment: Environment, *, twin: bool = False) -> str:
    if twin:
        return "the twin"
    if environment.platform == "aws":
        return f"AWS account {environment.account}, {environment.region}"
    return f"the Kubernetes cluster of context {environment.cluster.context if environment.cluster else ''}"


def _typed(environment: Environment, name: str | None) -> str | None:
    """What was typed as the name of a protected environment."""
    if name is None and environment.lifetime.protect and sys.stdin.isatty():
        return str(typer.prompt(f"{environment.name} is protected. Type its name", err=True, default=""))
    return name


@contextmanager
def _opened(voice: Voice, file: Path, *, on_twin: bool, host: Environment | None = None) -> Iterator[Any]:
    """The environment's site; `host`: whose twin a data stack is on."""
    from operations import lifecycle
    from operations.progress import shown
    from operations.twin.manager import Twin

    name = lifecycle.twin_name((host or load(file)).home)
    with ExitStack() as stack:
        with shown(voice.notes, "getting ready") as listener:
            place = Twin(name) if on_twin else None
            site = stack.enter_context(lifecycle.opened(file, twin=place, listener=listener))
        yield site


@contextmanager
def _watched(voice: Voice, title: str, total: int = 0) -> Iterator[Any]:
    """What shows the engine's events while it works."""
    from operations.cli.progress import Watch
    from operations.progress import shown

    with shown(voice.notes, title) as listener:
        yield Watch(listener, total)


def _end(voice: Voice, result: Any, **more: Any) -> None:
    """Says how it ended, and ends the process if not well."""
    from operations.cli.results import show_end

    show_end(voice.notes, result)
    voice.emit(
        {
            "result": result.result,
            "changes": result.changes,
            "seconds": round(result.seconds, 2),
            "outputs": result.outputs,
            **more,
        }
    )
    if result.result == "cancelled":
        raise typer.Exit(Exit.INTERRUPTED)
    if result.result != "succeeded":
        raise typer.Exit(Exit.FAILED)
