from __future__ import annotations

import base64

import pytest

from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import ACCOUNT, Bench


def test_zones_of_a_region(bench: Bench) -> None:
    token = "aws:index/getAvailabilityZones:getAvailabilityZones"
    found = bench.session.invoke(token, {"state": "available"})
    assert found["names"][:2] == ["us-east-1a", "us-east-1b"]
    assert len(found["zoneIds"]) == len(found["names"])
    fewer = bench.session.invoke(token, {"excludeNames": ["us-east-1a"]})
    assert fewer["names"] == found["names"][1:]
    assert bench.session.invoke(token, {"region": "eu-west-1"})["names"][0] == "eu-west-1a"
    named = {"filters": [{"name": "zone-name", "values": ["us-east-1c"]}]}
    assert bench.session.invoke(token, named)["names"] == ["us-east-1c"]


def test_where_and_who(bench: Bench) -> None:
    who = bench.session.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert who["accountId"] == ACCOUNT
    assert bench.session.invoke("aws:index/getRegion:getRegion", {})["region"] == "us-east-1"
    china = bench.session.invoke("aws:index/getPartition:getPartition", {"region": "cn-north-1"})
    assert (china["partition"], china["reverseDnsPrefix"]) == ("aws-cn", "cn.com.amazonaws")


def test_parameters_of_node_images_and_others(bench: Bench) -> None:
    token = "aws:ssm/getParameter:getParameter"
    image = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/recommended"
    assert bench.session.invoke(token, {"name": f"{image}/release_version"})["value"].startswith("1.35.0-20")
    ami = bench.session.invoke(token, {"name": f"{image}/image_id"})
    assert ami["value"].startswith("ami-")
    assert ami == bench.session.invoke(token, {"name": f"{image}/image_id"}), "the same every time"
    cloud = bench.package.cloud(ACCOUNT)
    cloud.call("ssm", "us-east-1", "put_parameter", {"Name": "/mine", "Value": "v", "Type": "String"})
    assert bench.session.invoke(token, {"name": "/mine"})["value"] == "v"
    with pytest.raises(Refused, match="ParameterNotFound"):
        bench.session.invoke(token, {"name": "/none"})


def test_tokens_name_their_cluster(bench: Bench) -> None:
    token = bench.session.invoke("aws:eks/getClusterAuth:getClusterAuth", {"name": "dev"})["token"]
    kind, _, payload = token.partition(".")
    assert kind == "k8s-aws-v1"
    assert base64.urlsafe_b64decode(payload + "===").endswith(b"x-k8s-aws-id=dev")
