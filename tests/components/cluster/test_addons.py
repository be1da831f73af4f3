import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.cluster import addon_choice
from components.cluster.addon_choice import AFTER_NODES, BEFORE_NODES
from components.cluster.addons import ClusterAddons, ClusterAddonsArgs, configuration, networking
from infra import cni
from infra.addressing import CNI_ENVIRONMENT, PodAddresses
from infra.catalog import versions
from infra.environment.pools import Pool
from infra.environment.storage import Storage
from infra.handles import NetworkHandle
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


def recorded(*names: str, at: NetworkHandle | None = None) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        first = pulumi.ComponentResource("mlcluster:test:First", "first", {}, opts)
        args = ClusterAddonsArgs(
            scope=SCOPE, place=PLACE, cluster=cluster(), network=at or network(), names=names, after=(first,)
        )
        ClusterAddons("addons", args, opts)

    return record_component(build)


EVERYTHING = (*BEFORE_NODES, *AFTER_NODES, addon_choice.NODE_HEALTH, *addon_choice.SERVED_BY.values())


def test_addons_are_pinned_to_what_the_catalog_says() -> None:
    found = recorded(*EVERYTHING)
    assert {one.inputs["addonName"] for one in found.all("Addon")} == set(EVERYTHING)
    for addon in found.all("Addon"):
        pinned = versions.version("1.35").addons[addon.inputs["addonName"]]
        assert addon.inputs["addonVersion"] == pinned.version
        assert addon.inputs["resolveConflictsOnCreate"] == "OVERWRITE"
        assert addon.inputs["resolveConflictsOnUpdate"] == "OVERWRITE"


def test_every_addon_that_may_be_asked_for_is_pinned_for_every_version() -> None:
    for version in versions.versions().values():
        assert set(EVERYTHING) == set(version.addons)


def test_a_small_cluster_has_what_every_cluster_has() -> None:
    pools = {"system": Pool.model_validate({"instances": ["m7i.large"], "min": 2, "max": 4})}
    assert addon_choice.on_every_node(pools) == BEFORE_NODES
    assert addon_choice.on_some_node(Storage()) == AFTER_NODES


def test_a_pool_that_is_repaired_needs_the_agent_that_sees_what_is_wrong() -> None:
    pool = Pool.model_validate({"instances": ["m7i.large"], "min": 2, "max": 4, "repair": {}})
    assert addon_choice.on_every_node({"system": pool}) == (*BEFORE_NODES, "eks-node-monitoring-agent")


@pytest.mark.parametrize("section", addon_choice.SERVED_BY)
def test_a_section_of_storage_is_served_by_its_driver(section: str) -> None:
    class Asked:
        """Storage with one section, whatever is in it."""

    asked: Any = Asked()
    setattr(asked, section, {"something": object()})
    assert addon_choice.on_some_node(asked) == (*AFTER_NODES, addon_choice.SERVED_BY[section])


@pytest.mark.parametrize(
    ("addon", "role", "account"),
    [
        ("aws-ebs-csi-driver", "disks", "ebs-csi-controller-sa"),
        ("aws-efs-csi-driver", "shared", "efs-csi-controller-sa"),
        ("aws-fsx-csi-driver", "lustre", "fsx-csi-controller-sa"),
    ],
)
def test_a_driver_has_its_rights_first_and_last_and_nobody_else_has_them(
    addon: str, role: str, account: str
) -> None:
    found = recorded(addon, "coredns")
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "mlcluster-test",
        "aws:RequestTag/kubernetes-namespace": ["kube-system"],
        "aws:RequestTag/kubernetes-service-account": account,
    }
    assert found.inputs("Role")["name"] == f"mlcluster-test-{role}"
    association = found.one("PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == account
    assert association.urn in found.one("Addon", f"addons-{addon}").dependencies
    assert association.urn not in found.one("Addon", "addons-coredns").dependencies


@pytest.mark.parametrize(
    "addon",
    [
        *BEFORE_NODES,
        "coredns",
        "snapshot-controller",
        "aws-mountpoint-s3-csi-driver",
        addon_choice.NODE_HEALTH,
    ],
)
def test_all_other_addons_have_no_rights(addon: str) -> None:
    assert recorded(addon).all("Role") == []


def test_disks_and_shared_files_have_what_aws_says_and_lustre_only_looks() -> None:
    for addon, policy in (
        ("aws-ebs-csi-driver", "AmazonEBSCSIDriverPolicy"),
        ("aws-efs-csi-driver", "AmazonEFSCSIDriverPolicy"),
    ):
        attached = recorded(addon).inputs("RolePolicyAttachment")
        assert attached["policyArn"] == f"arn:aws:iam::aws:policy/service-role/{policy}"
    lustre = recorded("aws-fsx-csi-driver")
    assert lustre.all("RolePolicyAttachment") == []
    (statement,) = statements(lustre.inputs("RolePolicy")["policy"])
    assert statement["Action"] == ["fsx:DescribeFileSystems"]


def test_network_policies_are_enforced_and_addresses_are_held_as_the_address_plan_counts() -> None:
    values = json.loads(recorded("vpc-cni").inputs("Addon")["configurationValues"])
    assert values["enableNetworkPolicy"] == "true"
    assert CNI_ENVIRONMENT.items() <= values["env"].items()
    assert "eniConfig" not in values


def test_pods_with_a_range_of_their_own_get_its_subnets_and_the_clusters_group() -> None:
    pods = {zone: known(f"subnet-pods-{zone}") for zone in ("eu-west-1a", "eu-west-1b")}
    there = replace(network(), pods=pods, addresses=PodAddresses(blocks=True, apart=True))
    found = recorded("vpc-cni", at=there)
    values = json.loads(found.inputs("Addon")["configurationValues"])
    assert values["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert values["eniConfig"]["subnets"]["eu-west-1b"] == {
        "id": "subnet-pods-eu-west-1b",
        "securityGroups": ["sg-cluster"],
    }


def test_what_addons_create_at_aws_is_tagged() -> None:
    tags = SCOPE.tags("addons")
    addresses = cni.configuration(PodAddresses(), region="eu-west-1", subnets={}, security_group="")
    interfaces = json.loads(networking(tags, addresses))["env"]["ADDITIONAL_ENI_TAGS"]
    assert json.loads(interfaces) == tags
    disks = json.loads(configuration("aws-ebs-csi-driver", tags) or "")
    assert disks["controller"]["extraVolumeTags"] == tags
    assert configuration("kube-proxy", tags) is None


def test_what_runs_on_every_node_runs_on_those_with_gpus_too() -> None:
    mounts = json.loads(configuration("aws-mountpoint-s3-csi-driver", {}) or "")
    assert mounts["node"]["tolerateAllTaints"] is True
    health = json.loads(configuration("eks-node-monitoring-agent", {}) or "")
    assert health["dcgmAgent"]["tolerations"] == [{"operator": "Exists"}]
