"""What is known of a cluster that somebody else made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.fields import Count, Within
from infra.environment.section import Section
from infra.units import ByteSize, Cpu


class Nodes(Section):
    """Nodes of an existing cluster that are alike. Nothing is made of them: quotas are held against them."""

    count: Annotated[Count, Field(ge=1)]
    """How many there are."""
    gpus: Count = 0
    """GPUs of each."""
    cpu: Annotated[Cpu, Within(Cpu("1m"))]
    """vCPUs that pods can have on each: `status.allocatable.cpu` of the node."""
    memory: Annotated[ByteSize, Within(ByteSize("1MiB"))]
    """Memory that pods can have on each: `status.allocatable.memory` of the node."""
