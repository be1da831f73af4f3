"""Datasets held near the compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from infra.environment.fields import Count, Form, LabelKey, LabelValue, TeamName, Within
from infra.environment.section import Section
from infra.units import ByteSize

DatasetName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a dataset",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="images",
        longest=32,
    ),
]
Prefix = Annotated[
    str,
    Form(
        pattern=r"([A-Za-z0-9_=.-]+/)*",
        wrong="is not a prefix",
        hint="write names that each end in a slash, such as images/2026/",
        example="images/2026/",
        longest=512,
    ),
]


class Dataset(Section):
    """A part of a team's lake that is cached."""

    team: TeamName
    """Whose part of the lake it is in, and whose pods may read it."""
    zone: Literal["raw", "curated", "features", "models"] = "curated"
    """Zone of the lake."""
    prefix: Prefix = ""
    """Where within the team's part of the zone; ends in a slash. Default: all of it."""
    workers: Annotated[Count, Field(ge=1, le=256)] = 1
    """Nodes that hold a part of it each."""
    size: Annotated[ByteSize, Within(ByteSize("1GiB"))]
    """What each worker holds."""
    medium: Literal["memory", "disk"] = "memory"
    """What workers hold it in: `memory`, or `disk`: the node's own."""
    nodes: Mapping[LabelKey, LabelValue] = {}
    """Labels of the nodes that workers are on, such as those with the GPUs. Default: any."""


class Cache(Section):
    """Datasets of the lake held near the compute by Fluid and Alluxio, each mounted by its name.

    For clusters with a lake on Ceph. On AWS a file system of `storage.lustre` linked to a prefix does this.
    """

    datasets: Annotated[Mapping[DatasetName, Dataset], Field(min_length=1)]
    """Datasets by name. A volume claim of that name is in each namespace of the team."""
