"""Pipelines of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from infra.environment.fields import Days, Form, TeamName, Within
from infra.environment.pipelines.delivery import Delivery
from infra.environment.section import Section
from infra.units import Duration

SemaphoreName = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a semaphore",
        hint="write small letters, digits and hyphens, such as train",
        example="train",
    ),
]
AtOnce = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Kept = Annotated[Duration, Within(Duration("1m"), Duration("90d"))]


class Keep(Section):
    """How long workflows stay in the cluster once they are done; how their pods fared goes with them."""

    succeeded: Kept = Duration("1d")
    """Those that succeeded: 1m to 90d."""
    failed: Kept = Duration("7d")
    """Those that failed, for people to look into: 1m to 90d."""


class Pipelines(Section):
    """Argo Workflows: steps in containers, one after the other or side by side, in the teams' namespaces.

    Steps run as their team's service account `workload`, and pass on what they make through the team's part
    of the lake. Members of a team may submit and see workflows in their own namespaces, and nowhere else.
    """

    parallelism: AtOnce = 200
    """Workflows that run at once in the whole environment; others wait."""
    team_parallelism: AtOnce = 40
    """Workflows that run at once in one namespace; others wait. At most `parallelism`."""
    keep: Keep = Keep()
    """How long workflows stay once they are done."""
    archive: Days | None = None
    """How long records of workflows are kept in Postgres after that: whole days. Needs the section
    `postgres`. Default: there are none."""
    semaphores: Mapping[TeamName, Mapping[SemaphoreName, AtOnce]] = {}
    """By team, how many holders its semaphores have at once in each of its namespaces: `{fraud: {train: 4}}`.
    Workflows name them in `synchronization`, with the ConfigMap `semaphores`. Default: every team has one
    called `train`, which trainings of the template `model-ci` hold, for 2."""
    delivery: Delivery | None = None
    """What brings to the cluster what is in teams' Git repositories. Default: nothing does."""
