from typing import Any

import pulumi
import pytest

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


BLOCK: dict[str, Any] = {
    "instances": ["p5.48xlarge"],
    "zone": "eu-west-1b",
    "max": 4,
    "capacity": {"block": "cr-0123456789abcdef0", "ends": "2027-01-15T11:30:00Z"},
}


def test_nodes_of_a_block_are_bought_by_the_template() -> None:
    found = recorded(**BLOCK)
    group, launch = found.inputs("NodeGroup"), found.inputs("LaunchTemplate")
    assert group["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in group
    assert launch["instanceType"] == "p5.48xlarge"
    assert launch["instanceMarketOptions"] == {"marketType": "capacity-block"}
    target = launch["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": "cr-0123456789abcdef0"}
    assert group["updateConfig"]["updateStrategy"] == "MINIMAL"


def test_nodes_of_a_reservation_are_on_demand_ones_that_are_aimed() -> None:
    found = recorded(instances=["p5.48xlarge"], capacity={"reservation": "cr-0123456789abcdef0"})
    group = found.inputs("NodeGroup")
    assert (group["capacityType"], group["instanceTypes"]) == ("ON_DEMAND", ["p5.48xlarge"])
    assert "capacityReservationSpecification" in found.inputs("LaunchTemplate")
    assert "instanceMarketOptions" not in found.inputs("LaunchTemplate")


def test_nodes_stand_close_together_where_that_is_asked_for() -> None:
    found = recorded(**EFA, placement="cluster")
    group = found.one("PlacementGroup")
    assert group.inputs["strategy"] == "cluster"
    assert found.inputs("LaunchTemplate")["placement"] == {"groupName": group.inputs["name"]}
    assert group.urn in found.one("LaunchTemplate").dependencies
    assert recorded(**EFA).all("PlacementGroup") == []


def test_a_large_pool_is_several_groups_of_one_template() -> None:
    found = recorded(instances=["p4d.24xlarge"], zone="eu-west-1b", min=512, max=512, placement="cluster")
    assert found.names("NodeGroup") == ["train", "train.2"]
    sizes = [found.inputs("NodeGroup", name)["scalingConfig"]["maxSize"] for name in ("train", "train.2")]
    assert sizes == [256, 256]
    assert len(found.all("LaunchTemplate")) == len(found.all("PlacementGroup")) == 1
    assert len({one.inputs["nodeGroupNamePrefix"] for one in found.all("NodeGroup")}) == 2
    labels = {one.inputs["labels"]["mlcluster.io/pool"] for one in found.all("NodeGroup")}
    assert labels == {"train"}


def test_an_autoscaler_is_told_what_empty_groups_would_offer() -> None:
    found = recorded(**EFA, max=4)
    tags = {one.inputs["tag"]["key"]: one.inputs["tag"]["value"] for one in found.all("Tag")}
    assert tags["k8s.io/cluster-autoscaler/node-template/resources/vpc.amazonaws.com/efa"] == "4"
    assert {one.inputs["autoscalingGroupName"] for one in found.all("Tag")} != {""}
    assert all(found.one("NodeGroup").urn in one.dependencies for one in found.all("Tag"))
    assert recorded(**EFA, min=1, max=4).all("Tag") == []


def test_shared_gpus_are_on_the_nodes_labels() -> None:
    labels = recorded(instances=["g6.xlarge"], sharing={"time_slices": 4}).inputs("NodeGroup")["labels"]
    assert labels == {
        "mlcluster.io/pool": "train",
        "mlcluster.io/local-nvme": "true",
        "nvidia.com/device-plugin.config": "time-slices-4",
        "k8s.amazonaws.com/accelerator": "l4",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"instances": ["g6.xlarge"]}, "l4"),
        ({"instances": ["g6.xlarge"], "image": {"family": "bottlerocket"}}, "l4"),
        ({"instances": ["p5.4xlarge"], "sharing": {"mps": 4}}, "h100"),
        ({"instances": ["p5.4xlarge"], "sharing": {"mig": "1g.10gb"}}, None),
        ({"instances": ["trn1.32xlarge"]}, None),
        ({"instances": ["m7i.large"]}, None),
    ],
)
def test_the_autoscaler_waits_for_gpus_that_a_node_will_offer(
    fields: dict[str, Any], expected: str | None
) -> None:
    labels = recorded(**fields).inputs("NodeGroup")["labels"]
    assert labels.get("k8s.amazonaws.com/accelerator") == expected


def test_nodes_with_scratch_of_their_own_say_so() -> None:
    def scratch(**fields: Any) -> bool:
        return "mlcluster.io/local-nvme" in recorded(**fields).inputs("NodeGroup")["labels"]

    assert scratch(instances=["g6.xlarge"])
    assert not scratch(instances=["r7i.8xlarge"])
    assert not scratch(instances=["g6.xlarge"], image={"family": "bottlerocket"})


def test_a_pool_can_be_repaired_kept_warm_and_pinned() -> None:
    group = recorded(
        **CPU,
        max=10,
        repair={"at_once": 2, "stop_above": "10%"},
        warm={"min": 2, "prepared": 4, "reuse": True},
        update={"unavailable": 3, "strategy": "minimal"},
        image={"release": "1.35.2-20260720"},
    ).inputs("NodeGroup")
    assert group["nodeRepairConfig"] == {
        "enabled": True,
        "maxParallelNodesRepairedCount": 2,
        "maxUnhealthyNodeThresholdPercentage": 10,
    }
    assert group["warmPoolConfig"] == {
        "minSize": 2,
        "maxGroupPreparedCapacity": 4,
        "poolState": "STOPPED",
        "reuseOnScaleIn": True,
    }
    assert group["updateConfig"] == {"maxUnavailable": 3, "updateStrategy": "MINIMAL"}
    assert group["releaseVersion"] == "1.35.2-20260720"
    plain = recorded(**CPU).inputs("NodeGroup")
    assert not {"nodeRepairConfig", "warmPoolConfig", "releaseVersion"} & set(plain)


def test_bottlerocket_is_another_image() -> None:
    bottlerocket = {"image": {"family": "bottlerocket"}}
    assert recorded(**EFA, **bottlerocket).inputs("NodeGroup")["amiType"] == "BOTTLEROCKET_x86_64_NVIDIA"
