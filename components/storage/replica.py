"""The copy of a lake in another region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.storage import policies, replication
from components.storage.bucket import BucketArgs, ClosedBucket, closed_bucket
from components.storage.lake import DataLake
from infra import iam, naming
from infra.environment.storage.lake import Lake, Replication, Zone
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "lake-replica"
_KEY_DELETION_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class LakeReplicaArgs:
    """What the copy of a lake needs."""

    scope: Scope
    place: Place
    """Where the lake itself is."""
    lake: Lake
    replication: Replication
    source: DataLake


class LakeReplica(pulumi.ComponentResource):
    """Buckets in another region that some zones of a lake are copied to, as closed as the lake's own.

    They have a key of their region, keep what the lake keeps, and go when the lake goes. S3 does the copying,
    in a role that may read the zones and write the copies, no more. Everything that is in the other region
    says so itself (`region`), so the stack's one provider makes it.
    """

    buckets: dict[Zone, pulumi.Output[str]]
    key_arn: pulumi.Output[str]

    def __init__(self, name: str, args: LakeReplicaArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LakeReplica", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.lake.keep == "retain"
        self._child = pulumi.ResourceOptions(parent=self, retain_on_delete=self._retain)
        self._there = Place(account=args.place.account, region=args.replication.region)
        key = self._key()
        copies = {zone: self._bucket(zone, key) for zone in args.replication.zones}
        role = self._role(copies, key)
        for zone, copy in copies.items():
            self._copy(zone, copy, key, role)
        self.buckets = {zone: copy.bucket.bucket for zone, copy in copies.items()}
        self.key_arn = key.arn
        self.register_outputs({"buckets": self.buckets, "key_arn": key.arn})

    def _key(self) -> aws.kms.Key:
        scope, region = self._args.scope, self._there.region
        key = aws.kms.Key(
            self._name,
            description=f"The copy of the data lake of {scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=iam.account_key(self._there.root()),
            tags=scope.tags(_COMPONENT),
            region=region,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=self._retain)),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(scope.environment, 'lake', 'replica')}",
            target_key_id=key.id,
            region=region,
            opts=self._child,
        )
        return key

    def _bucket(self, zone: Zone, key: aws.kms.Key) -> ClosedBucket:
        scope, there = self._args.scope, self._there
        name = naming.bucket(there.account, there.region, scope.environment, zone)
        args = BucketArgs(
            bucket=name,
            key_arn=key.arn,
            tags=scope.tags(_COMPONENT, name=name),
            keep=self._retain,
            rules=policies.lifecycle(self._args.lake, zone),
            lock_days=policies.lock_days(self._args.lake, zone),
            region=there.region,
        )
        return closed_bucket(f"{self._name}-{zone}", args, self)

    def _role(self, copies: Mapping[Zone, ClosedBucket], key: aws.kms.Key) -> aws.iam.Role:
        scope, source = self._args.scope, self._args.source
        role = aws.iam.Role(
            self._name,
            name=naming.physical(scope.environment, "lake", "replica", limit=64),
            description="What S3 may do to copy the lake to another region",
            assume_role_policy=iam.service_trust("s3"),
            tags=scope.tags(_COMPONENT),
            opts=self._child,
        )
        ends = {
            "source_buckets": [source.zones[zone].bucket.arn for zone in copies],
            "source_key": source.key.arn,
            "copies": [copy.bucket.arn for copy in copies.values()],
            "key": key.arn,
        }
        aws.iam.RolePolicy(
            self._name,
            name="copy",
            role=role.name,
            policy=pulumi.Output.all(**ends).apply(
                lambda known: replication.rights(self._args.place, self._there, **known)
            ),
            opts=self._child,
        )
        return role

    def _copy(self, zone: Zone, copy: ClosedBucket, key: aws.kms.Key, role: aws.iam.Role) -> None:
        """Tells the zone's own bucket; S3 takes that only where both ends keep versions."""
        source = self._args.source.zones[zone]
        rule = replication.rule(self._args.replication, copy.bucket.arn, key.arn)
        needs = pulumi.ResourceOptions(depends_on=[source.versioning, copy.versioning])
        aws.s3.BucketReplicationConfig(
            f"{self._name}-{zone}",
            bucket=source.bucket.id,
            role=role.arn,
            rules=[rule],
            opts=pulumi.ResourceOptions.merge(self._child, needs),
        )
