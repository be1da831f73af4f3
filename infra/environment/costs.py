"""What is spent, and by whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.environment.section import Section

Rate = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class Rates(Section):
    """What a cluster on one's own machines costs, USD."""

    cpu: Rate
    """A vCPU and hour."""
    memory: Rate
    """A GiB of memory and hour."""
    gpu: Rate
    """A GPU and hour."""
    storage: Rate
    """A GiB of volumes and hour."""


class Costs(Section):
    """OpenCost: what namespaces, and so teams, cost. Needs `monitoring`."""

    prices: Literal["catalog", "aws"] | None = None
    """Where prices of nodes are from on platform `aws`: `catalog`, the on-demand prices of us-east-1 that
    this library estimates by, which needs no way out of the cluster; `aws`, the region's own, downloaded from
    AWS. Default: `catalog`."""
    rates: Rates | None = None
    """What a cluster on one's own machines costs. Required on, and only for, platform `kubernetes`."""
