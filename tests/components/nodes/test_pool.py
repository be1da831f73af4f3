from typing import Any

import pulumi

from components.nodes.pool import NodePool, NodePoolArgs
from components.nodes.role import NodeRole, NodeRoleArgs
from infra.environment.pools import Pool
from tests.components.support import (
    PLACE,
    SCOPE,
    Found,
    cluster,
    known,
    network,
    record_component,
    statements,
)


def recorded(**settings: Any) -> Found:
    pool = Pool.model_validate(settings)

    def build(opts: pulumi.ResourceOptions) -> None:
        role = NodeRole("nodes", NodeRoleArgs(scope=SCOPE, place=PLACE), opts)
        args = NodePoolArgs(
            scope=SCOPE,
            name="train",
            pool=pool,
            cluster=cluster(),
            network=network(),
            role_arn=role.arn,
            after=(role,),
        )
        NodePool("train", args, opts)

    return record_component(build)


CPU: dict[str, Any] = {"instances": ["r7i.8xlarge", "r6i.8xlarge"]}
EFA: dict[str, Any] = {"instances": ["p4d.24xlarge"], "zone": "eu-west-1b"}


def test_a_pool_is_what_its_section_says() -> None:
    found = recorded(**CPU, min=2, max=9, capacity="spot", labels={"tier": "batch"}, taints=[{"key": "spot"}])
    group = found.inputs("NodeGroup")
    assert group["instanceTypes"] == ["r7i.8xlarge", "r6i.8xlarge"]
    assert group["scalingConfig"] == {"minSize": 2, "maxSize": 9, "desiredSize": 2}
    assert group["capacityType"] == "SPOT"
    assert group["labels"] == {"mlcluster.io/pool": "train", "tier": "batch"}
    assert group["taints"] == [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["version"] == "1.35"
    assert recorded(**CPU).inputs("NodeGroup")["capacityType"] == "ON_DEMAND"


def test_the_number_of_nodes_is_left_to_the_autoscaler() -> None:
    assert recorded(**CPU).options("NodeGroup").ignore_changes == ("scalingConfig.desiredSize",)


def test_the_instance_type_is_told_to_the_group_and_not_to_the_template() -> None:
    # EKS refuses both: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    template = recorded(**EFA).inputs("LaunchTemplate")
    assert not {"instanceType", "imageId", "iamInstanceProfile", "instanceMarketOptions"} & set(template)


def test_a_new_version_of_the_template_reaches_the_nodes() -> None:
    found = recorded(**CPU)
    assert found.inputs("NodeGroup")["launchTemplate"]["version"] == "1"
    assert found.one("LaunchTemplate").urn in found.one("NodeGroup").dependencies


def test_a_group_can_be_replaced_by_another_before_it_goes() -> None:
    group = recorded(**CPU).inputs("NodeGroup")
    assert "nodeGroupName" not in group
    assert group["nodeGroupNamePrefix"].startswith("mlcluster-test-train")
    assert len(group["nodeGroupNamePrefix"]) <= 37


def test_a_pool_spreads_over_all_zones_unless_it_has_one() -> None:
    assert len(recorded(**CPU).inputs("NodeGroup")["subnetIds"]) == 3
    assert recorded(**EFA).inputs("NodeGroup")["subnetIds"] == ["subnet-private-eu-west-1b"]


def test_nodes_guard_their_metadata_and_encrypt_their_disk() -> None:
    template = recorded(**CPU, disk="200GiB").inputs("LaunchTemplate")
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["metadataOptions"]["httpPutResponseHopLimit"] == 1
    (disk,) = template["blockDeviceMappings"]
    assert disk["deviceName"] == "/dev/xvda"
    assert disk["ebs"] == {
        "volumeSize": 200,
        "volumeType": "gp3",
        "encrypted": "true",
        "deleteOnTermination": "true",
    }


def test_without_efa_eks_adds_the_clusters_security_group_itself() -> None:
    found = recorded(**CPU)
    template = found.inputs("LaunchTemplate")
    assert "networkInterfaces" not in template
    assert "vpcSecurityGroupIds" not in template
    assert found.all("SecurityGroup") == []


def test_efa_traffic_stays_within_the_pool_both_ways() -> None:
    found = recorded(**EFA)
    group = found.one("SecurityGroup")
    for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        rule = found.one(kind)
        assert rule.inputs["securityGroupId"] == rule.inputs["referencedSecurityGroupId"]
        assert rule.inputs["ipProtocol"] == "-1"
        assert group.urn in rule.dependencies
        assert rule.urn in found.one("NodeGroup").dependencies


def test_efa_interfaces_are_in_the_template() -> None:
    found = recorded(**EFA)
    first, *fabric = found.inputs("LaunchTemplate")["networkInterfaces"]
    assert first["interfaceType"] == "interface"
    assert first["securityGroups"] == ["sg-cluster"]
    assert [one["interfaceType"] for one in fabric] == ["efa-only"] * 4
    assert found.inputs("NodeGroup")["amiType"] == "AL2023_x86_64_NVIDIA"


def test_nodes_come_after_what_they_need_and_go_before_it() -> None:
    found = recorded(**CPU)
    policies = {f"RolePolicyAttachment::{name}" for name in found.names("RolePolicyAttachment")}
    assert policies <= found.before(found.one("NodeGroup"))


def test_nodes_may_join_pull_and_give_addresses_and_nothing_else() -> None:
    found = recorded(**CPU)
    assert {one.inputs["policyArn"].rpartition("/")[2] for one in found.all("RolePolicyAttachment")} == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKS_CNI_Policy",
    }
    assert found.all("RolePolicy") == []
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_two_pools_stand_side_by_side() -> None:
    def build(opts: pulumi.ResourceOptions) -> None:
        for name in ("one", "two"):
            args = NodePoolArgs(
                scope=SCOPE,
                name=name,
                pool=Pool.model_validate(EFA),
                cluster=cluster(),
                network=network(),
                role_arn=known("arn:aws:iam::111122223333:role/node"),
            )
            NodePool(name, args, opts)

    found = record_component(build)
    assert found.names("NodeGroup") == ["one", "two"]
    for kind in ("LaunchTemplate", "SecurityGroup"):
        assert len({one.inputs["name"] for one in found.all(kind)}) == 2
