"""Guards: what must not happen by accident is refused before anything is changed. Failures are told apart."""

from __future__ import annotations

from infra.environment import Environment
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


def keeps_no_data(environment: Environment) -> None:
    """Refuses to take down a stack whose data was asked to be kept.

    Raises:
        Refusal: the stack holds a lake with ``keep: retain``.
    """
    lake = environment.storage.lake
    if lake is None or lake.keep == "destroy":
        return
    raise Refusal(
        f"{environment.name} holds a data lake that its file says to keep (storage.lake.keep: retain)",
        "to delete the data for good: set storage.lake.keep to destroy, "
        f"run `mlcluster up {environment.name}`, then `mlcluster down {environment.name}`",
    )


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
