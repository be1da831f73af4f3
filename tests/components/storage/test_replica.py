"""The copy of the lake in another region."""

from __future__ import annotations

from typing import Any

import pytest

from components.storage.lake import DataLake, DataLakeArgs
from components.storage.replica import LakeReplica, LakeReplicaArgs
from infra.environment.storage.lake import Lake
from tests.components.support import PLACE, SCOPE, Found, record_component, statements

THERE = "us-east-2"
HELD = ("Bucket", "BucketVersioning", "BucketPolicy", "BucketReplicationConfig", "Role", "RolePolicy")


def recorded(keep: str = "retain", **replicate: Any) -> Found:
    lake = Lake.model_validate({"keep": keep, "replicate": {"region": THERE, **replicate}})
    assert lake.replicate is not None
    copied = lake.replicate

    def build(opts: Any) -> None:
        source = DataLake("lake", DataLakeArgs(scope=SCOPE, place=PLACE, lake=lake), opts)
        args = LakeReplicaArgs(scope=SCOPE, place=PLACE, lake=lake, replication=copied, source=source)
        LakeReplica("lake-replica", args, opts)

    return record_component(build)


@pytest.fixture(scope="module")
def found() -> Found:
    return recorded()


def test_some_zones_have_a_copy_elsewhere_made_by_the_one_provider(found: Found) -> None:
    copies = [one for one in found.all("Bucket") if one.name.startswith("lake-replica-")]
    assert {one.inputs["bucket"] for one in copies} == {
        f"mlcluster-test-{zone}-111122223333-{THERE}" for zone in ("curated", "models")
    }
    assert len([one for one in found.resources if one.type.startswith("pulumi:providers:aws")]) == 1
    for one in found.resources:
        if one.custom and one.name.startswith("lake-replica") and one.type.startswith("aws:"):
            at_home = one.type.startswith("aws:iam/") or "Replication" in one.type
            assert one.inputs.get("region") == (None if at_home else THERE), one.urn


def test_copies_are_encrypted_with_a_key_of_their_region(found: Found) -> None:
    key = found.one("Key", "lake-replica")
    assert key.inputs["enableKeyRotation"] is True
    for one in found.all("BucketReplicationConfig"):
        (rule,) = one.inputs["rules"]
        arn = rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
        assert arn.startswith(f"arn:aws:kms:{THERE}:")
        assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
        assert key.urn in one.dependencies


def test_zones_are_copied_once_both_ends_keep_versions(found: Found) -> None:
    for zone in ("curated", "models"):
        one = found.one("BucketReplicationConfig", f"lake-replica-{zone}")
        assert one.inputs["bucket"] == f"mlcluster-test-{zone}-111122223333-eu-west-1"
        assert {f"BucketVersioning::lake-{zone}", f"BucketVersioning::lake-replica-{zone}"} <= found.before(
            one
        )
        (rule,) = one.inputs["rules"]
        assert rule["destination"]["bucket"] == f"arn:aws:s3:::mlcluster-test-{zone}-111122223333-{THERE}"
        assert rule["filter"] == {"prefix": ""}
        assert "replicationTime" not in rule["destination"]
        assert rule["deleteMarkerReplication"] == {"status": "Enabled"}


def test_deletions_need_not_be_copied_and_time_can_be_guaranteed() -> None:
    found = recorded(deletes=False, in_time=True, zones=["raw"])
    (one,) = found.all("BucketReplicationConfig")
    (rule,) = one.inputs["rules"]
    assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
    assert rule["destination"]["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
    assert rule["destination"]["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}


def test_s3_may_read_what_it_copies_and_write_the_copies_no_more(found: Found) -> None:
    said = {one["Sid"]: one for one in statements(found.inputs("RolePolicy", "lake-replica")["policy"])}
    home = [f"arn:aws:s3:::mlcluster-test-{zone}-111122223333-eu-west-1" for zone in ("curated", "models")]
    copies = [f"arn:aws:s3:::mlcluster-test-{zone}-111122223333-{THERE}" for zone in ("curated", "models")]
    assert said["ReadConfiguration"]["Resource"] == home
    assert said["ReadObjects"]["Resource"] == [f"{arn}/*" for arn in home]
    assert said["WriteCopies"]["Resource"] == [f"{arn}/*" for arn in copies]
    assert said["Decrypt"]["Condition"]["StringLike"]["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    assert said["Encrypt"]["Condition"]["StringLike"]["kms:ViaService"] == f"s3.{THERE}.amazonaws.com"
    assert said["Decrypt"]["Resource"] != said["Encrypt"]["Resource"]
    assert copies[0] in said["Encrypt"]["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
    assert "s3.amazonaws.com" in found.inputs("Role", "lake-replica")["assumeRolePolicy"]


def test_copies_stay_with_the_lake_and_all_that_fills_them(found: Found) -> None:
    for kind in ("Bucket", "Key"):
        assert all(one.protect and one.retain_on_delete for one in found.all(kind))
    assert all(one.retain_on_delete for kind in HELD for one in found.all(kind))
    given_up = recorded(keep="destroy")
    assert not any(one.protect or one.retain_on_delete for one in given_up.resources)
    assert all(one.inputs["forceDestroy"] for one in given_up.all("Bucket"))
