"""How strict a bucket's settings are, and what they become; pure, in boto3's own spelling.

Each function takes what was found and returns what to put instead, or None where it stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

Document = Mapping[str, Any]

ABANDONED_DAYS: Final = 7
ABANDONED: Final = "mlcluster-abandoned-uploads"
EARLIER: Final = "mlcluster-earlier-versions"
_SID: Final = "MlclusterTlsOnly"
_SWITCHES: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_AWS_OWN: Final = "alias/aws/s3"


def encryption(rules: Sequence[Document], key_arn: str) -> Document | None:
    """A default encryption with a key of ours; one with another key of the account's own stays.

    `aws:kms:dsse` encrypts twice, and is stricter still.
    """
    rule = dict(rules[0]) if rules else {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    algorithm = str(default.get("SSEAlgorithm", ""))
    if algorithm.startswith("aws:kms") and not str(default.get("KMSMasterKeyID") or _AWS_OWN).endswith(
        _AWS_OWN
    ):
        return None
    twice = algorithm == "aws:kms:dsse"
    return {
        **rule,
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms:dsse" if twice else "aws:kms",
            "KMSMasterKeyID": key_arn,
        },
        # One call to KMS for many objects; S3 has none for objects that are encrypted twice.
        "BucketKeyEnabled": not twice,
    }


def public_access(found: Document) -> Document | None:
    """All four switches on."""
    return None if all(found.get(one) for one in _SWITCHES) else dict.fromkeys(_SWITCHES, True)


def policy(found: str | None, bucket_arn: str) -> str | None:
    """The policy as it was, with a statement that refuses whatever comes without TLS."""
    document: dict[str, Any] = json.loads(found) if found else {"Version": "2012-10-17"}
    said = document.get("Statement", [])
    statements = list(said) if isinstance(said, list) else [said]
    if any(_refuses_plain(statement, bucket_arn) for statement in statements):
        return None
    taken = {statement.get("Sid") for statement in statements}
    sid = next(
        name for name in (_SID, *(f"{_SID}{n}" for n in range(2, len(taken) + 3))) if name not in taken
    )
    document["Statement"] = [*statements, tls_only(sid, bucket_arn)]
    return json.dumps(document)


def tls_only(sid: str, bucket_arn: str) -> Document:
    """The statement.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit
    """
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _refuses_plain(statement: Document, bucket_arn: str) -> bool:
    """Whether a statement refuses everybody everything without TLS, on bucket and objects, without an if."""
    resources = set(_listed(statement.get("Resource")))
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and bool({"*", "s3:*"} & set(_listed(statement.get("Action"))))
        and bool(
            {"*"} & resources or {bucket_arn, f"{bucket_arn}/*"} <= resources or f"{bucket_arn}*" in resources
        )
        and statement.get("Condition") in _PLAIN
    )


_PLAIN: Final = tuple({"Bool": {"aws:SecureTransport": value}} for value in ("false", False, ["false"]))


def lifecycle(rules: Sequence[Document], days: int, *, had_versions: bool) -> list[Document] | None:
    """The rules as they were, with an end for abandoned uploads, and one for earlier versions.

    Earlier versions that are there without a rule were meant to stay, so they get none; and a rule of ours
    is only ever made longer.

    Args:
        rules: what was found.
        days: for which earlier versions are kept.
        had_versions: whether the bucket may have earlier versions already.
    """
    new = [_longer(rule, days) if rule.get("ID") == EARLIER else rule for rule in rules]
    everything = {"Status": "Enabled", "Filter": {"Prefix": ""}}
    if not any(_for_all(rule) and "AbortIncompleteMultipartUpload" in rule for rule in rules):
        end = {"DaysAfterInitiation": ABANDONED_DAYS}
        new.append({**everything, "ID": _free(ABANDONED, new), "AbortIncompleteMultipartUpload": end})
    if not had_versions and not any("NoncurrentVersionExpiration" in rule for rule in rules):
        age = {"NoncurrentDays": days}
        new.append({**everything, "ID": _free(EARLIER, new), "NoncurrentVersionExpiration": age})
    return None if new == list(rules) else new


def _free(name: str, rules: Sequence[Document]) -> str:
    """An ID that no rule has."""
    taken = {rule.get("ID") for rule in rules}
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)


def _longer(rule: Document, days: int) -> Document:
    age = rule.get("NoncurrentVersionExpiration") or {}
    if age.get("NoncurrentDays", days) >= days:
        return rule
    return {**rule, "NoncurrentVersionExpiration": {**age, "NoncurrentDays": days}}


def _for_all(rule: Document) -> bool:
    """Whether a rule is on, and for every object."""
    limit = rule.get("Filter") or {}
    return rule.get("Status") == "Enabled" and not rule.get("Prefix") and limit in ({}, {"Prefix": ""})


def deletes_state(rules: Sequence[Document]) -> bool:
    """Whether a rule deletes objects by age, and so state that nobody has changed for a while."""
    return any(
        rule.get("Status") == "Enabled" and {"Days", "Date"} & (rule.get("Expiration") or {}).keys()
        for rule in rules
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
