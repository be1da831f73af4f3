"""The data lake."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ValidationInfo, field_validator

from infra.environment.fields import Days, Within
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import DAY, Duration

LAKE_ZONES: Final = ("raw", "curated", "features", "models")
"""The lake's zones, a bucket each, in the order in which data is refined."""

_LEAST_IN_TIER = 30 * DAY
"""S3 moves nothing to STANDARD_IA before 30 days, and from there on nothing before 30 days more:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""


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

    @field_validator("archive_after")
    @classmethod
    def _after_infrequent(cls, archive: Duration | None, info: ValidationInfo) -> Duration | None:
        earliest = Duration(info.data.get("infrequent_after", 0) + _LEAST_IN_TIER)
        if archive is not None and archive < earliest:
            raise Wrong("is too soon after infrequent_after", f"write at least {earliest}, or null for never")
        return archive
