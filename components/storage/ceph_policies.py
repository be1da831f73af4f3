"""Who may do what with the lake on Ceph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from infra import iam


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Some users' part of the lake."""

    users: tuple[str, ...]
    """Names of the users within the object store."""
    prefix: str
    """What is theirs in each bucket; ends in a slash."""
    zones: tuple[str, ...]
    """The buckets."""
    write: bool = True
    """Whether they may also write and delete."""


def bucket_policy(bucket: str, grants: Iterable[Grant]) -> str:
    """What users may do in a bucket that is not theirs: read and write under their prefixes, and see no more.

    Ceph knows these actions, the condition on prefixes, and users by such ARNs:
    https://docs.ceph.com/en/tentacle/radosgw/bucketpolicy/
    """
    arn = f"arn:aws:s3:::{bucket}"
    return iam.document(*(statement for grant in grants for statement in _statements(arn, grant)))


def _statements(arn: str, grant: Grant) -> list[dict[str, object]]:
    users = [f"arn:aws:iam:::user/{user}" for user in grant.users]
    who = {"Effect": "Allow", "Principal": {"AWS": users}}
    read = ["s3:GetObject", "s3:GetObjectVersion"]
    change = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    seen = [grant.prefix.rstrip("/"), f"{grant.prefix}*"]
    return [
        {
            **who,
            "Action": ["s3:ListBucket"],
            "Resource": [arn],
            "Condition": {"StringLike": {"s3:prefix": seen}},
        },
        {
            **who,
            "Action": [*read, *change] if grant.write else read,
            "Resource": [f"{arn}/{grant.prefix}*"],
        },
    ]
