"""Teams that share a cluster, and what each may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from infra.environment.fields import Count, Different, Email, Flag, Member, Usd, Within
from infra.environment.pools.sharing import Profile
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import ByteSize, Cpu

Phase = Literal["exploration", "training", "serving"]
PHASES: Final[tuple[Phase, ...]] = ("exploration", "training", "serving")
"""Phases of work; a team has a namespace for each."""
Part = Annotated[Count, Field(ge=1, le=1000)]
"""A phase's share, in parts; at least 1: every phase has a namespace, which is of no use without quota."""


@dataclass(frozen=True)
class Quota:
    """What a namespace may ask for in total."""

    gpus: int
    cpu: Cpu
    memory: ByteSize
    mig: Mapping[str, int] = field(default_factory=dict)
    """GPU instances by their profile."""
    neurons: int = 0
    """Neuron devices."""

    @property
    def accelerators(self) -> int:
        """Accelerators of all kinds, and instances of them."""
        return self.gpus + self.neurons + sum(self.mig.values())


class Shares(Section):
    """How a team's quota is divided over the phases of its work, in parts of their sum."""

    exploration: Part = 1
    """Parts for looking around: notebooks, small experiments."""
    training: Part = 2
    """Parts for training."""
    serving: Part = 1
    """Parts for models at work."""


class Team(Section):
    """Who is in a team, and its share of the cluster over all phases of work."""

    members: Annotated[tuple[Member, ...], Field(min_length=1), Different]
    """Who is in it: groups of the identity provider, with its prefix (`cluster.oidc.groups_prefix`), and, on
    platform `aws`, ARNs of IAM roles and users."""
    gpus: Count = 0
    """GPUs that it may use at once."""
    mig: Mapping[Profile, Annotated[Count, Field(ge=1)]] = {}
    """GPU instances that it may use at once, by profile: `{1g.10gb: 4}`. Default: none, of whatever pools cut
    by MIG have; they do not count as `gpus`."""
    neurons: Count = 0
    """Neuron devices (Trainium, Inferentia) that it may use at once."""
    cpu: Annotated[Cpu, Within(Cpu("1m"))]
    """vCPUs that it may use at once."""
    memory: Annotated[ByteSize, Within(ByteSize("1MiB"))]
    """Memory that it may use at once."""
    shares: Shares = Shares()
    """How accelerators, vCPUs and memory are divided over the phases. Default: half for training, a
    quarter each for exploration and serving. A team whose one job takes nearly all GPUs gives nearly all to
    training."""
    budget: Usd | None = None
    """What it means to spend, USD a month; at AWS, of what carries its tag. Default: no limit of its own."""
    notify: Annotated[tuple[Email, ...], Field(max_length=10), Different] = ()
    """E-mail addresses that are told when `budget` runs out, at most 10. Default: those of the environment's
    `budget.notify`."""
    offboard: Flag = False
    """Whether it is leaving: its people and pods are shut out, its pods are stopped, and its data stays. Only
    after that may it be removed from the file."""

    @model_validator(mode="after")
    def _told_of_something(self) -> Team:
        if self.notify and self.budget is None:
            raise Wrong("says who is told (notify), and has no budget", "write budget, or remove notify")
        return self

    @property
    def principals(self) -> tuple[str, ...]:
        """The members that enter by IAM."""
        return tuple(member for member in self.members if member.startswith("arn:"))

    @property
    def groups(self) -> tuple[str, ...]:
        """The members that an identity provider names."""
        return tuple(member for member in self.members if not member.startswith("arn:"))

    def split(self) -> dict[Phase, Quota]:
        """The quota over the phases, after `shares`.

        What does not divide goes to the phases that would fall shortest, training before the others, so that
        the parts add up to the whole.
        """
        wholes = (self.gpus, self.neurons, self.cpu.millis, self.memory)
        gpus, neurons, millis, memory = (_divide(whole, self.shares) for whole in wholes)
        mig = {profile: _divide(whole, self.shares) for profile, whole in self.mig.items()}
        return {
            phase: Quota(
                gpus[phase],
                Cpu(f"{millis[phase]}m"),
                ByteSize(memory[phase]),
                {profile: parts[phase] for profile, parts in mig.items()},
                neurons[phase],
            )
            for phase in PHASES
        }


def _divide(whole: int, among: Shares) -> dict[Phase, int]:
    """`whole` in parts after the shares; the rest goes one by one to the largest fractions."""
    shares: dict[Phase, int] = {phase: getattr(among, phase) for phase in PHASES}
    total = sum(shares.values())
    parts = {phase: whole * share // total for phase, share in shares.items()}
    by_fraction = sorted(
        PHASES, key=lambda phase: (whole * shares[phase] % total, shares[phase]), reverse=True
    )
    for phase in by_fraction[: whole - sum(parts.values())]:
        parts[phase] += 1
    return parts
