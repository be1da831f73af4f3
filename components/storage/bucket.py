"""A bucket as all of ours are: encrypted, versioned, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.storage import policies


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a bucket needs."""

    bucket: str
    """Its physical name."""
    key_arn: pulumi.Input[str]
    """The KMS key of its region that everything in it is encrypted with."""
    tags: Mapping[str, str]
    keep: bool
    """Whether it stays with all that guards it when the stack goes; otherwise it is emptied and deleted."""
    rules: Sequence[Mapping[str, Any]]
    """Its lifecycle."""
    lock_days: int | None = None
    """Days for which new versions cannot be deleted; None: they can."""
    region: str | None = None
    """Where it is; None: in the provider's region."""


@dataclass(frozen=True, kw_only=True)
class ClosedBucket:
    """A bucket with its settings."""

    bucket: aws.s3.Bucket
    versioning: aws.s3.BucketVersioning


def closed_bucket(name: str, args: BucketArgs, parent: pulumi.Resource) -> ClosedBucket:
    """Makes a bucket and its settings, as children of a component.

    It is a function and not a component, for its resources belong to the lake: another parent would make
    other resources of them.

    Args:
        name: The logical name of all its resources.
        args: What it is like.
        parent: The component that they are part of.
    """
    child = pulumi.ResourceOptions(parent=parent, retain_on_delete=args.keep)
    bucket = aws.s3.Bucket(
        name,
        bucket=args.bucket,
        force_destroy=not args.keep,
        tags=dict(args.tags),
        region=args.region,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args.keep)),
    )
    _close(name, args, bucket, child)
    _encrypt(name, args, bucket, child)
    return ClosedBucket(bucket=bucket, versioning=_keep_versions(name, args, bucket, child))


def _close(name: str, args: BucketArgs, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions) -> None:
    """Nobody from outside, no access lists, nothing unencrypted on its way."""
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        region=args.region,
        opts=child,
    )
    aws.s3.BucketOwnershipControls(
        name,
        bucket=bucket.id,
        rule={"object_ownership": "BucketOwnerEnforced"},
        region=args.region,
        opts=child,
    )
    aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=bucket.arn.apply(policies.tls_only),
        region=args.region,
        opts=child,
    )


def _encrypt(name: str, args: BucketArgs, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions) -> None:
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": args.key_arn}
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        # The bucket's own key: one call to KMS for many objects, instead of one for each.
        rules=[{"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}],
        region=args.region,
        opts=child,
    )


def _keep_versions(
    name: str, args: BucketArgs, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions
) -> aws.s3.BucketVersioning:
    versioning = aws.s3.BucketVersioning(
        name,
        bucket=bucket.id,
        versioning_configuration={"status": "Enabled"},
        region=args.region,
        opts=child,
    )
    # Rules about old versions, and locks, are only accepted where there are versions.
    then = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[versioning]))
    aws.s3.BucketLifecycleConfiguration(
        name, bucket=bucket.id, rules=[dict(rule) for rule in args.rules], region=args.region, opts=then
    )
    if args.lock_days is not None:
        aws.s3.BucketObjectLockConfiguration(
            name,
            bucket=bucket.id,
            rule={"default_retention": {"mode": "GOVERNANCE", "days": args.lock_days}},
            region=args.region,
            opts=then,
        )
    return versioning
