"""The data lake."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.storage import lustre_settings, policies
from components.storage.bucket import BucketArgs, ClosedBucket, closed_bucket
from infra import iam, naming
from infra.environment.storage.lake import LAKE_ZONES, Lake, Zone
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
    zones: dict[Zone, ClosedBucket]
    key: aws.kms.Key

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:DataLake", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.lake.keep == "retain"
        self.key = self._key()
        self.zones = {zone: self._bucket(zone) for zone in LAKE_ZONES}
        names = {str(zone): made.bucket.bucket for zone, made in self.zones.items()}
        self.handle = ObjectStore(buckets=names, key_arn=self.key.arn)
        self.register_outputs({"buckets": names, "key_arn": self.key.arn})

    def _key(self) -> aws.kms.Key:
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=self._retain)
        key = aws.kms.Key(
            self._name,
            description=f"The data lake of {self._args.scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=iam.account_key(self._args.place.root(), lustre_settings.lake_key(self._args.place)),
            tags=self._args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=self._retain)),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(self._args.scope.environment, 'lake')}",
            target_key_id=key.id,
            opts=child,
        )
        return key

    def _bucket(self, zone: Zone) -> ClosedBucket:
        place, scope = self._args.place, self._args.scope
        name = naming.bucket(place.account, place.region, scope.environment, zone)
        args = BucketArgs(
            bucket=name,
            key_arn=self.key.arn,
            tags=scope.tags(_COMPONENT, name=name),
            keep=self._retain,
            rules=policies.lifecycle(self._args.lake, zone),
            lock_days=policies.lock_days(self._args.lake, zone),
        )
        return closed_bucket(f"{self._name}-{zone}", args, self)
