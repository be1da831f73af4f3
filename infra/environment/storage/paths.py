"""Places in the lake, as an environment file names them, and names of what is mounted."""

from __future__ import annotations

import re
from typing import Annotated, Final

from infra.environment.fields import Form
from infra.environment.storage.lake import LAKE_ZONES

DEFAULT_ZONE: Final = "curated"
"""Where data that is fit to work on lies, and so the zone of a path that names none."""

LakePath = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*",
        wrong="is not a path in the lake",
        hint="write zone and prefix without slashes at the ends, such as curated/datasets, or just datasets",
        example="curated/datasets",
        longest=256,
    ),
]
"""A zone of the lake, a prefix of one (``models/checkpoints``), or a prefix of the zone `curated`."""

VolumeName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for storage",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="scratch",
        longest=24,
    ),
]
"""The name of a file system, a mount or a storage class; claims are called after it."""


def placed(path: str) -> tuple[str, str]:
    """The zone of a path in the lake and the prefix in it, without a slash at its end; "": all of it."""
    zone, _, prefix = path.partition("/")
    return (zone, prefix) if zone in LAKE_ZONES else (DEFAULT_ZONE, path)


def slug(path: str) -> str:
    """A path as part of a name: ``curated/Data_1`` is ``curated-data-1``."""
    return re.sub("[^a-z0-9]+", "-", path.lower()).strip("-")
