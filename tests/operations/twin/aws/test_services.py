"""IAM, KMS, CloudWatch Logs, S3 and Budgets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.twin.backend import UNKNOWN, Refused
from tests.operations.twin.aws.bench import TAGS, Bench, Made, role, trust, urn

STATEMENT = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})


def test_roles(bench: Bench) -> None:
    made = role(bench, "node", "ec2.amazonaws.com")
    assert made["arn"] == "arn:aws:iam::123456789012:role/node-0abcdef"
    assert (made["path"], made["maxSessionDuration"]) == ("/", 3600)
    spaced = json.dumps(json.loads(made["assumeRolePolicy"]), indent=4)
    assert bench.diff(made, assumeRolePolicy=spaced) == ((), ()), "the same document"
    assert bench.diff(made, path="/x/") == (("path",), ("path",))
    made = bench.change(made, assumeRolePolicy=trust("eks.amazonaws.com"), description="what for")
    made = bench.change(made, maxSessionDuration=7200, tags={"Name": "new"})
    bench.drop(bench.change(made, description=None))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"maxSessionDuration": 60}, "MaxSessionDuration: 60 is below the least that AWS takes, 3600"),
        ({"name": "no spaces"}, "RoleName: 'no spaces' does not match"),
    ],
)
def test_a_role_must_make_sense(bench: Bench, given: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        bench.make("aws:iam/role:Role", **{"assumeRolePolicy": trust("ec2.amazonaws.com"), **given})


@pytest.mark.parametrize(
    ("type_", "given", "wrong"),
    [
        ("aws:iam/role:Role", {"assumeRolePolicy": "{"}, "assumeRolePolicy"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": "[]"}, "policy"),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b", "policy": "allow"}, "policy"),
        ("aws:s3/bucket:Bucket", {"bucket": "Not_A_Name"}, "bucket"),
        ("aws:s3/bucket:Bucket", {"bucket": "192.0.2.1"}, "bucket"),
        ("aws:s3/bucket:Bucket", {"bucket": "b" * 64}, "bucket"),
        ("aws:kms/key:Key", {"tags": {"k" * 129: "v"}}, "tags." + "k" * 129),
        ("aws:kms/key:Key", {"tags": {"aws:k": "v"}}, "tags.aws:k"),
        ("aws:kms/key:Key", {"tags": {"k": "v" * 257}}, "tags.k"),
        ("aws:kms/key:Key", {"tags": {f"k{n}": "v" for n in range(51)}}, "tags"),
    ],
)
def test_some_inputs_are_judged_alone(bench: Bench, type_: str, given: dict[str, Any], wrong: str) -> None:
    _, failures = bench.session.check(urn(type_, "x"), type_, {}, given, b"")
    assert [name for name, _ in failures] == [wrong]
    nothing_known = {**dict.fromkeys(given, UNKNOWN)}
    assert bench.session.check(urn(type_, "x"), type_, {}, nothing_known, b"")[1] == []


def test_a_role_goes_after_its_policies(bench: Bench) -> None:
    made = role(bench, "node", "ec2.amazonaws.com")
    inline = bench.make("aws:iam/rolePolicy:RolePolicy", role=made.id, policy=POLICY)
    inline = bench.change(inline, policy=POLICY.replace("ListBucket", "GetObject"))
    known = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    attached = bench.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=made.id, policyArn=known)
    assert attached.id == f"{made.id}/{known}"
    with pytest.raises(Refused, match="DeleteConflict"):
        bench.drop(made)
    bench.drop(attached)
    with pytest.raises(Refused, match="DeleteConflict"):
        bench.drop(made)
    bench.drop(inline)
    bench.drop(made)


def test_force_detaching_takes_policies_along(bench: Bench) -> None:
    made = bench.make(
        "aws:iam/role:Role", assumeRolePolicy=trust("ec2.amazonaws.com"), forceDetachPolicies=True
    )
    bench.make("aws:iam/rolePolicy:RolePolicy", role=made.id, policy=POLICY)
    bench.drop(made)


@pytest.mark.parametrize("name", ["AmazonEKSWorkerNodePolicyX", "Nothing"])
def test_a_policy_of_aws_must_exist(bench: Bench, name: str) -> None:
    made = role(bench, "node", "ec2.amazonaws.com")
    arn = f"arn:aws:iam::aws:policy/{name}"
    with pytest.raises(Refused, match=f"NoSuchEntity: Policy {arn} does not exist"):
        bench.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=made.id, policyArn=arn)


def test_keys_count_as_gone_while_they_wait(bench: Bench) -> None:
    key = bench.make(
        "aws:kms/key:Key", enableKeyRotation=True, deletionWindowInDays=7, description="d", tags=TAGS
    )
    key = bench.change(key, enableKeyRotation=False, description="e", tags={"Name": "new"})
    alias = bench.make("aws:kms/alias:Alias", targetKeyId=key.id)
    assert alias["name"] == "alias/it-0abcdef"
    assert alias["targetKeyArn"] == key["arn"]
    other = bench.make("aws:kms/key:Key", "other")
    alias = bench.change(alias, targetKeyId=other.id)
    bench.drop(alias)
    bench.drop(key)
    assert [item.id for item in bench.package.inventory()] == [other.id]
    waiting = bench.package.cloud("123456789012").call("kms", "us-east-1", "describe_key", {"KeyId": key.id})
    assert waiting["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_log_groups(bench: Bench) -> None:
    given = {"name": "/aws/eks/dev/cluster", "retentionInDays": 90, "tags": TAGS}
    group = bench.make("aws:cloudwatch/logGroup:LogGroup", **given)
    with pytest.raises(Refused, match="ResourceAlreadyExistsException"):
        bench.make("aws:cloudwatch/logGroup:LogGroup", "again", **given)
    near = bench.make("aws:cloudwatch/logGroup:LogGroup", "near", name="/aws/eks/dev/cluster2")
    group = bench.change(group, retentionInDays=30, tags={"Name": "new"})
    group = bench.change(group, retentionInDays=None)
    assert group["retentionInDays"] == 0
    bench.drop(group)
    assert bench.read(near) is not None


def test_a_log_group_may_outlive_its_resource(bench: Bench) -> None:
    group = bench.make("aws:cloudwatch/logGroup:LogGroup", skipDestroy=True)
    bench.session.delete(urn(group.type, "it"), group.type, group.id, group.state, 0)
    assert bench.read(group) is not None


def bucket(bench: Bench, **more: Any) -> Made:
    return bench.make("aws:s3/bucket:Bucket", **{"bucket": "mlcluster-dev-raw", "tags": TAGS, **more})


def put(bench: Bench, key: str) -> None:
    cloud = bench.package.cloud("123456789012")
    cloud.call("s3", "us-east-1", "put_object", {"Bucket": "mlcluster-dev-raw", "Key": key, "Body": b"x"})


def test_a_bucket_with_something_in_it_stays_unless_forced(bench: Bench) -> None:
    made = bucket(bench)
    bench.make(
        "aws:s3/bucketVersioning:BucketVersioning",
        bucket=made.id,
        versioningConfiguration={"status": "Enabled"},
    )
    put(bench, "a")
    put(bench, "a")
    with pytest.raises(Refused, match="BucketNotEmpty"):
        bench.drop(made)
    with pytest.raises(Refused, match="BucketAlreadyOwnedByYou"):
        bucket(bench)
    assert bench.diff(made, bucket="other") == (("bucket",), ("bucket",))
    bench.drop(bench.change(made, forceDestroy=True, tags={"Name": "new"}))


def test_bucket_names_are_made_lower_case(bench: Bench) -> None:
    assert bench.inputs("aws:s3/bucket:Bucket", "Lake")["bucket"] == "lake-0abcdef"


SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws:s3/bucketVersioning:BucketVersioning": (
        {"versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"},
                    "bucketKeyEnabled": True,
                }
            ]
        },
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        {"blockPublicAcls": True, "blockPublicPolicy": True},
        {"ignorePublicAcls": True, "restrictPublicBuckets": True},
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        {"policy": json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": "*"}]})},
        {"policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        {
            "rules": [
                {
                    "id": "tiers",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ]
        },
        {"rules": [{"id": "other", "status": "Enabled", "filter": {}, "expiration": {"days": 9}}]},
    ),
}


@pytest.mark.parametrize("type_", SETTINGS)
def test_settings_of_buckets(bench: Bench, type_: str) -> None:
    made = bucket(bench)
    first, second = SETTINGS[type_]
    setting = bench.make(type_, bucket=made.id, **first)
    assert bench.diff(setting, bucket="other")[1] == ("bucket",)
    changed = bench.change(setting, **second)
    where = urn(type_, "it")
    bench.session.delete(where, type_, changed.id, changed.state, 0)
    left = bench.read(changed)
    kept = type_ == "aws:s3/bucketVersioning:BucketVersioning"  # can only be suspended
    assert (left is not None) == kept
    with pytest.raises(Refused, match="NoSuchBucket"):
        bench.make(type_, "none", bucket="no-such-bucket", **first)
    bench.drop(made)
    assert bench.read(changed) is None, "without its bucket there is no setting"


def test_what_a_lifecycle_cannot_be(bench: Bench) -> None:
    made = bucket(bench)
    wrong = {"id": "x", "status": "On", "filter": {}, "expiration": {"days": 1}}
    with pytest.raises(Refused, match="'On' is not one of Enabled, Disabled"):
        bench.make(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", bucket=made.id, rules=[wrong]
        )


def test_budgets(bench: Bench) -> None:
    told = {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": 80,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["ml@example.com"],
    }
    budget = bench.make(
        "aws:budgets/budget:Budget",
        name="mlcluster-dev",
        budgetType="COST",
        timeUnit="MONTHLY",
        limitAmount="1000",
        limitUnit="USD",
        timePeriodStart="2026-01-01_00:00",
        costFilters=[{"name": "TagKeyValue", "values": ["user:mlcluster:environment$dev"]}],
        notifications=[told],
        tags=TAGS,
    )
    assert budget.id == "123456789012:mlcluster-dev"
    assert budget["arn"] == "arn:aws:budgets::123456789012:budget/mlcluster-dev"
    budget = bench.change(budget, limitAmount="2000", tags={"Name": "new"})
    later = {**told, "threshold": 100, "subscriberEmailAddresses": ["a@example.com", "b@example.com"]}
    budget = bench.change(budget, notifications=[told, later])
    budget = bench.change(budget, notifications=None)
    assert bench.diff(budget, name="other")[1] == ("name",)
    bench.drop(budget)


def test_budgets_of_an_expression(bench: Bench) -> None:
    def ands(team: str) -> dict[str, Any]:
        given = (("mlcluster:environment", "dev"), ("mlcluster:team", team))
        return {"ands": [{"tags": {"key": key, "values": [value]}} for key, value in given]}

    budget = bench.make(
        "aws:budgets/budget:Budget",
        name="mlcluster-dev-team-fraud",
        budgetType="COST",
        timeUnit="MONTHLY",
        limitAmount="1000",
        limitUnit="USD",
        metrics="UnblendedCost",
        filterExpression=ands("fraud"),
    )
    assert (budget["filterExpression"], budget["metrics"]) == (ands("fraud"), "UnblendedCost")
    budget = bench.change(budget, filterExpression=ands("search"))
    assert budget["filterExpression"] == ands("search")
    bench.drop(budget)
