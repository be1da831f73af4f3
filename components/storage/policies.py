"""Who may do what with a lake's buckets, and how long they keep what."""

from __future__ import annotations

from typing import Any, Final

from infra import iam
from infra.environment.storage.lake import Lake

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


def lifecycle(lake: Lake) -> list[dict[str, Any]]:
    """The lifecycle rules of a bucket: tiers for what is old, an end for what nobody reads any more.

    The archive is GLACIER_IR, which is read in milliseconds like the others: no reader needs to know of it.
    """
    tiers = [{"storage_class": "STANDARD_IA", "days": lake.infrequent_after.days}]
    if lake.archive_after is not None:
        tiers.append({"storage_class": "GLACIER_IR", "days": lake.archive_after.days})
    everything: dict[str, Any] = {"status": "Enabled", "filter": {"prefix": ""}}
    return [
        {**everything, "id": "tiers", "transitions": tiers},
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
