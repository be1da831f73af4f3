from __future__ import annotations

from operations.twin.aws.package import AwsPackage
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, cluster, network, node_group


def test_an_account_that_nobody_used_has_nothing(package: AwsPackage) -> None:
    session = package.session()
    session.configure({"region": "us-east-1"})
    for service, method in (("ec2", "describe_vpcs"), ("kms", "list_aliases"), ("iam", "list_roles")):
        package.cloud(ACCOUNT).call(service, "us-east-1", method, {})
    assert package.inventory() == ()


def test_everything_is_listed_with_its_environment(bench: Bench) -> None:
    at = network(bench)
    node_group(bench, at, cluster(bench, at))
    key = bench.make("aws:kms/key:Key", tags=TAGS)
    bench.make("aws:kms/alias:Alias", targetKeyId=key.id)
    bench.make("aws:ec2/vpc:Vpc", "far", cidrBlock="10.0.0.0/16", region="eu-west-1", tags=TAGS)
    items = bench.package.inventory()
    assert [(item.service, item.type, item.environment) for item in items] == [
        ("ec2", "security-group", None),  # the cluster's own
        ("ec2", "subnet", "dev"),
        ("ec2", "subnet", "dev"),
        ("ec2", "vpc", "dev"),
        ("ec2", "vpc", "dev"),
        ("eks", "cluster", "dev"),
        ("eks", "nodegroup", "dev"),
        ("iam", "role", "dev"),
        ("iam", "role", "dev"),
        ("kms", "alias", "dev"),
        ("kms", "key", "dev"),
    ]


def test_leftovers_that_no_type_makes_are_seen(bench: Bench) -> None:
    """A load balancer's network interface, say, that nobody deleted."""
    at = network(bench)
    cloud = bench.package.cloud(ACCOUNT)
    cloud.call("ec2", "us-east-1", "create_network_interface", {"SubnetId": at.subnets[0].id})
    assert "network-interface" in {item.type for item in bench.package.inventory()}
