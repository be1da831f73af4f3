"""What an environment will be, told without engine and network: its resources, minutes and dollars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from infra.environment import Environment, find, load
from infra.resources import RecordedResource
from operations.cost import Cost, cost
from operations.recorder import record
from operations.schedule import Timeline, timeline


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An environment as the program describes it, with what it will take and cost."""

    environment: Environment
    resources: tuple[RecordedResource, ...]
    outputs: Mapping[str, Any]
    up: Timeline
    down: Timeline
    cost: Cost

    @property
    def counts(self) -> Counter[str]:
        """How many resources there are of each type, components left out."""
        return Counter(resource.type for resource in self.resources if resource.custom)


def plan(environment: Environment, root: Path, on: date | None = None) -> Plan:
    """Plan an environment; the stack that it refers to is recorded first, for its outputs.

    Args:
        environment: what to plan.
        root: the project whose ``stacks/`` folder holds that stack's file.
        on: the day whose prices count, because old Kubernetes versions get dearer; None: the catalog's own.

    Raises:
        BadInput: the data stack's file is missing or wrong.
    """
    recording = record(environment, references=references(environment, root))
    return Plan(
        environment=environment,
        resources=recording.resources,
        outputs=recording.outputs,
        up=timeline(recording.resources, "up"),
        down=timeline(recording.resources, "down"),
        cost=cost(recording.resources, environment, on),
    )


def previewed(environment: Environment, root: Path) -> tuple[RecordedResource, ...]:
    """What an environment asks for, as the engine's preview sees it: what only exists later is unknown.

    Raises:
        BadInput: the data stack's file is missing or wrong.
    """
    return record(environment, preview=True, references=references(environment, root)).resources


def references(environment: Environment, root: Path) -> dict[str, Mapping[str, Any]]:
    """The outputs of the stack that an environment's program reads, by its name: as they would be.

    Raises:
        BadInput: the file of that stack is missing or wrong.
    """
    name = environment.teams_of or environment.data
    if name is None:
        return {}
    other = load(find(name, root))
    return {name: record(other, references=references(other, root)).outputs}


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class ResourceDocument(_Document):
    """One resource."""

    urn: str
    type: str
    name: str
    parent: str | None = Field(description="URN of the parent; null for the stack itself.")
    dependencies: list[str] = Field(description="URNs that must exist first.")
    inputs: dict[str, Any] = Field(description="The provider's own spelling; secrets are '[secret]'.")


class StepDocument(_Document):
    """One resource on the critical path."""

    urn: str
    type: str
    name: str
    seconds: float = Field(description="How long the catalog says that creating it takes.")


class MinutesDocument(_Document):
    """Simulated minutes, by the latencies of infra/catalog/latencies.yaml."""

    up: float
    critical_path: list[StepDocument] = Field(description="The chain that decides how long `up` takes.")
    down: float


class CostDocument(_Document):
    """US dollars, list prices in us-east-1."""

    hour: float = Field(description="Per hour, every pool at its maximum: the ceiling.")
    month: float = Field(description="Per month of 730 hours, every pool at its maximum: the ceiling.")
    idle_month: float = Field(
        description="Per month, every pool at its minimum: what it costs when nobody uses it."
    )
    unpriced: list[str] = Field(description="Types that cost money and are not in the sums.")


class PlanDocument(_Document):
    """What `mlcluster plan ENV --json` prints. Keys are only ever added."""

    environment: str
    resources: list[ResourceDocument]
    minutes: MinutesDocument
    cost: CostDocument


def document(plan: Plan) -> PlanDocument:
    """A plan in the form that other tools build on."""
    return PlanDocument(
        environment=plan.environment.name,
        resources=[
            ResourceDocument(
                urn=resource.urn,
                type=resource.type,
                name=resource.name,
                parent=resource.parent,
                dependencies=list(resource.dependencies),
                inputs=dict(resource.inputs),
            )
            for resource in plan.resources
        ],
        minutes=MinutesDocument(
            up=round(plan.up.minutes, 2),
            critical_path=[
                StepDocument(urn=step.urn, type=step.type, name=step.name, seconds=step.seconds)
                for step in plan.up.critical_path
            ],
            down=round(plan.down.minutes, 2),
        ),
        cost=CostDocument(
            hour=round(plan.cost.hour, 4),
            month=round(plan.cost.month, 2),
            idle_month=round(plan.cost.idle_month, 2),
            unpriced=list(plan.cost.unpriced),
        ),
    )
