"""What S3 copies to another region, and what it may do for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from infra import iam
from infra.environment.storage.lake import Replication
from infra.places import Place

_MINUTES: Final = 15
"""The one value that S3 takes for Replication Time Control and for the event that warns of a delay:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationTimeValue.html"""


def rule(
    replication: Replication, bucket_arn: pulumi.Input[str], key_arn: pulumi.Input[str]
) -> dict[str, Any]:
    """The one rule of a zone: everything in it, encrypted anew with the copy's key.

    S3 leaves out objects under KMS keys unless told:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html

    Args:
        replication: What the section says.
        bucket_arn: Where the copy goes.
        key_arn: The key that the copy is encrypted with.
    """
    destination: dict[str, Any] = {
        "bucket": bucket_arn,
        "encryption_configuration": {"replica_kms_key_id": key_arn},
    }
    if replication.in_time:
        time = {"minutes": _MINUTES}
        destination["replication_time"] = {"status": "Enabled", "time": time}
        destination["metrics"] = {"status": "Enabled", "event_threshold": time}
    return {
        "id": "everything",
        "status": "Enabled",
        "priority": 0,
        "filter": {"prefix": ""},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "delete_marker_replication": {"status": "Enabled" if replication.deletes else "Disabled"},
        "destination": destination,
    }


def rights(
    here: Place,
    there: Place,
    *,
    source_buckets: Sequence[str],
    source_key: str,
    copies: Sequence[str],
    key: str,
) -> str:
    """What S3 may do to copy: read what it copies, and write the copies.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html

    Args:
        here: Where the lake is.
        there: Where the copy is.
        source_buckets: ARNs of the buckets that are copied.
        source_key: ARN of the key that they are encrypted with.
        copies: ARNs of the copies.
        key: ARN of the key that these are encrypted with.
    """
    return iam.document(
        {
            "Sid": "ReadConfiguration",
            "Effect": "Allow",
            "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            "Resource": list(source_buckets),
        },
        {
            "Sid": "ReadObjects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
                "s3:GetObjectRetention",
                "s3:GetObjectLegalHold",
            ],
            "Resource": [f"{arn}/*" for arn in source_buckets],
        },
        {
            "Sid": "WriteCopies",
            "Effect": "Allow",
            "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
            "Resource": [f"{arn}/*" for arn in copies],
        },
        _use_key("Decrypt", ["kms:Decrypt"], here, source_key, source_buckets),
        # Decrypt as well: S3 proves the bucket's key before it uses it.
        _use_key("Encrypt", ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"], there, key, copies),
    )


def _use_key(sid: str, actions: list[str], place: Place, key: str, buckets: Sequence[str]) -> iam.Statement:
    """Use of a key by S3 alone, and for these buckets alone.

    With a bucket key the context is the bucket's ARN, without one the object's:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    contexts = [context for arn in buckets for context in (arn, f"{arn}/*")]
    condition = {
        "kms:ViaService": f"s3.{place.region}.{place.dns_suffix}",
        "kms:EncryptionContext:aws:s3:arn": contexts,
    }
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": key,
        "Condition": {"StringLike": condition},
    }
