from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from operations.twin.aws import http
from operations.twin.aws.cloud import access_key
from tests.operations.twin.aws.bench import ACCOUNT, Bench, cluster, network, node_group, role


@pytest.fixture
def port(bench: Bench) -> Iterator[int]:
    stop, port = http.start(bench.package)
    yield port
    stop()


def client(port: int, service: str, key: str = "testing") -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_outsiders_see_and_change_what_the_engine_made(bench: Bench, port: int) -> None:
    at = network(bench)
    nodes = node_group(bench, at, cluster(bench, at))
    heard: list[int] = []
    bench.package.on_node_groups(lambda: heard.append(len(bench.package.node_groups())))
    eks = client(port, "eks")
    described = eks.describe_cluster(name="dev")["cluster"]
    assert described["accessConfig"]["authenticationMode"] == "API"
    assert described["resourcesVpcConfig"]["vpcId"] == at.vpc.id
    eks.delete_nodegroup(clusterName="dev", nodegroupName=nodes["nodeGroupName"])
    assert heard[-1] == 0
    assert bench.read(nodes) is None
    eks.delete_cluster(name="dev")
    ec2 = client(port, "ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [at.vpc.id]}])[
        "SecurityGroups"
    ]
    assert [group["GroupName"] for group in groups] == ["default"], "the cluster's own group went with it"
    bucket = bench.make("aws:s3/bucket:Bucket", bucket="mlcluster-dev-raw")
    s3 = client(port, "s3")
    s3.put_object(Bucket=bucket.id, Key="a", Body=b"x")
    assert s3.list_objects_v2(Bucket=bucket.id)["KeyCount"] == 1


def test_what_moto_lacks_is_there_for_outsiders_too(bench: Bench, port: int) -> None:
    cluster(bench, network(bench))
    arn = role(bench, "pods", "pods.eks.amazonaws.com")["arn"]
    bench.make("aws:eks/addon:Addon", clusterName="dev", addonName="vpc-cni")
    admin = "arn:aws:iam::123456789012:role/path/Admin"
    entry = bench.make("aws:eks/accessEntry:AccessEntry", clusterName="dev", principalArn=admin)
    pod = {"clusterName": "dev", "namespace": "a", "serviceAccount": "b"}
    bench.make("aws:eks/podIdentityAssociation:PodIdentityAssociation", **pod, roleArn=arn)
    eks = client(port, "eks")
    assert eks.list_addons(clusterName="dev")["addons"] == ["vpc-cni"]
    assert (
        eks.describe_access_entry(clusterName="dev", principalArn=admin)["accessEntry"]["type"] == "STANDARD"
    )
    assert eks.list_pod_identity_associations(clusterName="dev", namespace="none")["associations"] == []
    assert len(eks.list_pod_identity_associations(clusterName="dev", namespace="a")["associations"]) == 1
    eks.tag_resource(resourceArn=entry["accessEntryArn"], tags={"a": "1", "b": "2"})
    eks.untag_resource(resourceArn=entry["accessEntryArn"], tagKeys=["a"])
    assert eks.list_tags_for_resource(resourceArn=entry["accessEntryArn"])["tags"] == {"b": "2"}
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*No addon: coredns found"):
        eks.describe_addon(clusterName="dev", addonName="coredns")
    key = bench.make("aws:kms/key:Key", enableKeyRotation=True, rotationPeriodInDays=100)
    assert client(port, "kms").get_key_rotation_status(KeyId=key.id)["RotationPeriodInDays"] == 100


def test_keys_of_the_twin_name_their_account(bench: Bench, port: int) -> None:
    assert client(port, "sts").get_caller_identity()["Account"] == ACCOUNT, "the one that a program used last"
    other = client(port, "sts", access_key("210987654321"))
    assert other.get_caller_identity()["Account"] == "210987654321"
    bench.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    mine = {"Filters": [{"Name": "is-default", "Values": ["false"]}]}
    assert len(client(port, "ec2").describe_vpcs(**mine)["Vpcs"]) == 1
    assert client(port, "ec2", access_key("210987654321")).describe_vpcs(**mine)["Vpcs"] == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (
            "/moto-api/reset",
            {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ec2/aws4_request"},
        ),
        ("/", {}),
        ("/", {"Authorization": "Bearer x"}),
        (
            "/",
            {
                "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ec2/aws4_request",
                "Host": "evil.example.com",
            },
        ),
    ],
)
def test_web_pages_cannot_reach_in(bench: Bench, port: int, path: str, headers: dict[str, str]) -> None:
    made = bench.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    body = f"Action=DeleteVpc&VpcId={made.id}&Version=2016-11-15".encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body, headers=headers, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403
    assert "Access-Control-Allow-Origin" not in caught.value.headers
    assert bench.read(made) is not None
