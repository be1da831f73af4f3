"""What brokers may do in the lake."""

from __future__ import annotations

from infra import iam
from infra.places import Place


def prefix(environment: str) -> str:
    """The part of the lake's zone `raw` that holds an environment's old records."""
    return f"kafka/{environment}/"


def tiered(place: Place, bucket: str, key_arn: str, environment: str) -> str:
    """Reading, writing and deleting of old records, and of nothing else.

    Args:
        place: Where the lake is.
        bucket: The bucket of the zone.
        key_arn: The key that it is encrypted with.
        environment: Whose records.
    """
    arn = place.bucket(bucket)
    return iam.document(
        {
            "Sid": "Records",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": f"{arn}/{prefix(environment)}*",
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
        },
    )
