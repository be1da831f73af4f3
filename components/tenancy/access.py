"""A team's way to its part of the lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra import iam
from infra.places import Place

SERVICE_ACCOUNT: Final = "workload"
"""The service account, in each of the team's namespaces, whose pods get the team's rights at AWS."""


def prefix(team: str) -> str:
    """The part of each bucket that is the team's."""
    return f"teams/{team}/"


def lake_policy(place: Place, team: str, buckets: Mapping[str, str], key_arn: str) -> str:
    """What a team may do with the lake: read, write and delete under its prefix, and see nothing else.

    The key may be used through S3 only, so it opens nothing that S3 does not hand out anyway.

    Args:
        place: Where the lake is.
        team: The team's name.
        buckets: Bucket names by zone.
        key_arn: The key that the buckets are encrypted with.
    """
    arns = [place.bucket(name) for name in buckets.values()]
    return iam.document(
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": arns,
            "Condition": {"StringLike": {"s3:prefix": [prefix(team).rstrip("/"), f"{prefix(team)}*"]}},
        },
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": [f"{arn}/{prefix(team)}*" for arn in arns],
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
        },
    )
