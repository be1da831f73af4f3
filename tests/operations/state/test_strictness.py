"""What becomes of settings that are there already; pure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.state import strictness

ARN = "arn:aws:s3:::state"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/ours"
OTHER = "arn:aws:kms:eu-west-1:123456789012:key/other"


def rule(algorithm: str, key: str | None = None) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    return {"ApplyServerSideEncryptionByDefault": default}


@pytest.mark.parametrize("found", [rule("aws:kms", OTHER), rule("aws:kms:dsse", OTHER), rule("aws:kms", KEY)])
def test_encryption_with_a_key_of_the_accounts_own_stays(found: dict[str, Any]) -> None:
    assert strictness.encryption([found], KEY) is None


@pytest.mark.parametrize(
    "found", [None, rule("AES256"), rule("aws:kms"), rule("aws:kms", "arn:aws:kms:eu-west-1:1:alias/aws/s3")]
)
def test_weaker_encryption_gets_our_key(found: dict[str, Any] | None) -> None:
    wanted = strictness.encryption([found] if found else [], KEY)
    assert wanted == {**rule("aws:kms", KEY), "BucketKeyEnabled": True}


def test_what_is_encrypted_twice_stays_so_and_other_words_of_a_rule_too() -> None:
    found = {**rule("aws:kms:dsse"), "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    wanted = strictness.encryption([found], KEY)
    assert wanted == {
        **rule("aws:kms:dsse", KEY),
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        "BucketKeyEnabled": False,
    }


def statement(**changes: Any) -> dict[str, Any]:
    return {**strictness.tls_only("Any", ARN), **changes}


STRICT = [
    statement(),
    statement(Sid="Theirs", Principal={"AWS": "*"}, Action=["s3:*"]),
    statement(Resource="*", Action="*"),
    statement(Condition={"Bool": {"aws:SecureTransport": False}}),
]
WEAK = [
    statement(Effect="Allow"),
    statement(Principal={"AWS": "arn:aws:iam::123456789012:root"}),
    statement(Action="s3:GetObject"),
    statement(Resource=[f"{ARN}/*"]),
    statement(Resource=[ARN]),
    statement(Condition={**statement()["Condition"], "StringEquals": {"aws:PrincipalTag/x": "y"}}),
    statement(Condition={"Bool": {"aws:SecureTransport": "true"}}),
]


@pytest.mark.parametrize("found", STRICT, ids=str)
def test_a_policy_that_asks_for_tls_stays(found: dict[str, Any]) -> None:
    assert strictness.policy(json.dumps({"Version": "2012-10-17", "Statement": found}), ARN) is None
    assert strictness.policy(json.dumps({"Statement": [WEAK[0], found]}), ARN) is None


@given(st.lists(st.sampled_from(WEAK), max_size=4), st.sampled_from(["", "MlclusterTlsOnly"]))
def test_statements_of_others_stay_and_tls_is_asked_for(found: list[dict[str, Any]], sid: str) -> None:
    there = [{**one, "Sid": f"{sid}{number or ''}"} for number, one in enumerate(found)]
    text = strictness.policy(json.dumps({"Version": "2008-10-17", "Id": "x", "Statement": there}), ARN)
    assert text is not None
    document = json.loads(text)
    assert (document["Version"], document["Id"]) == ("2008-10-17", "x")
    assert document["Statement"][: len(there)] == there
    assert len(document["Statement"]) == len(there) + 1
    assert len({one["Sid"] for one in document["Statement"]}) == len(there) + 1
    assert strictness.policy(text, ARN) is None, "twice changes nothing"


THEIRS = [
    {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
    {
        "ID": "b",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
    {
        "ID": "c",
        "Status": "Disabled",
        "Filter": {},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
    {
        "ID": strictness.EARLIER,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 400},
    },
    {
        "ID": "d",
        "Status": "Enabled",
        "Prefix": "",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 5},
    },
]


@given(
    st.lists(st.sampled_from(THEIRS), unique_by=lambda one: str(one["ID"])),
    st.booleans(),
    st.integers(1, 999),
)
def test_rules_of_others_stay_and_earlier_versions_never_go_sooner(
    found: list[dict[str, Any]], had_versions: bool, days: int
) -> None:
    new = strictness.lifecycle(found, days, had_versions=had_versions)
    after = found if new is None else new
    for before in found:
        (now,) = [one for one in after if one["ID"] == before["ID"]]
        if before["ID"] == strictness.EARLIER:
            assert now["NoncurrentVersionExpiration"]["NoncurrentDays"] == max(400, days)
        else:
            assert now == before
    added = [one for one in after if one["ID"] not in {before["ID"] for before in found}]
    assert had_versions <= (not any("NoncurrentVersionExpiration" in one for one in added))
    ending = [one for one in after if one["Status"] == "Enabled" and "AbortIncompleteMultipartUpload" in one]
    assert len(ending) == 1
    assert strictness.lifecycle(after, days, had_versions=True) is None, "twice changes nothing"


def test_a_rule_that_deletes_state_is_seen() -> None:
    assert strictness.deletes_state(THEIRS[:1])
    assert not strictness.deletes_state(THEIRS[1:])


def test_public_access_is_blocked_altogether() -> None:
    half = {"BlockPublicAcls": True, "BlockPublicPolicy": False}
    wanted = strictness.public_access(half)
    assert wanted is not None
    assert set(wanted.values()) == {True}
    assert strictness.public_access(wanted) is None
