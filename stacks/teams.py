"""Teams, and all that each of them consists of, in whichever stack they are."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.tenancy.budget import TeamBudget, TeamBudgetArgs
from components.tenancy.members import Members, MembersArgs, entries
from components.tenancy.team import LakeAccess, Team, TeamArgs
from infra.environment import Environment
from infra.environment.pools.devices import devices
from infra.handles import TeamSpace
from stacks import data_plane, edge, files, mesh, observability, services, wiring
from stacks.ground import Ground, Services


def deploy(ground: Ground, offered: Services, systems: files.Systems) -> dict[str, TeamSpace]:
    """The teams of an environment's own file.

    Args:
        ground: What they stand on; its handles may be those of another stack.
        offered: The services that they have their part of.
        systems: The file systems that they mount.

    Returns:
        Where each is.
    """
    env, opts = ground.env, ground.opts
    _members(ground)
    standing = (*offered.ready, *services.before_teams(ground, offered))
    spaces = _spaces(ground, (*ground.after, *ground.edge.ready, *ground.web.ready, *standing))
    observability.reach(env, spaces, opts)
    services.teams(ground, offered, spaces)
    edge.team_secrets(env, ground.edge, spaces, opts)
    mesh.policies(env, ground.web, spaces, opts)
    files.volumes(env, systems, ground.lake, spaces, opts)
    data_plane.ways_into_the_lake(env, ground.lake, spaces, ground.after, opts)
    _budgets(ground)
    return spaces


def namespaces(spaces: Mapping[str, TeamSpace]) -> dict[str, list[str]]:
    """The namespaces of each team, for a stack's outputs."""
    return {name: list(space.namespaces) for name, space in spaces.items()}


def _members(ground: Ground) -> None:
    """Lets those in who enter by IAM."""
    if ground.cluster is not None and entries(ground.env.teams):
        args = MembersArgs(scope=ground.env.scope, cluster=ground.cluster, teams=ground.env.teams)
        Members("members", args, ground.cloud)


def _spaces(ground: Ground, after: tuple[pulumi.Resource, ...]) -> dict[str, TeamSpace]:
    """A place for each team."""
    env, there, lake = ground.env, devices(ground.env.pools.values()), _lake_access(ground)
    membership = mesh.membership(env)
    teams = {
        name: Team(
            name,
            TeamArgs(
                scope=env.scope, name=name, team=team, devices=there, mesh=membership, lake=lake, after=after
            ),
            ground.opts,
        )
        for name, team in env.teams.items()
    }
    return {name: TeamSpace(namespaces=team.namespaces, ready=(team,)) for name, team in teams.items()}


def _lake_access(ground: Ground) -> LakeAccess | None:
    """What lets teams' pods into a lake on S3."""
    if ground.cluster is None or ground.lake is None:
        return None
    return LakeAccess(
        place=wiring.place_of(ground.env),
        cluster=ground.cluster,
        lake=ground.lake,
        mounts=tuple(ground.env.storage.mounts.values()),
    )


def _budgets(ground: Ground) -> None:
    """The budgets of teams at AWS, of those that somebody hears of."""
    for name, team in ground.env.teams.items():
        notify = told_of(ground.env, name)
        if ground.cloud is not None and team.budget is not None and notify:
            args = TeamBudgetArgs(scope=ground.env.scope, team=name, monthly=team.budget, notify=notify)
            TeamBudget(f"budget-{name}", args, ground.cloud)


def told_of(env: Environment, team: str) -> tuple[str, ...]:
    """Who is told when a team has spent its budget."""
    return env.teams[team].notify or (() if env.budget is None else env.budget.notify)
