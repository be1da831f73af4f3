"""A recording in Terraform's words."""

from __future__ import annotations

from typing import Any

import pulumi_aws
import pytest

from infra.resources import RecordedResource
from operations.scan import terraform

assert pulumi_aws.Provider  # as in a program: types are looked up in the SDK, once
URN = "urn:pulumi:test::mlcluster::"
PROVIDER = RecordedResource(
    urn=f"{URN}pulumi:providers:aws::aws",
    type="pulumi:providers:aws",
    name="aws",
    inputs={"region": "eu-west-1", "allowedAccountIds": '["111122223333"]'},
)


def resource(token: str, name: str, *after: RecordedResource, **inputs: Any) -> RecordedResource:
    return RecordedResource(
        urn=f"{URN}{token}::{name}",
        type=token,
        name=name,
        dependencies=tuple(one.urn for one in after),
        inputs=inputs,
    )


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws_s3_bucket_public_access_block"),
        ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "aws_s3_bucket_replication_configuration"),
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "aws_launch_template"),
        ("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "aws_ec2_transit_gateway_vpc_attachment"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:cloudwatch/eventRule:EventRule", "aws_cloudwatch_event_rule"),
        ("aws:amp/workspace:Workspace", "aws_prometheus_workspace"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:rds/cluster:Cluster", "aws_rds_cluster"),
        ("aws:msk/cluster:Cluster", "aws_msk_cluster"),
    ],
)
def test_types_are_called_as_terraform_calls_them(token: str, expected: str) -> None:
    assert terraform.type_of(token) == expected


def test_names_are_in_its_spelling_and_blocks_are_lists() -> None:
    given = {
        "bucketKeyEnabled": True,
        "encryptionConfig": {"provider": {"keyArn": "arn"}, "resources": ["secrets"]},
        "rules": [{"filter": {"prefix": ""}}],
        "policies": [{"kmsKeyId": "k"}],
        "blockDeviceMappings": [{"ebs": {"volumeType": "gp3"}}],
        "subnetIds": ["subnet-1"],
        "tags": {"ownerTeam": "x"},
        "parameters": [{"applyMethod": "immediate"}],
    }
    assert terraform.values(given) == {
        "bucket_key_enabled": True,
        "encryption_config": [{"provider": [{"key_arn": "arn"}], "resources": ["secrets"]}],
        "rule": [{"filter": [{"prefix": ""}]}],
        "policy": [{"kms_key_id": "k"}],
        "block_device_mappings": [{"ebs": [{"volume_type": "gp3"}]}],
        "subnet_ids": ["subnet-1"],
        "tags": {"ownerTeam": "x"},
        "parameter": [{"apply_method": "immediate"}],
    }


def test_what_refers_to_another_resource_says_so_and_what_only_waits_for_it_does_not() -> None:
    key = resource("aws:kms/key:Key", "lake")
    bucket = resource("aws:s3/bucket:Bucket", "lake/raw", bucket="a-bucket")
    (known,) = (
        one for one in terraform._identities(key, terraform._account([PROVIDER])) if one.startswith("arn:")
    )
    assert ":eu-west-1:111122223333:key/" in known
    rules = [{"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": known}}]
    encrypted = resource(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "lake",
        *(key, bucket),
        bucket="a-bucket",
        rules=rules,
    )
    waits = resource("aws:ec2/vpc:Vpc", "network", bucket, cidrBlock="10.0.0.0/16")
    plan = terraform.plan([PROVIDER, key, bucket, encrypted, waits])
    configured = {
        one["address"]: one["expressions"] for one in plan["configuration"]["root_module"]["resources"]
    }
    found = configured["aws_s3_bucket_server_side_encryption_configuration.lake"]
    assert found["bucket"]["references"] == ["aws_s3_bucket.lake-raw.id", "aws_s3_bucket.lake-raw"]
    assert "aws_kms_key.lake" in found["rule"]["references"]
    assert configured["aws_vpc.network"] == {}


def test_components_and_what_is_not_at_aws_are_left_out() -> None:
    group = RecordedResource(urn=f"{URN}aws:x/y:Z::a", type="aws:x/y:Z", name="a", custom=False)
    plan = terraform.plan([PROVIDER, group, resource("kubernetes:core/v1:Namespace", "a")])
    assert plan["planned_values"]["root_module"]["resources"] == plan["resource_changes"] == []
