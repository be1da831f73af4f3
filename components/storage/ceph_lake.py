"""The data lake on Ceph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.storage import v1 as storage

from components.storage import ceph_manifests as manifests
from components.storage import ceph_objects as objects
from components.storage.ceph_policies import Grant, bucket_policy
from components.storage.custom import custom
from infra import ceph as names
from infra import naming
from infra.environment.storage.lake import LAKE_ZONES
from infra.handles import CephHandle, ObjectStore, TeamSpace
from infra.labels import Scope

_COMPONENT: Final = "lake"
_OWNER: Final = "lake"
"""The user that the buckets belong to."""


@dataclass(frozen=True, kw_only=True)
class CephLakeArgs:
    """What a lake on Ceph needs."""

    scope: Scope
    ceph: CephHandle
    grants: tuple[Grant, ...]
    """Who gets at which part of it."""


class CephLake(pulumi.ComponentResource):
    """A bucket for each zone of the lake, in an object store on Ceph that speaks S3.

    The buckets belong to a user that nobody uses; everybody else has the part that a bucket's policy gives.
    """

    handle: ObjectStore
    ready: tuple[pulumi.Resource, ...]
    """What users of the lake come after, and go before."""

    def __init__(self, name: str, args: CephLakeArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:CephLake", name, {}, opts)
        self._name, self._args = name, args
        kind = self._kind_of_bucket()
        owner = objects.user(
            _OWNER,
            namespace=names.NAMESPACE,
            labels=args.scope.labels(_COMPONENT),
            buckets=len(LAKE_ZONES),
            opts=self._kept([*args.ceph.ready]),
        )
        claims = {zone: self._bucket(zone, [kind, owner]) for zone in LAKE_ZONES}
        buckets = {zone: _known_after(self._bucket_name(zone), claim) for zone, claim in claims.items()}
        self.ready = tuple(claims.values())
        self.handle = ObjectStore(
            buckets=buckets, key_arn=pulumi.Output.from_input(""), endpoint=args.ceph.endpoint
        )
        self.register_outputs({"buckets": buckets, "endpoint": args.ceph.endpoint})

    def _kind_of_bucket(self) -> pulumi.Resource:
        """How buckets are made, and what becomes of them; Rook looks here again when one goes."""
        made: pulumi.Resource = storage.StorageClass(
            self._name,
            metadata={"name": manifests.BUCKETS, "labels": self._args.scope.labels(_COMPONENT)},
            provisioner=f"{names.NAMESPACE}.ceph.rook.io/bucket",
            parameters=manifests.bucket_parameters(),
            reclaim_policy="Retain" if self._args.ceph.keep else "Delete",
            opts=self._kept([*self._args.ceph.ready]),
        )
        return made

    def _bucket(self, zone: str, after: list[pulumi.Resource]) -> pulumi.CustomResource:
        bucket = self._bucket_name(zone)
        grants = [grant for grant in self._args.grants if zone in grant.zones]
        policy = {"bucketPolicy": bucket_policy(bucket, grants)} if grants else {}
        return custom(
            f"{self._name}-{zone}",
            "objectbucket.io/v1alpha1",
            "ObjectBucketClaim",
            metadata={
                "name": f"lake-{zone}",
                "namespace": names.NAMESPACE,
                "labels": self._args.scope.labels(_COMPONENT),
            },
            spec={
                "bucketName": bucket,
                "storageClassName": manifests.BUCKETS,
                "additionalConfig": {"bucketOwner": _OWNER, **policy},
            },
            opts=self._kept(after),
        )

    def _bucket_name(self, zone: str) -> str:
        return naming.physical(self._args.scope.environment, zone)

    def _kept(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        keep = self._args.ceph.keep
        return pulumi.ResourceOptions(parent=self, depends_on=after, protect=keep, retain_on_delete=keep)


def _known_after(name: str, claim: pulumi.CustomResource) -> pulumi.Output[str]:
    """A bucket's name, which is known before; but who is given it waits for the bucket."""
    return claim.id.apply(lambda _: name)


@dataclass(frozen=True, kw_only=True)
class CephLakeAccessArgs:
    """What a team's way into the lake needs."""

    scope: Scope
    team: str
    space: TeamSpace
    lake: ObjectStore
    prefix: str
    """The team's part of each bucket."""
    after: tuple[pulumi.Resource, ...]
    """The lake, which outlives it."""


class CephLakeAccess(pulumi.ComponentResource):
    """A team's way into the lake on Ceph: in each of its namespaces a user of the object store, of its name.

    Pods find in the config map `lake` where the lake is and what is theirs, and in the Secret that the config
    map names the keys, which Ceph made.
    """

    def __init__(self, name: str, args: CephLakeAccessArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:CephLakeAccess", name, {}, opts)
        self._args = args
        for namespace in args.space.namespaces:
            objects.user(
                namespace, namespace=namespace, labels=self._labels(), opts=self._child([*args.after])
            )
            self._directions(namespace)
            self._way_there(namespace)
        self.register_outputs({})

    def _directions(self, namespace: str) -> None:
        core.ConfigMap(
            f"objects-{namespace}",
            metadata=self._metadata("lake", namespace),
            data=_directions(self._args, namespace),
            opts=self._child([]),
        )

    def _way_there(self, namespace: str) -> None:
        networking.NetworkPolicy(
            f"objects-{namespace}",
            metadata=self._metadata("lake", namespace),
            spec=objects.way_there(tls=str(self._args.lake.endpoint).startswith("https:")),
            opts=self._child([]),
        )

    def _metadata(self, name: str, namespace: str) -> dict[str, Any]:
        return {"name": name, "namespace": namespace, "labels": self._labels()}

    def _labels(self) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=self._args.team)

    def _child(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._args.space.ready, *after])


def _directions(args: CephLakeAccessArgs, namespace: str) -> Mapping[str, pulumi.Input[str]]:
    """Where the lake is, for a namespace's pods."""
    return {
        "endpoint": str(args.lake.endpoint),
        "prefix": args.prefix,
        "secret": names.secret(namespace),
        **args.lake.buckets,
    }
