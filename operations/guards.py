"""Guards: what must not happen by accident is refused before anything is changed. Failures are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra.environment import Environment
from infra.environment.section import dotted
from operations.cost import Cost


class Failure(Exception):
    """Something outside this program did not work; the message says what, why and what to do."""


class Refusal(Exception):
    """A guard said no: nothing was changed.

    Args:
        why: what would have happened.
        hint: what to do instead.
    """

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


def within_budget(environment: Environment, cost: Cost) -> None:
    """Refuses an environment that costs more idle than its budget allows in use.

    Raises:
        Refusal: the floor (every pool at its minimum) is above ``budget.monthly``.
    """
    if environment.budget is None or cost.idle_month <= environment.budget.monthly:
        return
    raise Refusal(
        f"{environment.name} costs ${cost.idle_month:,.0f} a month with every pool at its minimum; "
        f"its budget is ${environment.budget.monthly:,.0f}",
        "lower pools.*.min, or raise budget.monthly in the environment file",
    )


_KEEPING: Final = {
    "lake": "a data lake",
    "registry": "container images",
    "catalog": "a catalog of tables",
    "ceph": "Ceph with all that is on it",
}
"""Sections of `storage` that say whether their data is kept, and what that is."""
_FILES: Final = ("lustre", "shared")
"""Mappings in `storage` of file systems, each of which says so."""
_KAFKA: Final = "Kafka with all that is in it"


def keeps_no_data(environment: Environment) -> None:
    """Refuses to take down a stack whose data was asked to be kept.

    Raises:
        Refusal: the stack holds a store, Kafka, topics or Postgres with ``keep: retain``.
    """
    kept = {**_stores(environment), **_streams(environment), **_databases(environment)}
    if not kept:
        return
    paths, told = ", ".join(kept), ", ".join(dict.fromkeys(kept.values()))
    raise Refusal(
        f"{environment.name} holds {told} that its file says to keep ({paths}: retain)",
        f"to delete the data for good: set {paths} to destroy, "
        f"run `mlcluster up {environment.name}`, then `mlcluster down {environment.name}`",
    )


def _stores(environment: Environment) -> dict[str, str]:
    """Stores whose data is kept, by the path that says so; of a stack of teams, the platform has them."""
    if environment.teams_of is not None:
        return {}
    storage = environment.storage
    sections: dict[tuple[str, ...], Any] = {(name,): getattr(storage, name) for name in _KEEPING}
    for kind in _FILES:
        sections |= {(kind, name): one for name, one in getattr(storage, kind).items()}
    return {
        f"storage.{'.'.join(path)}.keep": _KEEPING[path[0]]
        if len(path) == 1
        else f"the file system {path[1]}"
        for path, section in sections.items()
        if section is not None and section.keep == "retain"
    }


def _streams(environment: Environment) -> dict[str, str]:
    """Kafka and topics that are kept, as far as this stack has them, by the path that says so."""
    kafka, is_platform = environment.kafka, environment.teams_of is None
    if kafka is None:
        return {}
    kept = {"kafka.keep": _KAFKA} if is_platform and kafka.keep == "retain" else {}
    for name, topic in kafka.topics.items():
        here = is_platform if topic.team is None else topic.team in environment.teams
        if here and kafka.kept(topic):
            path = "kafka.keep" if topic.keep is None else dotted(("kafka", "topics", name, "keep"))
            kept.setdefault(path, "topics")
    return kept


def _databases(environment: Environment) -> dict[str, str]:
    """Postgres that is kept; of a stack of teams, the platform has it."""
    postgres = environment.postgres
    if postgres is None or postgres.keep != "retain" or environment.teams_of is not None:
        return {}
    return {"postgres.keep": "Postgres with all databases of services"}


def named(environment: Environment, typed: str | None) -> None:
    """Refuses to take down a protected environment unless its name was typed.

    Args:
        environment: what is to be taken down.
        typed: what the person typed when asked, or gave by ``--name``; None when nobody could be asked.

    Raises:
        Refusal: the environment is protected and the name does not match.
    """
    if not environment.lifetime.protect or typed == environment.name:
        return
    given = "no name was typed" if typed is None else f"{typed!r} was typed"
    raise Refusal(
        f"{environment.name} is protected (lifetime.protect: true) and {given}",
        f"type its name when asked, or give it: mlcluster down {environment.name} --name {environment.name}",
    )


def platform_stands(environment: Environment, outputs: Mapping[str, Any]) -> None:
    """Refuses to bring teams up in a cluster that is not there.

    Args:
        environment: a stack of teams.
        outputs: those of the platform's stack; empty where it is not up.

    Raises:
        Refusal: it is not up, or has been changed half-way.
    """
    if "namespaces" in outputs:
        return
    home = environment.home
    raise Refusal(
        f"{environment.name} has teams of {home}, which is not up", f"run `mlcluster up {home}` first"
    )


def no_teams_elsewhere(environment: Environment, stacks: Sequence[str]) -> None:
    """Refuses to take a cluster down from under the teams of other stacks.

    Args:
        environment: what is to be taken down.
        stacks: names of the stacks of its teams that are up.

    Raises:
        Refusal: there are such stacks.
    """
    if not stacks:
        return
    verb = "is" if len(stacks) == 1 else "are"
    raise Refusal(
        f"{', '.join(stacks)} with teams of {environment.name} {verb} still up",
        "take them down first: " + "; ".join(f"`mlcluster down {stack}`" for stack in stacks),
    )


def one_step(environment: Environment, deployed: str | None) -> None:
    """Refuses to move a control plane by more than one minor version of Kubernetes, or back.

    EKS does neither: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html

    Args:
        environment: what is to be brought up.
        deployed: the version that its control plane has; None where there is none yet.

    Raises:
        Refusal: ``cluster.version`` is below the deployed one, or skips one.
    """
    wanted = None if environment.cluster is None else environment.cluster.version
    if wanted is None or deployed is None or 0 <= _minor(wanted) - _minor(deployed) <= 1:
        return
    name = environment.name
    if _minor(wanted) < _minor(deployed):
        raise Refusal(
            f"{name} runs Kubernetes {deployed}, and cluster.version is {wanted}: EKS never goes back",
            f'write cluster.version: "{deployed}", or take it down and bring it up anew',
        )
    following = f"1.{_minor(deployed) + 1}"
    raise Refusal(
        f"{name} runs Kubernetes {deployed}, and cluster.version is {wanted}: EKS takes one minor version "
        f"at a time, and {following} would be skipped",
        f'write cluster.version: "{following}", run `mlcluster up {name}`, and go on from there',
    )


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def protected_as_written(environment: Environment, protected: bool) -> None:
    """Refuses to take down a control plane that is still protected, though its file says it is not.

    Args:
        environment: what is to be taken down.
        protected: whether EKS refuses to delete its control plane.

    Raises:
        Refusal: somebody has taken ``lifetime.protect`` out of the file, and not brought it up since.
    """
    if not protected or environment.lifetime.protect:
        return
    name = environment.name
    raise Refusal(
        f"the control plane of {name} is protected: it was brought up with lifetime.protect: true",
        f"run `mlcluster up {name}` with the file as it is now, then `mlcluster down {name}`",
    )
