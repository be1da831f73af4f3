"""The lake on Ceph: whose is what in it, and how teams' pods get there."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from components.storage.ceph_lake import CephLake, CephLakeAccess, CephLakeAccessArgs, CephLakeArgs
from components.storage.ceph_policies import Grant, bucket_policy
from infra import ceph as names
from infra.environment.storage.lake import LAKE_ZONES
from infra.handles import CephHandle, ObjectStore
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.storage.support import PHASES, spaces
from tests.components.support import SCOPE, Found, known, record_component

TEAM = Grant(users=("fraud-training", "fraud-serving"), prefix="teams/fraud/", zones=LAKE_ZONES)
READER = Grant(users=("dataset.images",), prefix="teams/fraud/images/", zones=("curated",), write=False)


def recorded(*, keep: bool = False, tls: bool = False, grants: tuple[Grant, ...] = (TEAM, READER)) -> Found:
    ceph = CephHandle(drivers={}, endpoint=names.endpoint(tls=tls), keep=keep, ready=())

    def build(opts: pulumi.ResourceOptions) -> None:
        made = CephLake("lake", CephLakeArgs(scope=SCOPE, ceph=ceph, grants=grants), opts)
        args = CephLakeAccessArgs(
            scope=SCOPE,
            team="fraud",
            space=spaces("fraud")["fraud"],
            lake=made.handle,
            prefix="teams/fraud/",
            after=made.ready,
        )
        CephLakeAccess("lake-fraud", args, opts)

    return record_component(build)


def statements(zone: str, **settings: Any) -> list[dict[str, Any]]:
    claim = recorded(**settings).inputs("ObjectBucketClaim", f"lake-{zone}")
    found: list[dict[str, Any]] = json.loads(claim["spec"]["additionalConfig"]["bucketPolicy"])["Statement"]
    return found


@needs_upstream
def test_rooks_own_definitions_have_nothing_against_it() -> None:
    found = recorded()
    kinds = [*found.all("CephObjectStoreUser"), *found.all("ObjectBucketClaim")]
    assert len(kinds) == 1 + len(PHASES) + len(LAKE_ZONES)
    for one in kinds:
        assert complaints(one.inputs) == []


def test_there_is_a_bucket_for_each_zone_that_belongs_to_nobody_who_uses_it() -> None:
    found = recorded()
    claims = [one.inputs["spec"] for one in found.all("ObjectBucketClaim")]
    assert {one["bucketName"] for one in claims} == {f"mlcluster-test-{zone}" for zone in LAKE_ZONES}
    assert {one["additionalConfig"]["bucketOwner"] for one in claims} == {"lake"}
    owner = found.inputs("CephObjectStoreUser", "objects-lake")
    assert owner["metadata"]["namespace"] == "rook-ceph"
    assert owner["spec"]["quotas"]["maxBuckets"] == len(LAKE_ZONES)


def test_a_part_is_seen_and_changed_by_its_users_alone() -> None:
    see, change, *rest = statements("curated")
    users = ["arn:aws:iam:::user/fraud-training", "arn:aws:iam:::user/fraud-serving"]
    assert see["Principal"] == change["Principal"] == {"AWS": users}
    assert see["Condition"] == {"StringLike": {"s3:prefix": ["teams/fraud", "teams/fraud/*"]}}
    assert see["Resource"] == ["arn:aws:s3:::mlcluster-test-curated"]
    assert change["Resource"] == ["arn:aws:s3:::mlcluster-test-curated/teams/fraud/*"]
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= set(change["Action"])
    assert len(rest) == 2
    assert "s3:PutBucketPolicy" not in json.dumps(statements("curated"))


def test_who_may_only_read_may_not_change() -> None:
    *_, see, read = statements("curated")
    assert see["Condition"]["StringLike"]["s3:prefix"][0] == "teams/fraud/images"
    assert set(read["Action"]) == {"s3:GetObject", "s3:GetObjectVersion"}
    assert len(statements("raw")) == 2


def test_the_policy_of_a_hundred_teams_is_no_larger_than_rgw_takes() -> None:
    grants = [
        Grant(users=tuple(f"team-{n}-{p}" for p in PHASES), prefix=f"teams/team-{n}/", zones=LAKE_ZONES)
        for n in range(100)
    ]
    # rgw_max_put_param_size: https://docs.ceph.com/en/tentacle/radosgw/config-ref/
    assert len(bucket_policy("a-bucket", grants)) < 1024 * 1024


def test_each_namespace_has_keys_of_its_own_that_make_no_buckets() -> None:
    found = recorded()
    for phase in PHASES:
        user = found.inputs("CephObjectStoreUser", f"objects-fraud-{phase}")
        assert user["metadata"]["namespace"] == user["metadata"]["name"] == f"fraud-{phase}"
        assert user["spec"]["clusterNamespace"] == "rook-ceph"
        assert user["spec"]["quotas"]["maxBuckets"] < 0
        assert "capabilities" not in user["spec"]
        told = found.inputs("ConfigMap", f"objects-fraud-{phase}")["data"]
        assert told["secret"] == f"rook-ceph-object-user-lake-fraud-{phase}"
        assert told["endpoint"] == "http://rook-ceph-rgw-lake.rook-ceph.svc:80"
        assert (told["prefix"], told["raw"]) == ("teams/fraud/", "mlcluster-test-raw")


def test_no_keys_pass_through_the_program() -> None:
    assert not recorded().all("Secret")


def test_pods_are_let_out_to_the_gateway_and_no_further() -> None:
    for tls, port in ((False, 8080), (True, 443)):
        spec = recorded(tls=tls).inputs("NetworkPolicy", "objects-fraud-training")["spec"]
        (rule,) = spec["egress"]
        (peer,) = rule["to"]
        assert peer["podSelector"]["matchLabels"]["app"] == "rook-ceph-rgw"
        assert peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "rook-ceph"
        assert rule["ports"] == [{"protocol": "TCP", "port": port}]


def test_users_go_before_buckets_and_buckets_before_their_owner_and_class() -> None:
    found = recorded()
    before = found.before(found.one("CephObjectStoreUser", "objects-fraud-training"))
    assert {f"ObjectBucketClaim::lake-{zone}" for zone in LAKE_ZONES} <= before
    bucket = found.before(found.one("ObjectBucketClaim", "lake-raw"))
    assert {"StorageClass::lake", "CephObjectStoreUser::objects-lake"} <= bucket


def test_buckets_stay_or_go_with_ceph() -> None:
    kept, gone = recorded(keep=True), recorded(keep=False)
    assert kept.inputs("StorageClass")["reclaimPolicy"] == "Retain"
    assert gone.inputs("StorageClass")["reclaimPolicy"] == "Delete"
    assert all(one.protect and one.retain_on_delete for one in kept.all("ObjectBucketClaim"))
    assert not any(one.protect or one.retain_on_delete for one in gone.resources)


def test_it_is_the_same_handle_as_that_of_a_lake_on_s3() -> None:
    handles: list[ObjectStore] = []

    def build(opts: pulumi.ResourceOptions) -> None:
        ceph = CephHandle(drivers={}, endpoint=names.endpoint(tls=True), keep=False, ready=())
        handles.append(CephLake("lake", CephLakeArgs(scope=SCOPE, ceph=ceph, grants=()), opts).handle)

    record_component(build)
    (handle,) = handles
    assert handle.buckets.keys() == set(LAKE_ZONES)
    assert handle.endpoint == "https://rook-ceph-rgw-lake.rook-ceph.svc:443"
    assert ObjectStore(buckets={"raw": known("a")}, key_arn=known("b")).endpoint is None
