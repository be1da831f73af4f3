"""Mountpoint for S3: parts of the lake as folders, for programs that only read files."""

from __future__ import annotations

from typing import Annotated

from infra.environment.fields import Flag, Within
from infra.environment.section import Section
from infra.environment.storage.paths import LakePath
from infra.units import ByteSize


class Mount(Section):
    """A part of the lake that all teams' pods can mount, under the service account `workload`.

    It is S3 still: files are read in any order, but written once from start to end, and never renamed.
    """

    path: LakePath
    """Where in the lake: a zone and a prefix such as `curated/datasets`; `datasets` alone is in `curated`."""
    writable: Flag = False
    """Whether pods may add, overwrite and delete files."""
    cache: Annotated[ByteSize, Within(ByteSize("1GiB"), ByteSize("16TiB"))] | None = None
    """Size of the cache on each node's disk for what is read again: local NVMe where the node has it.
    Default: none."""
