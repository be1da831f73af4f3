import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.policies import GUARDRAILS, judge
from infra.resources import RecordedResource

TAGS = {"mlcluster:environment": "test", "mlcluster:owner": "me", "mlcluster:component": "it"}

TEMPLATE: dict[str, Any] = {
    "tags": TAGS,
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
    "tagSpecifications": [
        {"resourceType": kind, "tags": TAGS} for kind in ("instance", "volume", "network-interface")
    ],
}
CLUSTER: dict[str, Any] = {
    "tags": TAGS,
    "encryptionConfig": {"resources": ["secrets"]},
    "vpcConfig": {"endpointPublicAccess": False},
    "accessConfig": {"authenticationMode": "API"},
    "enabledClusterLogTypes": ["audit"],
}
SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def resource(type_: str, inputs: Mapping[str, Any], name: str = "it", **more: Any) -> RecordedResource:
    return RecordedResource(
        urn=f"urn:pulumi:a::b::{type_}::{name}", type=type_, name=name, inputs=inputs, **more
    )


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def bucket(
    *,
    switches: Mapping[str, bool] | None = None,
    statement: Mapping[str, Any] = DENY,
    algorithm: str = "aws:kms",
    **more: Any,
) -> list[RecordedResource]:
    """A bucket with all it takes, but for what a test changes."""
    inputs = {"bucket": "b", "tags": TAGS, "forceDestroy": True}
    block = {"bucket": "b", **dict.fromkeys(SWITCHES, True), **(switches or {})}
    default = {"sseAlgorithm": algorithm, "kmsMasterKeyId": "a-key"}
    rules = [{"applyServerSideEncryptionByDefault": default}]
    encryption = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    made = resource("aws:s3/bucket:Bucket", {**inputs, **more.pop("inputs", {})}, **more)
    return [
        made,
        resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", block),
        resource("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b", "policy": policy(statement)}),
        resource(f"aws:s3/{encryption}", {"bucket": "b", "rules": rules}, dependencies=(made.urn, key().urn)),
        key(protect=made.protect, retain_on_delete=made.retain_on_delete),
    ]


def key(**more: Any) -> RecordedResource:
    return resource("aws:kms/key:Key", {"tags": TAGS, "enableKeyRotation": True}, "a-key", **more)


def template(**changes: Any) -> list[RecordedResource]:
    return [resource("aws:ec2/launchTemplate:LaunchTemplate", {**TEMPLATE, **changes})]


def cluster(**changes: Any) -> list[RecordedResource]:
    return [resource("aws:eks/cluster:Cluster", {**CLUSTER, **changes})]


@pytest.mark.parametrize(
    "resources",
    [
        template(),
        cluster(),
        cluster(vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}),
        bucket(),
        bucket(inputs={"forceDestroy": False}, protect=True, retain_on_delete=True),
        [resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {})],
        [resource("kubernetes:core/v1:Namespace", {"metadata": {"name": "a"}})],
        [resource("mlcluster:network:Vpc", {}, custom=False)],
        [
            resource(
                "aws:iam/rolePolicy:RolePolicy",
                {"policy": policy({"Effect": "Deny", "Action": "*", "Resource": "*"})},
            )
        ],
        [
            resource(
                "aws:iam/rolePolicy:RolePolicy",
                {"policy": policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})},
            )
        ],
    ],
)
def test_what_is_well_made_passes(resources: list[RecordedResource]) -> None:
    assert judge(resources) == ()


def allow(**statement: Any) -> list[RecordedResource]:
    return [resource("aws:iam/rolePolicy:RolePolicy", {"policy": policy({"Effect": "Allow", **statement})})]


@pytest.mark.parametrize(
    ("rule", "resources"),
    [
        ("tagged", [resource("aws:ec2/vpc:Vpc", {})]),
        ("tagged", [resource("aws:ec2/vpc:Vpc", {"tags": {**TAGS, "mlcluster:owner": ""}})]),
        ("tagged", [resource("aws:new/thing:Thing", {"tags": None})]),
        ("instances_tagged", template(tagSpecifications=TEMPLATE["tagSpecifications"][:2])),
        ("instances_tagged", template(tagSpecifications=[{"resourceType": "instance", "tags": {}}])),
        ("encrypted_disks", template(blockDeviceMappings=[{"ebs": {"volumeSize": 1}}])),
        ("encrypted_disks", template(blockDeviceMappings=[])),
        ("encrypted_buckets", bucket(algorithm="AES256")),
        ("encrypted_secrets", cluster(encryptionConfig=None)),
        ("encrypted_secrets", [resource("aws:cloudwatch/logGroup:LogGroup", {"tags": TAGS})]),
        ("rotated_keys", [resource("aws:kms/key:Key", {"tags": TAGS})]),
        *(("closed_buckets", bucket(switches={switch: False})) for switch in SWITCHES),
        ("closed_buckets", bucket(statement={**DENY, "Principal": {"AWS": "arn:aws:iam::1:root"}})),
        ("closed_buckets", bucket(statement={**DENY, "Action": "s3:GetObject"})),
        ("closed_buckets", bucket(statement={**DENY, "Effect": "Allow"})),
        (
            "closed_buckets",
            bucket(statement={**DENY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ),
        ("closed_network", [resource("aws:ec2/subnet:Subnet", {"tags": TAGS, "mapPublicIpOnLaunch": True})]),
        (
            "closed_network",
            [
                resource(
                    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                    {"tags": TAGS, "cidrIpv4": "0.0.0.0/0"},
                )
            ],
        ),
        (
            "closed_network",
            [
                resource(
                    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                    {"tags": TAGS, "cidrIpv6": "::/0"},
                )
            ],
        ),
        (
            "closed_network",
            [
                resource(
                    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
                    {"tags": TAGS, "egress": [{"protocol": "-1"}]},
                )
            ],
        ),
        (
            "rules_apart",
            [
                resource(
                    "aws:ec2/securityGroup:SecurityGroup", {"tags": TAGS, "ingress": [{"protocol": "-1"}]}
                )
            ],
        ),
        ("closed_api", cluster(vpcConfig={})),
        ("closed_api", cluster(vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]})),
        ("closed_api", cluster(accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})),
        ("closed_api", cluster(enabledClusterLogTypes=["api"])),
        (
            "guarded_metadata",
            template(metadataOptions={"httpTokens": "optional", "httpPutResponseHopLimit": 1}),
        ),
        (
            "guarded_metadata",
            template(metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 2}),
        ),
        ("no_free_hand", allow(Action="*", Resource="*")),
        ("no_free_hand", allow(Action=["s3:Get*", "*"], Resource=["a", "*"])),
        ("no_free_hand", allow(NotAction="iam:*", Resource="*")),
        ("no_free_hand", allow(Action="*", NotResource="a")),
        ("kept_data", bucket(inputs={"forceDestroy": False})),
        ("kept_data", bucket(inputs={"forceDestroy": False}, protect=True)),
        (
            "kept_data",
            [*bucket(inputs={"forceDestroy": False}, protect=True, retain_on_delete=True)[:-1], key()],
        ),
    ],
)
def test_what_is_not_is_named_with_its_rule(rule: str, resources: list[RecordedResource]) -> None:
    violations = judge(resources)
    assert {one.rule for one in violations} == {rule}
    assert all(one.urn in {other.urn for other in resources} and one.message for one in violations)


CEPH: dict[str, Any] = {
    "storage": {"config": {"encryptedDevice": "true"}},
    "network": {"connections": {"encryption": {"enabled": True}, "requireMsgr2": True}},
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"storage": {"config": {"encryptedDevice": "false"}}}, "does not encrypt its disks"),
        ({"storage": {}}, "does not encrypt its disks"),
        ({"network": {"connections": {"encryption": {"enabled": True}}}}, "may be spoken to in clear"),
        ({"network": {"connections": {"requireMsgr2": True}}}, "may be spoken to in clear"),
    ],
)
def test_ceph_is_encrypted(changes: dict[str, Any], message: str | None) -> None:
    spec = {"spec": {**CEPH, **changes}}
    found = judge([resource("kubernetes:ceph.rook.io/v1:CephCluster", spec)])
    assert [one.rule for one in found] == ([] if message is None else ["encrypted_ceph"])
    assert all(message is not None and message in one.message for one in found)


def test_every_rule_is_told_by_its_own_name() -> None:
    source = {guardrail.__name__ for guardrail in GUARDRAILS}
    assert len(source) == len(GUARDRAILS)


def test_a_violation_reads_as_a_sentence() -> None:
    (violation,) = judge([resource("aws:kms/key:Key", {"tags": TAGS})])
    assert str(violation) == "it (rotated_keys): is never rotated; set enable_key_rotation"


def files(
    type_: str, *, protect: bool = False, guard: str | None = None, **inputs: object
) -> list[RecordedResource]:
    """A file system with a key, and what guards it."""
    made = key(protect=protect)
    system = RecordedResource(
        urn=f"urn:pulumi:dev::mlcluster::{type_}::files",
        type=type_,
        name="files",
        inputs={"tags": TAGS, **inputs},
        dependencies=(made.urn,),
        protect=True,
    )
    rule = RecordedResource(
        urn="urn:pulumi:dev::mlcluster::aws:efs/fileSystemPolicy:FileSystemPolicy::files",
        type="aws:efs/fileSystemPolicy:FileSystemPolicy",
        name="files",
        inputs={"policy": guard},
        dependencies=(system.urn,),
    )
    return [made, system, rule]


EFS = "aws:efs/fileSystem:FileSystem"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
TLS = policy(DENY)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (files(EFS, encrypted=True, kmsKeyId="k", guard=TLS, protect=True), None),
        (files(LUSTRE, deploymentType="PERSISTENT_2", kmsKeyId="k", protect=True), None),
        (files(LUSTRE, deploymentType="SCRATCH_2", protect=True), None),
        (files(EFS, encrypted=True, guard=TLS, protect=True), "is not encrypted with a key of ours"),
        (files(EFS, kmsKeyId="k", guard=TLS, protect=True), "is not encrypted with a key of ours"),
        (files(EFS, encrypted=True, kmsKeyId="k", protect=True), "may be mounted without TLS"),
        (files(EFS, encrypted=True, kmsKeyId="k", guard=TLS), "may go, but files needs it"),
        (files(LUSTRE, deploymentType="PERSISTENT_2", protect=True), "is not encrypted with a key of ours"),
        (files(LUSTRE, deploymentType="PERSISTENT_2", kmsKeyId="k"), "may go, but files needs it"),
    ],
)
def test_file_systems_are_guarded(resources: list[RecordedResource], message: str | None) -> None:
    found = [(one.rule, one.message) for one in judge(resources)]
    if message is None:
        assert found == []
    else:
        ((rule, said),) = found
        assert rule == "guarded_files"
        assert message in said


DATABASE: dict[str, Any] = {
    "tags": TAGS,
    "storageEncrypted": True,
    "kmsKeyId": "k",
    "publiclyAccessible": False,
    "manageMasterUserPassword": True,
    "deletionProtection": True,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"storageEncrypted": False}, "is not encrypted with a key of ours"),
        ({"kmsKeyId": None}, "is not encrypted with a key of ours"),
        ({"publiclyAccessible": True}, "has a public address"),
        ({"publiclyAccessible": None}, "has a public address"),
        ({"manageMasterUserPassword": None}, "has a password that RDS did not make"),
        ({"deletionProtection": False}, "may go by AWS, but not by us"),
    ],
)
def test_databases_are_guarded(changes: dict[str, Any], message: str | None) -> None:
    made = key(protect=True)
    database = resource(
        "aws:rds/instance:Instance", {**DATABASE, **changes}, dependencies=(made.urn,), protect=True
    )
    found = [(one.rule, one.message) for one in judge([made, database])]
    assert found == ([] if message is None else [("guarded_databases", message)])


def test_the_key_of_a_database_is_as_protected_as_it_is() -> None:
    made = key(protect=False)
    database = resource("aws:rds/instance:Instance", DATABASE, dependencies=(made.urn,), protect=True)
    ((rule, said),) = [(one.rule, one.message) for one in judge([made, database])]
    assert rule == "guarded_databases"
    assert "may go, but it needs it" in said
