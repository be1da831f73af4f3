import json

import pulumi
import pytest

from components.cluster.addons import (
    AFTER_NODES,
    BEFORE_NODES,
    ClusterAddons,
    ClusterAddonsArgs,
    configuration,
)
from infra.addressing import CNI_ENVIRONMENT
from infra.catalog import versions
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements


def recorded(names: tuple[str, ...]) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        first = pulumi.ComponentResource("mlcluster:test:First", "first", {}, opts)
        args = ClusterAddonsArgs(scope=SCOPE, place=PLACE, cluster=cluster(), names=names, after=(first,))
        ClusterAddons("addons", args, opts)

    return record_component(build)


@pytest.mark.parametrize("names", [BEFORE_NODES, AFTER_NODES])
def test_addons_are_pinned_to_what_the_catalog_says(names: tuple[str, ...]) -> None:
    found = recorded(names)
    assert {one.inputs["addonName"] for one in found.all("Addon")} == set(names)
    for addon in found.all("Addon"):
        pinned = versions.version("1.35").addons[addon.inputs["addonName"]]
        assert addon.inputs["addonVersion"] == pinned.version
        assert addon.inputs["resolveConflictsOnCreate"] == "OVERWRITE"
        assert addon.inputs["resolveConflictsOnUpdate"] == "OVERWRITE"


def test_all_addons_of_the_issue_are_there_and_none_twice() -> None:
    assert sorted(BEFORE_NODES + AFTER_NODES) == [
        "aws-ebs-csi-driver",
        "coredns",
        "eks-pod-identity-agent",
        "kube-proxy",
        "vpc-cni",
    ]


def test_only_the_driver_of_disks_has_rights_and_it_has_them_first_and_last() -> None:
    assert recorded(BEFORE_NODES).all("Role") == []
    found = recorded(AFTER_NODES)
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "mlcluster-test",
        "aws:RequestTag/kubernetes-namespace": ["kube-system"],
        "aws:RequestTag/kubernetes-service-account": "ebs-csi-controller-sa",
    }
    association = found.one("PodIdentityAssociation")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == (
        "kube-system",
        "ebs-csi-controller-sa",
    )
    assert found.one("RolePolicyAttachment").urn in association.dependencies
    assert association.urn in found.one("Addon", "addons-aws-ebs-csi-driver").dependencies
    assert association.urn not in found.one("Addon", "addons-coredns").dependencies


def test_network_policies_are_enforced_and_addresses_are_held_as_the_address_plan_counts() -> None:
    values = json.loads(configuration("vpc-cni", {}) or "")
    assert values["enableNetworkPolicy"] == "true"
    assert CNI_ENVIRONMENT.items() <= values["env"].items()


def test_what_addons_create_at_aws_is_tagged() -> None:
    tags = SCOPE.tags("addons")
    cni, disks = (json.loads(configuration(name, tags) or "") for name in ("vpc-cni", "aws-ebs-csi-driver"))
    assert json.loads(cni["env"]["ADDITIONAL_ENI_TAGS"]) == tags
    assert disks["controller"]["extraVolumeTags"] == tags
    assert configuration("kube-proxy", tags) is None
