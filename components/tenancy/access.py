"""A team's way to its part of the lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra import iam
from infra.environment.storage.mounts import Mount
from infra.environment.storage.paths import placed
from infra.places import Place

SERVICE_ACCOUNT: Final = "workload"
"""The service account, in each of the team's namespaces, whose pods get the team's rights at AWS."""


_WRITES: Final = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def prefix(team: str) -> str:
    """The part of each bucket that is the team's."""
    return f"teams/{team}/"


def lake_policy(
    place: Place, team: str, buckets: Mapping[str, str], key_arn: str, mounts: Iterable[Mount] = ()
) -> str:
    """What a team may do with the lake: read, write and delete under its prefix, and see nothing else.

    What all teams mount is the exception: without the right to read it, a mount is empty.

    The key may be used through S3 only, so it opens nothing that S3 does not hand out anyway.

    Args:
        place: Where the lake is.
        team: The team's name.
        buckets: Bucket names by zone.
        key_arn: The key that the buckets are encrypted with.
        mounts: Parts of the lake that all teams can mount.
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
        *_mounted(place, buckets, mounts),
    )


def _mounted(
    place: Place, buckets: Mapping[str, str], mounts: Iterable[Mount]
) -> Iterator[Mapping[str, Any]]:
    """What Mountpoint for S3 needs: https://github.com/awslabs/mountpoint-s3/blob/main/doc/CONFIGURATION.md."""
    for number, mount in enumerate(mounts):
        zone, path = placed(mount.path)
        arn, prefix = place.bucket(buckets[zone]), f"{path}/" if path else ""
        listed = {"Condition": {"StringLike": {"s3:prefix": [f"{prefix}*"]}}} if prefix else {}
        yield {
            "Sid": f"MountList{number}",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            **listed,
        }
        yield {
            "Sid": f"MountObjects{number}",
            "Effect": "Allow",
            "Action": ["s3:GetObject", *(_WRITES if mount.writable else ())],
            "Resource": f"{arn}/{prefix}*",
        }
