"""How nodes are kept, replaced and prepared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from infra.environment.fields import Count, Flag, Within
from infra.environment.pools.portion import Portion, PortionOrNone
from infra.environment.schedules import Schedule
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import MINUTE, Duration

_MOST_AT_ONCE = 100
"""Nodes that EKS updates at the same time:
https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""


class Repair(Section):
    """Nodes found unhealthy are rebooted or replaced by EKS; `{}` is enough to have it.

    https://docs.aws.amazon.com/eks/latest/userguide/node-repair.html
    """

    at_once: Portion | None = None
    """How many are repaired at the same time: a number, or a percentage of the unhealthy ones. Default: what
    EKS thinks right."""
    stop_above: Portion | None = None
    """With more unhealthy nodes than this, nothing is repaired, for something else must be wrong. Default:
    EKS' own, 20% in groups of more than five nodes."""


class Warm(Section):
    """Instances that have booted already and wait, mostly stopped, until they are needed as nodes.

    https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
    """

    min: Count = 0
    """Instances that are always waiting."""
    prepared: Annotated[Count, Field(ge=1)] | None = None
    """Waiting and running ones together, at most. Default: the pool's `max`."""
    state: Literal["stopped", "running"] = "stopped"
    """`stopped` ones cost their disks only; `running` ones cost like nodes, and join faster."""
    reuse: Flag = False
    """Whether instances that are no longer needed wait again, rather than being terminated."""


class Update(Section):
    """How nodes are replaced when their image, version or template changes."""

    unavailable: Portion = Portion(25, percent=True)
    """How many may be away at the same time: a number of at most 100, or a percentage."""
    strategy: Literal["default", "minimal"] | None = None
    """`default`: new nodes stand before old ones go; `minimal`: old ones go first, where there is no capacity
    for both. Default: `minimal` for reserved capacity."""

    @field_validator("unavailable")
    @classmethod
    def _at_most(cls, portion: Portion) -> Portion:
        if not portion.percent and portion.amount > _MOST_AT_ONCE:
            raise Wrong(f"is above {_MOST_AT_ONCE}, the most that EKS does at once", "write a percentage")
        return portion


class DisruptionBudget(Section):
    """How many of a pool's nodes may be disrupted at once, always or at certain times."""

    nodes: PortionOrNone = PortionOrNone(10, percent=True)
    """A number, a percentage, or 0 for none at all."""
    schedule: Schedule | None = None
    """When it begins to hold, in UTC, as cron has it: minute, hour, day of the month, month, day of the week.
    Default: always."""
    lasts: Annotated[Duration, Within(Duration(MINUTE))] | None = None
    """For how long it holds from then on, in whole minutes; goes with `schedule`."""

    @field_validator("lasts")
    @classmethod
    def _in_minutes(cls, lasts: Duration | None) -> Duration | None:
        if lasts is not None and lasts % MINUTE:
            raise Wrong("is not a number of whole minutes", "write one such as 90m or 8h")
        return lasts

    @model_validator(mode="after")
    def _both_or_none(self) -> DisruptionBudget:
        if (self.schedule is None) != (self.lasts is None):
            given, lacking = ("schedule", "lasts") if self.schedule else ("lasts", "schedule")
            raise Wrong(f"has {given} and no {lacking}", f"write {lacking} too, or leave {given} out")
        return self


class Disruption(Section):
    """When Karpenter may take nodes away to save money or to replace them."""

    consolidate: Literal["empty", "underused"] = "underused"
    """`empty`: only nodes without pods; `underused`: also those whose pods fit elsewhere."""
    after: Duration = Duration("5m")
    """How long a node must have been so."""
    budgets: Annotated[tuple[DisruptionBudget, ...], Field(max_length=50)] = (DisruptionBudget(),)
    """How many at once; the strictest that holds counts."""
