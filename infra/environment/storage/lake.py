"""The data lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Days, Different, Flag, Region, Within
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import DAY, Duration

LAKE_ZONES: Final = ("raw", "curated", "features", "models")
"""The lake's zones, a bucket each, in the order in which data is refined."""

Zone = Literal["raw", "curated", "features", "models"]

_LONGEST_LOCK = Duration(f"{100 * 365}d")
"""S3 locks for at most a hundred years:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"""

_LEAST_IN_TIER = 30 * DAY
"""S3 moves nothing to STANDARD_IA before 30 days, and from there on nothing before 30 days more:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""


class Replication(Section):
    """A second copy of some zones in another region."""

    region: Region
    """The other region, of the same partition of AWS."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1), Different] = ("curated", "models")
    """Zones that are copied, each to a bucket of its own with a key of its own. What was there before is not:
    S3 copies what is written from then on."""
    deletes: Flag = True
    """Whether what is deleted here is deleted there too; its versions stay there as long as here
    (`noncurrent_expire`). Deletions of versions and by age are never copied."""
    in_time: Flag = False
    """Whether S3 guarantees the copy within 15 minutes and measures it (Replication Time Control), for a
    charge by GB."""


class Lake(Section):
    """The data lake: object storage in the zones raw, curated, features and models."""

    keep: Literal["retain", "destroy"] = "retain"
    """What `down` does with the data: `retain` leaves the buckets behind, `destroy` empties and deletes
    them."""
    infrequent_after: Annotated[Days, Within(Duration("30d"))] = Duration("30d")
    """Age at which objects move to S3's infrequent-access tier: whole days, at least 30d."""
    archive_after: Days | None = Duration("90d")
    """Age at which objects move to S3's archive (Glacier): whole days, at least 30d after `infrequent_after`.
    `null`: never."""
    noncurrent_expire: Days = Duration("30d")
    """How long overwritten and deleted versions are kept: whole days."""
    expire: Mapping[Zone, Days] = {}
    """Age at which the objects of a zone are deleted: whole days. Default: never."""
    lock_models: Annotated[Days, Within(Duration("1d"), _LONGEST_LOCK)] | None = None
    """How long every version in the zone models cannot be overwritten or deleted, counted from its writing
    (S3 Object Lock, governance mode: only those with `s3:BypassGovernanceRetention` can). Only with `keep:
    retain`, and never taken off a bucket again. Default: not at all; old versions stay for
    `noncurrent_expire`."""
    replicate: Replication | None = None
    """The copy in another region. Default: none."""

    @field_validator("archive_after")
    @classmethod
    def _after_infrequent(cls, archive: Duration | None, info: ValidationInfo) -> Duration | None:
        earliest = Duration(info.data.get("infrequent_after", 0) + _LEAST_IN_TIER)
        if archive is not None and archive < earliest:
            raise Wrong("is too soon after infrequent_after", f"write at least {earliest}, or null for never")
        return archive

    @field_validator("lock_models")
    @classmethod
    def _only_what_is_kept(cls, lock: Duration | None, info: ValidationInfo) -> Duration | None:
        if lock is not None and info.data.get("keep") == "destroy":
            raise Wrong(
                "locks what keep: destroy would delete", "write keep: retain, or leave out lock_models"
            )
        return lock
