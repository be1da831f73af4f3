from __future__ import annotations

from typing import Any

import pytest

from operations.twin.aws.cloud import access_key
from operations.twin.aws.package import AwsPackage
from operations.twin.backend import UNKNOWN, PartlyCreated, Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, cluster, network, node_group, urn

VPC = "aws:ec2/vpc:Vpc"
OTHER = "210987654321"


def opened(package: AwsPackage, **config: Any) -> Bench:
    session = package.session()
    session.configure({"region": "us-east-1", **config})
    return Bench(package, session)


def test_accounts_do_not_see_each_other(package: AwsPackage) -> None:
    one = opened(package, allowedAccountIds=f'["{ACCOUNT}"]')
    two = opened(package, allowedAccountIds=f'["{OTHER}"]')
    made = one.make(VPC, cidrBlock="10.0.0.0/16")
    assert f":{ACCOUNT}:" in made["arn"]
    assert two.read(made) is None
    assert f":{OTHER}:" in two.make(VPC, cidrBlock="10.0.0.0/16")["arn"]


def test_the_access_key_says_whose_account_it_is(package: AwsPackage) -> None:
    bench = opened(package, accessKey=access_key(OTHER))
    assert f":{OTHER}:" in bench.make(VPC, cidrBlock="10.0.0.0/16")["arn"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"allowedAccountIds": f'["{ACCOUNT}"]', "accessKey": access_key(OTHER)}, f"not allowed: {OTHER}"),
        ({"forbiddenAccountIds": f'["{ACCOUNT}"]'}, f"AWS account ID not allowed: {ACCOUNT}"),
        ({"region": "us-east-9"}, "'us-east-9' is not an AWS region"),
        ({"region": ""}, "'' is not an AWS region"),
        ({"endpoints": "[]"}, "does not know the setting endpoints"),
    ],
)
def test_a_provider_is_refused(package: AwsPackage, config: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        opened(package, **config)


def test_nothing_works_before_it_is_configured(package: AwsPackage) -> None:
    with pytest.raises(Refused, match="not configured"):
        package.session().create("urn:x::x::x::x", VPC, {"cidrBlock": "10.0.0.0/16"}, 0)


def test_a_resource_may_live_in_another_region(bench: Bench) -> None:
    made = bench.make(VPC, cidrBlock="10.0.0.0/16", region="eu-west-1")
    assert ":eu-west-1:" in made["arn"]
    assert bench.diff(made, region="eu-west-2") == (("region",), ("region",))
    assert bench.diff(made, region=None) == (("region",), ("region",)), "back to the provider's"
    home = bench.make(VPC, "home", cidrBlock="10.0.0.0/16")
    assert bench.diff(home, region="us-east-1") == ((), ()), "where it is already"
    _, failures = bench.session.check(urn(VPC, "x"), VPC, {}, {"cidrBlock": "x", "region": "mars-1"}, b"")
    assert failures == [("region", "'mars-1' is not an AWS region")]
    bench.drop(made)


def test_the_providers_new_region_replaces_what_was_in_the_old(bench: Bench, package: AwsPackage) -> None:
    made = bench.make(VPC, cidrBlock="10.0.0.0/16")
    moved = opened(package, allowedAccountIds=f'["{ACCOUNT}"]', region="eu-west-1")
    assert moved.diff(made) == (("region",), ("region",))
    assert moved.read(made) == (made.inputs, made.state), "until then it is found where it is"


def test_what_the_twin_does_not_know_is_said(bench: Bench) -> None:
    with pytest.raises(Refused, match=r"the twin does not know type aws:sns/topic:Topic yet"):
        bench.session.check(urn("aws:sns/topic:Topic", "q"), "aws:sns/topic:Topic", {}, {}, b"")
    _, failures = bench.session.check(urn(VPC, "x"), VPC, {}, {"ipv4IpamPoolId": "x", "bogus": 1}, b"")
    assert [name for name, _ in failures] == ["cidrBlock", "bogus", "ipv4IpamPoolId"]
    with pytest.raises(Refused, match="does not know function aws:ec2/getAmi:getAmi"):
        bench.session.invoke("aws:ec2/getAmi:getAmi", {})


def test_a_preview_says_what_it_cannot_know(bench: Bench) -> None:
    inputs = bench.inputs(VPC, "x", cidrBlock=UNKNOWN, tags=TAGS)
    preview = bench.session.preview(urn(VPC, "x"), VPC, inputs)
    assert preview["cidrBlock"] is preview["arn"] is preview["mainRouteTableId"] is UNKNOWN
    assert preview["tagsAll"] == TAGS
    assert preview["region"] == "us-east-1"
    assert "__defaults" not in preview
    assert bench.package.inventory() == ()


def test_drift_is_seen_where_it_is_drift(bench: Bench) -> None:
    made = bench.make(VPC, cidrBlock="10.0.0.0/16", tags={"kept": "1", "changed": "1", "gone": "1"})
    plain = bench.make(VPC, "plain", cidrBlock="10.1.0.0/16")
    cloud = bench.package.cloud(ACCOUNT)

    def aws(method: str, **arguments: Any) -> None:
        cloud.call("ec2", "us-east-1", method, arguments)

    aws("create_tags", Resources=[made.id, plain.id], Tags=[{"Key": "changed", "Value": "2"}])
    aws("delete_tags", Resources=[made.id], Tags=[{"Key": "gone"}])
    aws("modify_vpc_attribute", VpcId=plain.id, EnableDnsSupport={"Value": False})
    aws("modify_vpc_attribute", VpcId=plain.id, EnableDnsHostnames={"Value": True})
    seen = bench.read(made)
    assert seen is not None
    assert seen[0] == {**made.inputs, "tags": {"kept": "1", "changed": "2"}}
    unnamed = bench.read(plain)
    assert unnamed is not None
    assert unnamed[0] == {**plain.inputs, "enableDnsSupport": False, "tags": {"changed": "2"}}, (
        "host names were never asked for, so they are AWS' own affair"
    )
    aws("delete_vpc", VpcId=made.id)
    assert bench.read(made) is None


def test_what_exists_can_be_imported(bench: Bench) -> None:
    at = network(bench)
    nodes = node_group(bench, at, cluster(bench, at), labels={"a": "1"})
    found = bench.session.read(nodes.type, nodes.id, {}, {})
    assert found is not None
    inputs, state = found
    assert state.items() >= {"clusterName": "dev", "nodeGroupName": nodes["nodeGroupName"]}.items()
    assert inputs.items() >= {"labels": {"a": "1"}, "instanceTypes": ["m7i.large"]}.items()
    assert "arn" not in inputs
    assert bench.session.read(nodes.type, "dev:none", {}, {}) is None


def test_a_fault_strikes_the_create_it_was_meant_for(bench: Bench) -> None:
    from operations.twin.aws.faults import Fault

    bench.package.fail(Fault(type=VPC, code="VpcLimitExceeded", message="too many", nth=2))
    first = bench.make(VPC, cidrBlock="10.0.0.0/16")
    bench.make("aws:kms/key:Key")
    with pytest.raises(Refused, match=r"^VpcLimitExceeded: too many$"):
        bench.make(VPC, "second", cidrBlock="10.1.0.0/16")
    bench.make(VPC, "second", cidrBlock="10.1.0.0/16")
    assert bench.package.faults.waiting() == ()
    assert bench.read(first) is not None
    with pytest.raises(Refused, match="nth: 0"):
        bench.package.fail(Fault(type=VPC, code="X", nth=0))


def test_what_is_only_half_created_is_told_with_its_id(bench: Bench) -> None:
    from operations.twin.aws.faults import Fault

    bench.package.fail(Fault(type=VPC, code="Timeout", partly=True))
    inputs = bench.inputs(VPC, "x", cidrBlock="10.0.0.0/16")
    with pytest.raises(PartlyCreated, match="Timeout") as caught:
        bench.session.create(urn(VPC, "x"), VPC, inputs, 0)
    assert bench.session.read(VPC, caught.value.id, inputs, caught.value.state) == (
        inputs,
        caught.value.state,
    )
    update = bench.session.update(urn(VPC, "x"), VPC, caught.value.id, caught.value.state, inputs, 0, False)
    assert update == caught.value.state


def test_a_later_step_that_is_refused_leaves_something_to_finish(bench: Bench) -> None:
    """The key exists when its rotation is refused: it must not be lost."""
    type_ = "aws:kms/key:Key"
    inputs = bench.inputs(type_, "x", enableKeyRotation=True, rotationPeriodInDays=5)
    with pytest.raises(PartlyCreated, match="RotationPeriodInDays: 5 is below") as caught:
        bench.session.create(urn(type_, "x"), type_, inputs, 0)
    better = bench.inputs(type_, "x", inputs, enableKeyRotation=True, rotationPeriodInDays=100)
    session, half = bench.session, caught.value
    finished = session.update(urn(type_, "x"), type_, half.id, half.state, better, 0, False)
    assert (finished["enableKeyRotation"], finished["rotationPeriodInDays"]) == (True, 100)
