"""Teams that share a cluster, and what each may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import Field

from infra.environment.fields import Count, Different, Member, Usd, Within
from infra.environment.pools.sharing import Profile
from infra.environment.section import Section
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
    cpu: Annotated[Cpu, Within(Cpu("1m"))]
    """vCPUs that it may use at once."""
    memory: Annotated[ByteSize, Within(ByteSize("1MiB"))]
    """Memory that it may use at once."""
    shares: Shares = Shares()
    """How GPUs, their instances, vCPUs and memory are divided over the phases. Default: half for training, a
    quarter each for exploration and serving. A team whose one job takes nearly all GPUs gives nearly all to
    training."""
    budget: Usd | None = None
    """What it means to spend, USD a month. Default: no limit of its own."""

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
        wholes = (self.gpus, self.cpu.millis, self.memory)
        gpus, millis, memory = (_divide(whole, self.shares) for whole in wholes)
        mig = {profile: _divide(whole, self.shares) for profile, whole in self.mig.items()}
        return {
            phase: Quota(
                gpus[phase],
                Cpu(f"{millis[phase]}m"),
                ByteSize(memory[phase]),
                {profile: parts[phase] for profile, parts in mig.items()},
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
