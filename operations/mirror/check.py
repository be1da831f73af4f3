"""Whether an environment's mirror has what the environment needs, asked before anything is changed."""

from __future__ import annotations

from pathlib import Path

from infra.environment import Environment
from infra.problems import BadInput, Problem
from operations.mirror.needs import needs
from operations.mirror.registry import Helm, Unavailable, at_hand, lacking, problem_of
from operations.progress import Listener


class Unasked(Exception):
    """Nobody could find out; says why."""


def missing(environment: Environment, root: Path, helm: Helm) -> tuple[Problem, ...]:
    """A problem for each chart that the environment's mirror lacks; none without a mirror.

    Raises:
        Unasked: the mirror does not answer.
    """
    mirror = environment.mirror
    if mirror is None:
        return ()
    try:
        charts = {need.pin.name: need for need in needs(environment, root).charts}
        found = lacking(helm, charts.values(), mirror)
    except Unavailable as error:
        raise Unasked(f"{mirror} does not say what it has: {error}") from error
    hint = f"fill it from where there is a network: mlcluster mirror {environment.name} --to {mirror}"
    return tuple(
        Problem("mirror", mirror, f"lacks the chart {need.pin.name} {need.pin.version}", hint)
        for need in found
    )


def complete(environment: Environment, root: Path, listener: Listener | None = None) -> None:
    """Sees to it that a mirror has every chart.

    Raises:
        BadInput: it lacks some; each is a problem.
        Unasked: nobody could find out.
    """
    if environment.mirror is None:
        return
    try:
        helm = at_hand(listener)
    except BadInput as bad:
        raise Unasked(f"there is no Helm to ask the mirror with: {problem_of(bad)}") from bad
    found = missing(environment, root, helm)
    if found:
        raise BadInput(found)
