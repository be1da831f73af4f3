"""Teams of one cluster that are in several stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment import shards
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem


def _names(environment: Environment) -> Iterator[Problem]:
    """A team is in one stack: two would make the same namespaces."""
    for stack, teams in environment.others.items():
        for name in environment.teams:
            if name in teams:
                hint = "give it another name, or remove it from one of the files"
                yield Problem(dotted(("teams", name)), ABSENT, f"is a team of {stack} too", hint)


def _principals(environment: Environment) -> Iterator[Problem]:
    """EKS takes one access entry for an IAM role or user, which one stack makes.

    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    elsewhere = {
        member: (stack, name)
        for stack, teams in environment.others.items()
        for name, team in teams.items()
        for member in team.principals
    }
    for name, team in environment.teams.items():
        for number, member in enumerate(team.members):
            stack, other = elsewhere.get(member, ("", name))
            if other != name:
                message = f"is a member of {other} in {stack} too, and EKS knows nobody twice"
                hint = f"have {name} and {other} in one file, or give one of them a role of its own"
                yield Problem(dotted(("teams", name, "members", number)), member, message, hint)


def _size(environment: Environment) -> Iterator[Problem]:
    """A stack of teams stays as small as the engine likes it."""
    count, room = len(environment.teams), shards.room(environment)
    if environment.teams_of is not None and count > room:
        message = (
            f"are {count}, about {shards.of_a_team(environment)} resources each, "
            f"and a stack of them is to stay below {shards.STACK}"
        )
        hint = f"leave {room} of them here, and write the others into further files"
        yield Problem("teams", ABSENT, message, hint)


CHECKS: Final = (
    check(_names, "teams"),
    check(_principals, "teams"),
    check(_size, "teams"),
)
