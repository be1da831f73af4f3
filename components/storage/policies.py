"""Who may do what with a lake's buckets, and how long they keep what."""

from __future__ import annotations

from typing import Any, Final

from infra import iam
from infra.environment.storage.lake import Lake, Zone

ABANDONED_UPLOAD_DAYS: Final = 7
"""Parts of an upload that was never finished cost money and are shown by no listing."""


def tls_only(bucket_arn: str) -> str:
    """A bucket policy that refuses whatever comes unencrypted.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit
    """
    return iam.document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def lifecycle(lake: Lake, zone: Zone) -> list[dict[str, Any]]:
    """The lifecycle rules of a bucket: tiers for what is old, an end for what nobody reads any more.

    The archive is GLACIER_IR, which is read in milliseconds like the others: no reader needs to know of it.
    What is deleted before it would change its tier does not change it: S3 refuses such rules.
    """
    end = lake.expire.get(zone)
    ages = {"STANDARD_IA": lake.infrequent_after, "GLACIER_IR": lake.archive_after}
    tiers = [
        {"storage_class": storage, "days": age.days}
        for storage, age in ages.items()
        if age is not None and (end is None or age < end)
    ]
    everything: dict[str, Any] = {"status": "Enabled", "filter": {"prefix": ""}}
    expiry = [] if end is None else [{**everything, "id": "expiry", "expiration": {"days": end.days}}]
    return [
        *([{**everything, "id": "tiers", "transitions": tiers}] if tiers else []),
        *expiry,
        {
            **everything,
            "id": "noncurrent",
            "noncurrent_version_expiration": {"noncurrent_days": lake.noncurrent_expire.days},
            "expiration": {"expired_object_delete_marker": True},
        },
        {
            **everything,
            "id": "abandoned-uploads",
            "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
        },
    ]


def lock_days(lake: Lake, zone: Zone) -> int | None:
    """Days for which new versions in a zone cannot be deleted; None: they can."""
    return lake.lock_models.days if zone == "models" and lake.lock_models is not None else None
