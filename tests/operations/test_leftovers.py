from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from infra.environment import Environment, find, load
from operations.leftovers import Leftover, at_aws, on_twin
from operations.twin.backend import Item
from operations.twin.manager import Twin


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """The dev environment over an AWS that holds things of it, and things that are only named alike."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        ec2 = boto3.client("ec2", region_name="us-east-1")
        for owner in ("dev", "dev-data", "de", None):
            tags = [{"Key": "mlcluster:environment", "Value": owner}] if owner else []
            specification = [{"ResourceType": "vpc", "Tags": tags}] if tags else []
            ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)
        yield load(find("dev"))


def test_only_the_environments_own_things_are_left_over(dev: Environment) -> None:
    mine = boto3.client("ec2", region_name="us-east-1").describe_vpcs(
        Filters=[{"Name": "tag:mlcluster:environment", "Values": ["dev"]}]
    )["Vpcs"]
    assert len(mine) == 1
    assert at_aws(dev) == (Leftover("ec2", "vpc", mine[0]["VpcId"]),)


def test_an_existing_cluster_leaves_nothing_at_aws(dev: Environment) -> None:
    assert at_aws(dev.model_copy(update={"platform": "kubernetes"})) == ()


def test_on_a_twin_what_is_nobodys_is_left_over_but_for_kinds(
    dev: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Item("kubernetes", "ConfigMap", "default/mine", {"mlcluster.io/environment": "dev"})
    theirs = Item("kubernetes", "ConfigMap", "default/theirs", {"mlcluster.io/environment": "prod"})
    nobodys = Item("kubernetes", "TargetGroupBinding", "default/forgotten")
    kind = Item("kubernetes", "CustomResourceDefinition", "targetgroupbindings.elbv2.k8s.aws")
    marked = Item("kubernetes", "CustomResourceDefinition", "a.example.com", mine.tags)
    monkeypatch.setattr(Twin, "inventory", lambda _: (mine, theirs, nobodys, kind, marked))
    left = on_twin(Twin("dev"), dev)
    assert {one.id for one in left} == {mine.id, nobodys.id, marked.id}
