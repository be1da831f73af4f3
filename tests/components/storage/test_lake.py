from typing import Any

from components.storage.lake import DataLake, DataLakeArgs
from infra.environment.storage.lake import LAKE_ZONES, Lake
from tests.components.support import PLACE, SCOPE, Found, record_component, statements

SETTINGS = (
    "BucketVersioning",
    "BucketServerSideEncryptionConfiguration",
    "BucketPublicAccessBlock",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketLifecycleConfiguration",
)


def recorded(**settings: Any) -> Found:
    args = DataLakeArgs(scope=SCOPE, place=PLACE, lake=Lake.model_validate(settings))
    return record_component(lambda opts: DataLake("lake", args, opts))


def test_there_is_a_bucket_for_each_zone_with_all_its_settings() -> None:
    found = recorded()
    assert {one.inputs["bucket"] for one in found.all("Bucket")} == {
        f"mlcluster-test-{zone}-111122223333-eu-west-1" for zone in LAKE_ZONES
    }
    for kind in SETTINGS:
        assert {one.inputs["bucket"] for one in found.all(kind)} == {
            one.inputs["bucket"] for one in found.all("Bucket")
        }


def test_everything_is_encrypted_with_the_lakes_own_key() -> None:
    found = recorded()
    assert found.inputs("Key")["enableKeyRotation"] is True
    for one in found.all("BucketServerSideEncryptionConfiguration"):
        (rule,) = one.inputs["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert rule["bucketKeyEnabled"] is True
        assert found.one("Key").urn in one.dependencies


def test_buckets_are_closed_versioned_and_without_access_lists() -> None:
    found = recorded()
    for one in found.all("BucketPublicAccessBlock"):
        switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        assert all(one.inputs[switch] is True for switch in switches)
    for one in found.all("BucketOwnershipControls"):
        assert one.inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    for one in found.all("BucketVersioning"):
        assert one.inputs["versioningConfiguration"] == {"status": "Enabled"}


def test_what_comes_without_tls_is_refused() -> None:
    for one in recorded().all("BucketPolicy"):
        (statement,) = statements(one.inputs["policy"])
        arn = f"arn:aws:s3:::{one.inputs['bucket']}"
        assert statement["Effect"] == "Deny"
        assert statement["Resource"] == [arn, f"{arn}/*"]
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def rules(**settings: Any) -> dict[str, dict[str, Any]]:
    found = recorded(**settings).inputs("BucketLifecycleConfiguration", "lake-raw")["rules"]
    return {rule["id"]: rule for rule in found}


def test_data_grows_old_as_the_section_says() -> None:
    found = rules(infrequent_after="45d", archive_after="100d", noncurrent_expire="9d")
    assert found["tiers"]["transitions"] == [
        {"storageClass": "STANDARD_IA", "days": 45},
        {"storageClass": "GLACIER_IR", "days": 100},
    ]
    assert found["noncurrent"]["noncurrentVersionExpiration"] == {"noncurrentDays": 9}
    assert found["abandoned-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert {rule["status"] for rule in found.values()} == {"Enabled"}


def test_data_need_not_go_to_the_archive() -> None:
    assert len(rules(archive_after=None)["tiers"]["transitions"]) == 1


def test_rules_about_old_versions_come_after_versioning() -> None:
    found = recorded()
    for zone in LAKE_ZONES:
        lifecycle = found.one("BucketLifecycleConfiguration", f"lake-{zone}")
        assert found.one("BucketVersioning", f"lake-{zone}").urn in lifecycle.dependencies


def test_data_that_is_kept_is_protected_and_stays_with_all_its_guards() -> None:
    found = recorded(keep="retain")
    assert all(one.protect and one.retain_on_delete for kind in ("Bucket", "Key") for one in found.all(kind))
    assert all(one.retain_on_delete for kind in SETTINGS for one in found.all(kind))
    assert not any(one.inputs["forceDestroy"] for one in found.all("Bucket"))


def test_data_that_is_given_up_goes_without_a_trace() -> None:
    found = recorded(keep="destroy")
    assert all(one.inputs["forceDestroy"] for one in found.all("Bucket"))
    assert not any(one.protect or one.retain_on_delete for one in found.resources)


def test_a_zone_may_be_deleted_by_age_before_it_ever_changes_its_tier() -> None:
    found = recorded(expire={"raw": "40d"}, archive_after="100d", infrequent_after="45d")
    raw = {rule["id"]: rule for rule in found.inputs("BucketLifecycleConfiguration", "lake-raw")["rules"]}
    assert raw["expiry"]["expiration"] == {"days": 40}
    assert "tiers" not in raw
    other = {rule["id"] for rule in found.inputs("BucketLifecycleConfiguration", "lake-curated")["rules"]}
    assert other == {"tiers", "noncurrent", "abandoned-uploads"}


def test_models_can_be_locked_after_they_keep_versions() -> None:
    assert recorded().all("BucketObjectLockConfiguration") == []
    found = recorded(lock_models="365d")
    lock = found.one("BucketObjectLockConfiguration")
    assert lock.name == "lake-models"
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}}
    assert found.one("BucketVersioning", "lake-models").urn in lock.dependencies
    assert lock.retain_on_delete
