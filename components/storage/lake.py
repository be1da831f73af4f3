"""The data lake."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.storage import policies
from infra import iam, naming
from infra.environment.storage.lake import LAKE_ZONES, Lake
from infra.handles import ObjectStore
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "lake"
_KEY_DELETION_DAYS = 30
"""The most that KMS allows: time to find out that a copy of the data was still needed."""


@dataclass(frozen=True, kw_only=True)
class DataLakeArgs:
    """What a lake needs."""

    scope: Scope
    place: Place
    lake: Lake


class DataLake(pulumi.ComponentResource):
    """A bucket for each zone of the lake: raw, curated, features and models.

    Each is encrypted with the lake's own key, versioned, closed to the public, without access lists, and only
    spoken to over TLS. With `keep: retain` buckets and key are protected, and stay when the stack goes,
    together with all that guards them; with `destroy` they are emptied and deleted.
    """

    handle: ObjectStore

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:DataLake", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.lake.keep == "retain"
        key = self._key()
        buckets = {zone: self._bucket(zone) for zone in LAKE_ZONES}
        for zone, bucket in buckets.items():
            self._close(zone, bucket)
            self._encrypt(zone, bucket, key)
            self._keep_versions(zone, bucket)
        names = {zone: bucket.bucket for zone, bucket in buckets.items()}
        self.handle = ObjectStore(buckets=names, key_arn=key.arn)
        self.register_outputs({"buckets": names, "key_arn": key.arn})

    def _key(self) -> aws.kms.Key:
        key = aws.kms.Key(
            self._name,
            description=f"The data lake of {self._args.scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=iam.account_key(self._args.place.root()),
            tags=self._args.scope.tags(_COMPONENT),
            opts=self._holding_data(),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(self._args.scope.environment, 'lake')}",
            target_key_id=key.id,
            opts=self._child(),
        )
        return key

    def _bucket(self, zone: str) -> aws.s3.Bucket:
        place, scope = self._args.place, self._args.scope
        name = naming.bucket(place.account, place.region, scope.environment, zone)
        return aws.s3.Bucket(
            f"{self._name}-{zone}",
            bucket=name,
            force_destroy=not self._retain,
            tags=scope.tags(_COMPONENT, name=name),
            opts=self._holding_data(),
        )

    def _close(self, zone: str, bucket: aws.s3.Bucket) -> None:
        """Nobody from outside, no access lists, nothing unencrypted on its way."""
        aws.s3.BucketPublicAccessBlock(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child(),
        )
        aws.s3.BucketOwnershipControls(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child(),
        )
        aws.s3.BucketPolicy(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            policy=bucket.arn.apply(policies.tls_only),
            opts=self._child(),
        )

    def _encrypt(self, zone: str, bucket: aws.s3.Bucket, key: aws.kms.Key) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": key.arn,
                    },
                    # One call to KMS for many objects, instead of one for each.
                    "bucket_key_enabled": True,
                }
            ],
            opts=self._child(),
        )

    def _keep_versions(self, zone: str, bucket: aws.s3.Bucket) -> None:
        versioning = aws.s3.BucketVersioning(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=self._child(),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-{zone}",
            bucket=bucket.id,
            rules=policies.lifecycle(self._args.lake),
            # Rules about old versions are only accepted where there are versions.
            opts=self._child(depends_on=[versioning]),
        )

    def _holding_data(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child(), pulumi.ResourceOptions(protect=self._retain))

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        """Options of everything in the lake: a bucket that stays must not lose its guards either."""
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on, retain_on_delete=self._retain)
