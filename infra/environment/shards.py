"""Stacks of teams: files of their own for teams of an environment that has many.

Such a file says whose teams they are and who they are. All else is the environment's, whose file lies beside
it, so that what is said of a cluster is said in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from infra.environment.model import Environment
from infra.environment.teams import PHASES, Team
from infra.problems import ABSENT, Problem

SECTION: Final = "mlcluster:environment"
"""The key under `config` that holds the environment."""

OWN: Final = ("name", "region", "owner", "account", "state", "teams_of", "teams")
"""What a file of teams says itself."""

_QUICK: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML was built with it."""

Others = Mapping[str, Mapping[str, Team]]


def clusters(folder: Path) -> tuple[str, ...]:
    """Names of the environments that have a cluster, by the files in a folder."""
    return tuple(name for name, file in _files(folder) if file.cluster)


def no_cluster(name: str, asking: str, folder: Path | None) -> str:
    """Why teams cannot be those of an environment that is not among `clusters`."""
    file = {} if folder is None else dict(_files(folder))
    if name == asking:
        return "is this very stack"
    if name not in file:
        return "does not exist"
    if file[name].teams_of:
        return f"is itself a stack of teams, those of {file[name].teams_of}"
    return "has no cluster"


def beside(home: str, name: str, folder: Path) -> Others:
    """The teams that other stacks have in a cluster, by stack, as the files in a folder have them.

    What is wrong in those files is left out; it is told by whoever loads them.

    Args:
        home: The environment whose cluster it is.
        name: The stack whose own teams are left out.
        folder: Where the files of stacks are.
    """
    return {
        stack: file.teams
        for stack, file in _files(folder)
        if stack != name and file.teams and home in {stack, file.teams_of}
    }


class _File(NamedTuple):
    """What a file says of teams."""

    teams_of: str | None = None
    cluster: bool = False
    """Whether it says a cluster."""
    teams: Mapping[str, Team] = {}


def _files(folder: Path) -> Iterator[tuple[str, _File]]:
    """The files of stacks in a folder, by the stacks' names."""
    names = {path.name[len("Pulumi.") : -len(".yaml")]: path for path in folder.glob("Pulumi.?*.yaml")}
    for name, path in sorted(names.items()):
        status = path.stat()
        yield name, _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read(path: Path, _changed: int, _size: int) -> _File:
    """What a file says; read anew when it has changed.

    By the quick reader, for there may be many files, and nobody is told of their lines.
    """
    try:
        data = yaml.load(path.read_bytes(), Loader=_QUICK)  # noqa: S506 - it is a safe one
        section = data["config"][SECTION]
        given = (section.get("teams") or {}).items()
        teams = {name: team for name, one in given for team in _team(one)}
        return _File(section.get("teams_of"), "cluster" in section, teams)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return _File()


def _team(given: Any) -> Iterator[Team]:
    try:
        yield Team.model_validate(given)
    except ValidationError:
        return


def composed(own: Environment, platform: Environment, others: Others) -> Environment:
    """The environment as its teams have it: their own file's words, and the platform's for all else."""
    said: dict[str, Any] = {field: getattr(own, field) for field in OWN}
    return platform.model_copy(update={**said, "others": others})


def not_its_own(section: Mapping[str, Any]) -> Iterator[Problem]:
    """What a file of teams says that is not its to say."""
    platform = section["teams_of"]
    for field in Environment.model_fields:
        if field in section and field not in OWN:
            hint = f"write it in Pulumi.{platform}.yaml, or remove it"
            yield Problem(field, ABSENT, f"is {platform}'s, and these are but teams of it", hint)


def apart(own: Environment, platform: Environment) -> Iterator[Problem]:
    """Where a file of teams is about another place than the environment whose teams they are."""
    home = platform.name
    for path, mine, theirs in (
        ("aws:region", own.region, platform.region),
        ("account", own.account, platform.account),
    ):
        if mine != theirs:
            hint = f"write {theirs}" if theirs else "remove it"
            said = "is missing" if mine is None else f"is not {home}'s"
            yield Problem(path, ABSENT if mine is None else mine, f"{said}, which is {theirs}", hint)
    here, there = own.state_place, platform.state_place
    if (here and here.url) != (there and there.url):
        where = there.url if there else "where Pulumi is logged in to"
        message = f"is elsewhere than {home}'s ({where}), whose outputs could not be read"
        yield Problem("state", ABSENT, message, f"write state as Pulumi.{home}.yaml has it")


STACK: Final = 600
"""Resources that a stack of teams stays below: what the engine does grows with the square of a stack."""
_AROUND: Final = 20
"""Resources of a stack of teams that are there once: providers, and what holds the parts together."""


def of_a_team(environment: Environment) -> int:
    """About how many resources there are for each team of an environment."""
    storage, at_aws = environment.storage, environment.platform == "aws"
    of_phases = (
        9,  # namespace, quota, limits, three network policies, role, binding, service account
        2 if environment.mesh is not None else 0,
        1 if environment.mesh is not None and environment.mesh.mode == "ambient" else 0,
        1 if environment.monitoring is not None else 0,
        0 if environment.secrets is None else 2 if at_aws else 1,
        *(2 + 2 * len(lustre.link) for lustre in storage.lustre.values()),
        2 * len(storage.mounts),
        2 if environment.kafka is not None else 0,  # its password, and the way out to brokers
        3 if storage.ceph is not None and "objects" in storage.ceph.offers else 0,
    )
    once = (
        3,  # what holds the parts together
        5 if at_aws and (environment.data is not None or storage.lake is not None) else 0,
        2 if at_aws else 0,  # its budget
        6 if environment.kafka is not None else 0,  # its user, and who copies the password
        len(storage.shared),
        1 if storage.backup is not None else 0,
    )
    return len(PHASES) * sum(of_phases) + sum(once) + _of_services(environment)


def _of_services(environment: Environment) -> int:
    """About how many resources each team has of services of data."""
    kafka = environment.kafka
    made = (
        0 if kafka is None else 5 if kafka.managed is not None else 14,
        16 if environment.spark is not None else 0,
        21 if environment.pipelines is not None else 0,
    )
    return sum(made) + (4 if any(made) else 0)  # and where they are told of all that


def room(environment: Environment) -> int:
    """How many teams a stack of them has room for."""
    return (STACK - _AROUND) // of_a_team(environment)
