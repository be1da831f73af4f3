"""The bucket and the key of a state, on moto."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from infra.environment.state import State, StatePlace
from infra.problems import BadInput
from operations import state
from operations.guards import Failure, Refusal
from operations.state import strictness
from tests.operations.state.conftest import ACCOUNT, PLACE, REGION, SECTION, TAGS, bucket, kms, place, s3

ARN = f"arn:aws:s3:::{PLACE.bucket}"


def prepare(at: StatePlace = PLACE, section: State = SECTION) -> state.Found:
    found = state.look(section, at, TAGS)
    for setting in found.open:
        assert setting.becomes
        assert setting.apply is not None
        setting.apply()
    return found


def settings_of(name: str = PLACE.bucket) -> dict[str, Any]:
    """How a bucket is, in the terms that strictness is judged by."""
    client = s3()

    def ask(method: str, part: str) -> Any:
        try:
            return getattr(client, method)(Bucket=name).get(part)
        except ClientError:
            return None

    return {
        "versioning": ask("get_bucket_versioning", "Status"),
        "encryption": (ask("get_bucket_encryption", "ServerSideEncryptionConfiguration") or {}).get(
            "Rules", []
        ),
        "public": ask("get_public_access_block", "PublicAccessBlockConfiguration") or {},
        "ownership": (ask("get_bucket_ownership_controls", "OwnershipControls") or {}).get("Rules"),
        "policy": json.loads(ask("get_bucket_policy", "Policy") or '{"Statement": []}')["Statement"],
        "rules": ask("get_bucket_lifecycle_configuration", "Rules") or [],
        "tags": {tag["Key"]: tag["Value"] for tag in ask("get_bucket_tagging", "TagSet") or ()},
    }


def strict(found: dict[str, Any]) -> None:
    key = kms().describe_key(KeyId=PLACE.key)["KeyMetadata"]["Arn"]
    assert found["versioning"] == "Enabled"
    assert strictness.encryption(found["encryption"], key) is None
    assert len(found["public"]) == 4
    assert all(found["public"].values())
    assert found["ownership"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert strictness.policy(json.dumps({"Statement": found["policy"]}), ARN) is None
    assert any("AbortIncompleteMultipartUpload" in rule for rule in found["rules"])
    assert found["tags"].keys() >= TAGS.keys()


def test_where_there_is_nothing_both_are_made() -> None:
    prepare()
    found = settings_of()
    strict(found)
    key = kms().describe_key(KeyId=PLACE.key)["KeyMetadata"]
    assert kms().get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    assert json.loads(kms().get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])["Statement"][
        0
    ]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    (rule,) = found["encryption"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": key["Arn"],
    }
    assert rule["BucketKeyEnabled"] is True
    assert {one["ID"] for one in found["rules"]} == {strictness.ABANDONED, strictness.EARLIER}
    assert s3().get_bucket_location(Bucket=PLACE.bucket)["LocationConstraint"] == REGION


def test_twice_changes_nothing() -> None:
    prepare()
    before = settings_of()
    again = state.look(SECTION, PLACE, TAGS)
    assert again.open == ()
    assert settings_of() == before
    assert len(kms().list_keys()["Keys"]) == 1


def test_looking_changes_nothing() -> None:
    found = state.look(SECTION, PLACE, TAGS)
    assert [one.what for one in found.open][:3] == ["key", "key rotation", "bucket"]
    assert s3().list_buckets()["Buckets"] == []
    assert kms().list_keys()["Keys"] == []


def test_a_run_that_was_cut_short_is_finished_by_the_next() -> None:
    for setting in state.look(SECTION, PLACE, TAGS).open[:4]:
        assert setting.apply is not None
        setting.apply()
    assert prepare().open
    strict(settings_of())
    assert state.look(SECTION, PLACE, TAGS).open == ()


def test_in_us_east_1_a_bucket_has_no_location() -> None:
    at = SECTION.place(ACCOUNT, "us-east-1")
    found = state.look(SECTION, at, TAGS)
    for setting in found.open:
        assert setting.apply is not None
        setting.apply()
    assert s3("us-east-1").get_bucket_location(Bucket=at.bucket)["LocationConstraint"] is None


ENCRYPTIONS: tuple[Any, ...] = (
    None,
    {"SSEAlgorithm": "AES256"},
    {"SSEAlgorithm": "aws:kms"},
    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/theirs"},
    {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/theirs"},
)
STATEMENTS: tuple[Any, ...] = (
    {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": ARN},
    {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"{ARN}/*",
    },
    strictness.tls_only("TheirTls", ARN),
)
RULES: tuple[Any, ...] = (
    {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}},
    {
        "ID": strictness.EARLIER,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 999},
    },
)
FOUND = st.fixed_dictionaries(
    {
        "versioning": st.sampled_from([None, "Enabled", "Suspended"]),
        "encryption": st.sampled_from(ENCRYPTIONS),
        "public": st.sampled_from([None, False, True]),
        "ownership": st.sampled_from([None, "BucketOwnerPreferred", "BucketOwnerEnforced"]),
        "statements": st.lists(st.sampled_from(STATEMENTS), unique_by=lambda one: str(one["Sid"])),
        "rules": st.lists(st.sampled_from(RULES), unique_by=lambda one: str(one["ID"])),
        "tags": st.sampled_from([{}, {"team": "a", "mlcluster:owner": "somebody-else"}]),
        "key": st.sampled_from([None, "bare", "rotated"]),
    }
)


def arrange(found: dict[str, Any]) -> None:  # noqa: C901 - a line for each thing that may have been found
    """Makes bucket and key as they were found."""
    client, name = s3(), {"Bucket": PLACE.bucket}
    bucket()
    if found["versioning"]:
        client.put_bucket_versioning(**name, VersioningConfiguration={"Status": found["versioning"]})
    if found["encryption"]:
        rules = [{"ApplyServerSideEncryptionByDefault": found["encryption"]}]
        client.put_bucket_encryption(**name, ServerSideEncryptionConfiguration={"Rules": rules})
    if found["public"] is not None:
        switches = {"BlockPublicAcls": True, "RestrictPublicBuckets": found["public"]}
        more = {"BlockPublicPolicy": found["public"], "IgnorePublicAcls": found["public"]}
        client.put_public_access_block(**name, PublicAccessBlockConfiguration=switches | more)
    if found["ownership"]:
        rules = [{"ObjectOwnership": found["ownership"]}]
        client.put_bucket_ownership_controls(**name, OwnershipControls={"Rules": rules})
    if found["statements"]:
        policy = {"Version": "2012-10-17", "Statement": found["statements"]}
        client.put_bucket_policy(**name, Policy=json.dumps(policy))
    if found["rules"]:
        client.put_bucket_lifecycle_configuration(**name, LifecycleConfiguration={"Rules": found["rules"]})
    if found["tags"]:
        pairs = [{"Key": key, "Value": value} for key, value in found["tags"].items()]
        client.put_bucket_tagging(**name, Tagging={"TagSet": pairs})
    if found["key"]:
        key = kms().create_key(Description="theirs")["KeyMetadata"]["KeyId"]
        kms().create_alias(AliasName=PLACE.key, TargetKeyId=key)
        if found["key"] == "rotated":
            kms().enable_key_rotation(KeyId=key)


@given(FOUND)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_there_becomes_strict_and_nothing_becomes_weaker(found: dict[str, Any]) -> None:
    with mock_aws(), mock_aws_fresh():
        arrange(found)
        before = settings_of()
        prepare()
        after = settings_of()
        strict(after)
        not_weaker(found, before, after)
        assert state.look(SECTION, PLACE, TAGS).open == ()
        assert settings_of() == after


class mock_aws_fresh:  # noqa: N801 - reads like the decorator beside it
    """Empties moto between two examples, which share one test's fixtures."""

    def __enter__(self) -> None:
        from moto.backends import get_backend

        for service in ("s3", "kms"):
            stores = get_backend(service)
            for account in list(stores.keys()):
                for store in stores[account].values():
                    store.reset()

    def __exit__(self, *_: object) -> None:
        pass


def not_weaker(found: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    if (found["encryption"] or {}).get("KMSMasterKeyID"):
        assert after["encryption"] == before["encryption"]
    assert after["policy"][: len(found["statements"])] == found["statements"]
    for rule in before["rules"]:
        assert rule in after["rules"]
    if before["versioning"] and not found["rules"]:
        assert not any("NoncurrentVersionExpiration" in rule for rule in after["rules"]), (
            "they were kept for good"
        )
    assert after["tags"].items() >= found["tags"].items()
    if found["key"]:
        (key,) = kms().list_keys()["Keys"]
        policy = json.loads(kms().get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
        assert len(policy["Statement"]) == 1, "whoever is not in a key's policy is not let in"
        assert kms().get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


def test_an_access_log_is_started_and_one_that_is_there_stays() -> None:
    logs = State(access_log="logs-of-ours")
    for name in ("logs-of-ours", "logs-of-theirs"):
        bucket(name)
        s3().put_bucket_policy(Bucket=name, Policy=json.dumps(log_policy(name)))
    prepare(section=logs)
    enabled = s3().get_bucket_logging(Bucket=PLACE.bucket)["LoggingEnabled"]
    assert (enabled["TargetBucket"], enabled["TargetPrefix"]) == ("logs-of-ours", f"{PLACE.bucket}/")
    prepare(section=State(access_log="logs-of-theirs"))
    assert s3().get_bucket_logging(Bucket=PLACE.bucket)["LoggingEnabled"]["TargetBucket"] == "logs-of-ours"


def log_policy(name: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_another_account_is_refused_before_anything_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    other = SECTION.place("999999999999", REGION)
    seen: list[str] = []
    session = boto3.session.Session()
    session.events.register("before-call.*.*", lambda model, **_: seen.append(model.name))
    with pytest.raises(Refusal, match="are of account 123456789012") as refusal:
        state.look(SECTION, other, TAGS, session)
    assert "AWS_PROFILE" in refusal.value.hint
    assert seen == ["GetCallerIdentity"]


def test_every_call_names_the_buckets_owner() -> None:
    prepare()
    session, calls = boto3.session.Session(), []
    session.events.register(
        "provide-client-params.s3.*", lambda params, model, **_: calls.append((model.name, params))
    )
    state.look(SECTION, PLACE, TAGS, session)
    assert len(calls) > 6
    for name, params in calls:
        assert params.get("ExpectedBucketOwner") == ACCOUNT, name


def refusing(service: str, operation: str, error: str, message: str = "") -> Any:
    """A session whose one call AWS refuses."""
    session = boto3.session.Session()

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": error, "Message": message}}, operation)

    session.events.register(f"before-call.{service}.{operation}", refuse)
    return session


@pytest.mark.parametrize("error", ["403", "AccessDenied"])
def test_a_bucket_of_another_account_is_refused(error: str) -> None:
    with pytest.raises(Refusal, match=f"is not account {ACCOUNT}'s") as refusal:
        state.look(SECTION, PLACE, TAGS, refusing("s3", "HeadBucket", error))
    assert "state.bucket" in refusal.value.hint


def test_a_name_that_is_taken_is_refused() -> None:
    found = state.look(SECTION, PLACE, TAGS, refusing("s3", "CreateBucket", "BucketAlreadyExists"))
    (make,) = [one for one in found.open if one.what == "bucket"]
    assert make.apply is not None
    with pytest.raises(Refusal, match="is somebody else's"):
        make.apply()


def test_a_bucket_of_another_region_is_bad_input() -> None:
    bucket(region="eu-central-1")
    with pytest.raises(BadInput, match="is in eu-central-1, and the state is to be in eu-west-1") as bad:
        state.look(SECTION, PLACE, TAGS)
    assert "state.region: eu-central-1" in str(bad.value)


@pytest.mark.parametrize("error", ["ExpiredToken", "InvalidClientTokenId"])
def test_credentials_that_are_not_good_are_one_clear_error(error: str) -> None:
    with pytest.raises(BadInput, match="AWS credentials: are not good") as bad:
        state.look(SECTION, PLACE, TAGS, refusing("sts", "GetCallerIdentity", error, "The token is bad."))
    assert "AWS_PROFILE" in str(bad.value)
    assert len(str(bad.value).splitlines()) == 1


def test_without_credentials_there_is_one_clear_error() -> None:
    session = boto3.session.Session()

    def none(**_: Any) -> None:
        raise NoCredentialsError

    session.events.register("before-call.sts.*", none)
    with pytest.raises(BadInput, match="AWS credentials: are missing: Unable to locate credentials; log in"):
        state.look(SECTION, PLACE, TAGS, session)


def test_what_aws_refuses_otherwise_is_told_with_what_was_being_done() -> None:
    bucket()
    with pytest.raises(Failure, match=f"could not get bucket policy of {PLACE.bucket}: .*Throttled"):
        state.look(SECTION, PLACE, TAGS, refusing("s3", "GetBucketPolicy", "Throttled"))


def test_a_key_that_is_about_to_go_is_refused() -> None:
    prepare()
    kms().schedule_key_deletion(KeyId=kms().describe_key(KeyId=PLACE.key)["KeyMetadata"]["KeyId"])
    with pytest.raises(Refusal, match="is PendingDeletion"):
        state.look(SECTION, PLACE, TAGS)


def test_a_key_that_cannot_encrypt_is_bad_input() -> None:
    key = kms().create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms().create_alias(AliasName="alias/signs", TargetKeyId=key)
    with pytest.raises(BadInput, match=r"state\.key: alias/signs leads to a key of kind RSA_2048"):
        state.look(SECTION, place(key="alias/signs"), TAGS)


def test_a_rule_that_deletes_state_is_told_and_left() -> None:
    bucket()
    rules = [RULES[0]]
    s3().put_bucket_lifecycle_configuration(Bucket=PLACE.bucket, LifecycleConfiguration={"Rules": rules})
    found = prepare()
    assert any("deletes objects by age" in one.found for one in found.settings)
    assert any(rule["ID"] == "tmp" for rule in settings_of()["rules"])
