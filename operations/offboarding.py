"""Teams that left an environment's file: with their namespaces would go the volumes in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.environment import Environment
from infra.environment.storage.lake import LAKE_ZONES
from infra.labels import LEAVING_LABEL, PHASE_LABEL, TEAM_LABEL
from infra.units import DAY
from operations.guards import Refusal

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"


def gone(environment: Environment, state: Mapping[str, Any] | None) -> dict[str, bool]:
    """The teams that a stack has and its file no longer: whether each was offboarded before."""
    found: dict[str, bool] = {}
    for resource in (state or {}).get("resources") or ():
        labels = (((resource.get("inputs") or {}).get("metadata")) or {}).get("labels") or {}
        team = str(labels.get(TEAM_LABEL))
        if resource["type"] != _NAMESPACE or resource.get("delete") or PHASE_LABEL not in labels:
            continue
        if team not in environment.teams:
            found[team] = found.get(team, True) and labels.get(LEAVING_LABEL) == "true"
    return found


def refuse(environment: Environment, left: Mapping[str, bool]) -> None:
    """Refuses to delete the namespaces of teams that have not been offboarded.

    Args:
        environment: what is to be brought up.
        left: from `gone`.

    Raises:
        Refusal: there are such teams.
    """
    names = [team for team, offboarded in left.items() if not offboarded]
    if not names:
        return
    what = f"teams.{names[0]}" if len(names) == 1 else "each of them"
    raise Refusal(
        f"{environment.name} has no {', '.join(names)} any more among its teams, and with their namespaces "
        "would go the volumes in them",
        f"put them back, write offboard: true in {what}, run `mlcluster up {environment.name}`, copy what is "
        "to stay of their volumes, and remove them after that",
    )


def kept(environment: Environment, team: str) -> Iterator[str]:
    """What stays of a team once it is removed, and where."""
    storage = environment.storage
    on_ceph = storage.ceph is not None and "objects" in storage.ceph.offers
    if environment.data is not None or storage.lake is not None or on_ceph:
        keeper = f"the stack {environment.data}" if environment.data is not None else environment.home
        yield f"teams/{team}/ in {', '.join(LAKE_ZONES)} of the lake that {keeper} keeps"
    for name in storage.lustre:
        yield f"teams/{team}/ in the file system {name} (storage.lustre.{name})"
    for name in storage.shared:
        yield f"its folders in the file system {name} (storage.shared.{name})"
    if storage.backup is not None:
        days = storage.backup.keep // DAY
        yield f"backups of its namespaces with their volumes, each for {days} days after it was taken"


def farewell(environment: Environment, left: Mapping[str, bool]) -> tuple[str, ...]:
    """What to say of teams that are removed, a line each."""
    return tuple(
        f"{team} goes with its namespaces and the volumes in them; kept: "
        + ("; ".join(kept(environment, team)) or "nothing")
        for team in left
    )
