"""An environment's life, in the real world or on its twin: preview, up, refresh, down, outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from infra.environment import Environment, find, load, project_root
from infra.environment.checks.pools import ended
from infra.problems import BadInput, Problem
from infra.resources import RecordedResource
from operations import brokers, growing, guards, keeping, offboarding, protection, shrinking
from operations.deployed import control_plane
from operations.engine import backend, ladder, run, workspace
from operations.engine.events import Progress
from operations.engine.ladder import Engine
from operations.engine.run import Result
from operations.engine.workspace import EngineStack
from operations.leftovers import Leftover, at_aws, on_twin
from operations.plan import Plan, previewed
from operations.progress import Listener
from operations.schedule import Timeline, timeline
from operations.twin import given, kubernetes, plugins
from operations.twin.kubernetes import binaries
from operations.twin.manager import Running, Twin

_DATA_SUFFIX = "-data"
_CREATED = frozenset({"create", "replace", "create-replacement"})
_DELETED = frozenset({"delete", "delete-replaced"})


@dataclass(frozen=True, kw_only=True)
class Site:
    """An environment where it is to live."""

    environment: Environment
    file: Path
    root: Path
    stack: EngineStack
    twin: Twin | None
    """None in the real world."""


def twin_name(environment: str) -> str:
    """The twin that an environment lives on: that of the platform, for its data stack too.

    A platform looks on its own twin for the data stack that it reads: `prod-data` lives on the twin `prod`.

    Args:
        environment: `Environment.home`: of a stack of teams it is the platform's name.
    """
    return environment.removesuffix(_DATA_SUFFIX) or environment


def data_file(environment: Environment, root: Path) -> Path | None:
    """The file of the data stack that an environment reads; None if it reads none.

    Raises:
        BadInput: there is no such file.
    """
    if environment.data is None or environment.teams_of is not None:
        return None
    return find(environment.data, root)


@contextmanager
def opened(file: Path, *, twin: Twin | None, listener: Listener) -> Iterator[Site]:
    """Opens an environment for work: finds (or builds) the engine, starts the twin.

    Args:
        file: the environment's file.
        twin: where it lives; None: the real world.
        listener: told of a build or a start that takes its time.

    Raises:
        BadInput: the file is wrong, no engine can be had, or the backend cannot be used.
    """
    from stacks.program import main as program

    root = project_root(file.parent)
    environment = load(file)
    engine = ladder.find(listener)
    place = backend.of_site(root, file) if twin is None else _on_twin(twin, environment, engine, listener)
    with workspace.open_stack(file, root, engine, place, partial(program, file.parent)) as stack:
        try:
            yield Site(environment=environment, file=file, root=root, stack=stack, twin=twin)
        finally:
            if twin is not None:
                twin.save()


def _on_twin(twin: Twin, environment: Environment, engine: Engine, listener: Listener) -> backend.Backend:
    running = started(twin, listener)
    if environment.platform == "kubernetes":
        # A plugin would follow the context in the user's kubeconfig, to the real cluster.
        env = dict(running.env)
    else:
        env = plugins.variables(engine, twin.folder, running, listener)
    taken_for_granted = given.of(environment)
    if taken_for_granted != given.Given():
        twin.give(taken_for_granted.told())
    # A twin can be had anew: its state is written once at the end, not after each of hundreds of operations.
    return backend.of_twin(twin.folder, env, checkpoints=False)


def started(twin: Twin, listener: Listener) -> Running:
    """Starts a twin, after its control plane's programs were had; one of an older edition is started anew."""
    if twin.renew():
        listener.say(f"twin {twin.name}: started anew, with this edition of the code")
    if kubernetes.kind(twin.folder) is kubernetes.Kind.CONTROL_PLANE:
        binaries.ensure(listener)
    return twin.start()


def kubeconfig(site: Site) -> str:
    """What kubectl needs to reach the environment's cluster; it is a secret.

    Raises:
        BadInput: the environment's stack is not up, or the cluster is somebody else's.
    """
    if site.twin is not None and (path := kubernetes.kubeconfig(site.twin.folder)) is not None:
        return path.read_text(encoding="utf-8")
    outputs = (
        json.loads(site.stack.call("stack", "output", "--json", "--show-secrets")) if exists(site) else {}
    )
    if "kubeconfig" not in outputs:
        name = site.environment.home
        hint = f"bring it up first: mlcluster up {name}; an existing cluster's kubeconfig is your own"
        raise BadInput([Problem("environment", name, "hands out no kubeconfig", hint)])
    return str(outputs["kubeconfig"])


def up(site: Site, progress: Progress) -> Result:
    """Makes the environment what its file says.

    Raises:
        BadInput: one of its capacity blocks is over.
        Refusal: its control plane would skip a version of Kubernetes, or go back; or data that is protected
            would be lost; or its platform is not up; or it lacks teams that were never offboarded.
    """
    _still_possible(site)
    return run.up(site.stack, progress)


def preview(site: Site, progress: Progress) -> Result:
    """Says what `up` would change, or refuses as it would."""
    _still_possible(site)
    return run.preview(site.stack, progress)


def refresh(site: Site, progress: Progress) -> Result:
    """Looks for what changed behind Pulumi's back."""
    return run.refresh(site.stack, progress)


def down(site: Site, progress: Progress) -> tuple[Result, tuple[Leftover, ...]]:
    """Takes the environment down and looks for what is left of it.

    Returns:
        What was done, and what still carries the environment's name afterwards.

    Raises:
        Refusal: its control plane is protected, and its file no longer says so; or stacks of its teams are
            still up.
        Failure: EKS keeps on protecting it.
    """
    guards.no_teams_elsewhere(site.environment, teams_elsewhere(site))
    _unprotect(site)
    result = run.down(site.stack, progress)
    found = on_twin(site.twin, site.environment) if site.twin else at_aws(site.environment)
    return result, found


def _still_possible(site: Site) -> None:
    """Refuses what was right when the file was written, and is not today or from where the stack is."""
    environment = site.environment
    if environment.teams_of is not None:
        platform = run.outputs_in(site.stack.state(environment.teams_of))
        guards.platform_stands(environment, platform)
    elif over := list(ended(environment, datetime.now(UTC))):
        raise BadInput(over)
    state = site.stack.state()
    _upgrade_possible(environment, state)
    offboarding.refuse(environment, offboarding.gone(environment, state))
    _nothing_lost(site, state)


def farewell(site: Site) -> tuple[str, ...]:
    """What `up` says of teams that have left the file, and of what stays of them."""
    return offboarding.farewell(site.environment, offboarding.gone(site.environment, site.stack.state()))


def teams_elsewhere(site: Site) -> tuple[str, ...]:
    """Names of the stacks with teams of the environment that are up, by what they tell themselves."""
    if site.environment.cluster is None or site.environment.teams_of is not None:
        return ()
    name = site.environment.name
    told = {other: run.outputs_in(site.stack.state(other)) for other in site.stack.others()}
    return tuple(sorted(other for other, outputs in told.items() if outputs.get("teams_of") == name))


def _upgrade_possible(environment: Environment, state: run.State) -> None:
    ours = environment.cluster is not None and environment.teams_of is None
    if environment.platform == "aws" and ours:
        there = control_plane(state)
        guards.one_step(environment, None if there is None else there.version)


def _nothing_lost(site: Site, state: run.State) -> None:
    environment = site.environment
    files, limits, pools = shrinking.file_systems(state), growing.there(state), brokers.there(state)
    kept = (*keeping.protected(state), *(files if environment.lifetime.protect else ()))
    if kept or files or limits or pools:
        planned = previewed(environment, site.root)
        keeping.refuse(environment.name, keeping.lost(kept, planned, str(environment.region)))
        shrinking.refuse(environment.name, shrinking.shrunk(files, planned))
        growing.refuse(environment.name, growing.shrunk(limits, planned))
        brokers.refuse(environment.name, brokers.going(pools, planned, environment))


def _unprotect(site: Site) -> None:
    """Lets EKS delete a control plane that the file still protects: who came this far has typed its name."""
    there = control_plane(site.stack.state())
    if there is None:
        return
    guards.protected_as_written(site.environment, there.protected)
    if there.protected:
        protection.lift(there, _eks(site))


def _eks(site: Site) -> Any:
    import boto3

    if site.twin is None:
        return boto3.client("eks", region_name=site.environment.region)
    there = site.twin.start().aws_environment(str(site.environment.account))
    return boto3.client(
        "eks",
        region_name=site.environment.region,
        endpoint_url=there["AWS_ENDPOINT_URL"],
        aws_access_key_id=there["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=there["AWS_SECRET_ACCESS_KEY"],
    )


def exists(site: Site) -> bool:
    """Whether the environment's stack has resources."""
    return bool((site.stack.state() or {}).get("resources"))


def simulated(plan: Plan, result: Result) -> Timeline:
    """How long the real thing would take for what a run did: it makes first, then deletes what was replaced.

    Args:
        plan: of the environment as it is now, which knows what depends on what.
        result: of a run on the twin.
    """
    making = timeline(_touched(plan, result, _CREATED), "up")
    removing = timeline(_touched(plan, result, _DELETED), "down")
    return Timeline(
        seconds=making.seconds + removing.seconds,
        spans=making.spans,
        critical_path=making.critical_path + removing.critical_path,
    )


def _touched(plan: Plan, result: Result, kinds: frozenset[str]) -> list[RecordedResource]:
    """What some kinds of operation were done on; of what left the plan, the little that is known."""
    known = {resource.urn: resource for resource in plan.resources}
    return [
        known.get(operation.urn)
        or RecordedResource(urn=operation.urn, type=operation.type, name=operation.urn.rpartition("::")[2])
        for operation in result.operations
        if operation.op in kinds
    ]
