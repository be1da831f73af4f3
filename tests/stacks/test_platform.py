"""How the components are put together: what comes before what, and so what goes after what."""

import copy
from typing import Any

import pytest

from infra import environment
from operations.recorder import record
from tests.components.support import Found

SETTINGS: dict[str, Any] = {
    "owner": "somebody",
    "account": "111122223333",
    "network": {"cidr": "10.20.0.0/16", "zones": 3, "nat": "per-zone"},
    "cluster": {
        "version": "1.35",
        "admins": ["arn:aws:iam::111122223333:role/admin"],
        "oidc": {"issuer": "https://login.example.com", "client_id": "kubernetes"},
    },
    "pools": {
        "system": {"instances": ["m7i.2xlarge"], "min": 2, "max": 4},
        "idle": {"instances": ["m7i.2xlarge"], "min": 0, "max": 4},
        "train": {"instances": ["p4d.24xlarge"], "min": 1, "max": 2, "zone": "eu-west-1b"},
    },
    "storage": {"lake": {"keep": "destroy"}},
    "teams": {"fraud": {"members": ["oidc:fraud"], "gpus": 8, "cpu": 8, "memory": "16GiB"}},
    "budget": {"monthly": 1000000, "notify": ["somebody@example.com"]},
}


def parsed(without: tuple[str, ...] = (), **changes: Any) -> environment.Environment:
    settings = {key: value for key, value in copy.deepcopy(SETTINGS).items() if key not in without}
    return environment.parse(
        "test", {"aws:region": "eu-west-1", "mlcluster:environment": {**settings, **changes}}
    )


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed()))


def test_the_longest_way_is_network_control_plane_nodes_addons_teams(found: Found) -> None:
    namespace = found.before(found.one("Namespace", "fraud-training"))
    assert {
        "Subnet::network-intra-eu-west-1a",
        "Cluster::cluster",
        "NodeGroup::system",
        "Addon::system-addons-aws-ebs-csi-driver",
    } <= namespace


def test_nothing_waits_that_need_not(found: Found) -> None:
    cluster = found.before(found.one("Cluster"))
    assert not [
        one for one in cluster if one.startswith(("Bucket", "NatGateway", "Route::", "NodeGroup", "Addon"))
    ]
    for kind in ("Bucket", "Budget", "Key"):
        for one in found.all(kind):
            assert "Cluster::cluster" not in found.before(one)
    for role in found.all("Role"):
        if role.type.startswith("aws:"):
            assert found.before(role) == {"aws::aws"}
    assert not found.before(found.one("NodeGroup", "train")) & {"NodeGroup::system", "NodeGroup::idle"}


@pytest.mark.parametrize("pool", ["system", "idle", "train"])
def test_nodes_have_a_way_out_a_network_plugin_and_rights_before_they_start(found: Found, pool: str) -> None:
    before = found.before(found.one("NodeGroup", pool))
    assert {
        f"Addon::node-addons-{name}" for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
    } <= before
    assert {f"Route::network-private-eu-west-1{zone}" for zone in "abc"} <= before
    assert "RolePolicyAttachment::nodes-AmazonEKS_CNI_Policy" in before


def test_addons_that_run_on_nodes_wait_for_those_that_take_them_in(found: Found) -> None:
    for name in ("coredns", "aws-ebs-csi-driver"):
        before = found.before(found.one("Addon", f"system-addons-{name}"))
        assert "NodeGroup::system" in before
        assert not {"NodeGroup::idle", "NodeGroup::train"} & before


def test_volumes_can_still_be_deleted_while_namespaces_are_emptied(found: Found) -> None:
    before = found.before(found.one("Namespace", "fraud-exploration"))
    assert {"Addon::system-addons-aws-ebs-csi-driver", "NodeGroup::system"} <= before


def test_people_can_enter_before_kubernetes_is_spoken_to_and_as_long_as_it_is(found: Found) -> None:
    before = found.before(found.one("kubernetes"))
    assert {one.split("::")[0] for one in before} >= {"AccessEntry", "AccessPolicyAssociation"}


def test_the_log_group_goes_after_the_cluster(found: Found) -> None:
    assert "LogGroup::cluster" in found.before(found.one("Cluster"))


def test_there_is_one_provider_of_each_and_it_guards_the_account(found: Found) -> None:
    providers = {one.name: one.inputs for one in found.resources if one.type.startswith("pulumi:providers:")}
    assert set(providers) == {"aws", "kubernetes"}
    assert providers["aws"]["allowedAccountIds"] == '["111122223333"]'
    assert providers["aws"]["region"] == "eu-west-1"
    assert providers["kubernetes"]["kubeconfig"] == "[secret]"


def test_outputs_tell_how_to_go_on(found: Found) -> None:
    outputs = found.recording.outputs
    assert outputs["cluster"] == "mlcluster-test"
    assert outputs["kubeconfig"] == "[secret]"
    assert outputs["vpc_id"].startswith("vpc-")
    assert outputs["endpoint"].startswith("https://")
    assert outputs["namespaces"] == {"fraud": ["fraud-exploration", "fraud-training", "fraud-serving"]}
    assert set(outputs["lake"]) == {"raw", "curated", "features", "models"}
    assert outputs["lake_key"].startswith("arn:aws:kms:")


def test_a_section_that_is_absent_is_not_provisioned() -> None:
    bare = Found(record(parsed(without=("storage", "teams", "budget"))))
    for kind in ("Bucket", "Budget", "ResourceQuota"):
        assert bare.all(kind) == []
    assert bare.names("Namespace") == ["gpu-runtime"]  # what the pools' GPUs need
    assert "lake" not in bare.recording.outputs


def test_a_team_without_a_lake_has_its_namespaces_and_no_role() -> None:
    bare = Found(record(parsed(without=("storage",))))
    assert len([one for one in bare.names("Namespace") if one.startswith("fraud-")]) == 3
    accounts = {one.inputs["serviceAccount"] for one in bare.all("PodIdentityAssociation")}
    assert "workload" not in accounts


def test_the_lake_of_another_stack_is_used_by_reference() -> None:
    lake = {zone: f"elsewhere-{zone}" for zone in ("raw", "curated", "features", "models")}
    key = "arn:aws:kms:eu-west-1:111122223333:key/elsewhere"
    references = {"test-data": {"lake": lake, "lake_key": key}}
    there = Found(record(parsed(without=("storage",), data="test-data"), references=references))
    assert there.inputs("StackReference") == {"name": "organization/mlcluster/test-data"}
    assert there.all("Bucket") == []
    assert there.recording.outputs["lake"] == lake
    policy = there.inputs("RolePolicy", "fraud")["policy"]
    assert "arn:aws:s3:::elsewhere-raw/teams/fraud/*" in policy
    assert key in policy


def test_a_pool_more_changes_nothing_else(found: Found) -> None:
    pools = {**SETTINGS["pools"], "more": {"instances": ["m7i.xlarge"], "max": 2}}
    larger = record(parsed(pools=pools))
    before = {one.urn: one for one in found.resources}
    after = {one.urn: one for one in larger.resources}
    assert {urn for urn in before if before[urn] != after.get(urn)} == set()
    # Its group may be empty, so its scaling group tells an autoscaler what its nodes would offer.
    assert {one.name for urn, one in after.items() if urn not in before} == {"more", "more-ephemeral-storage"}


def test_on_an_existing_cluster_there_are_only_teams() -> None:
    settings = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "kind-lab"},
        "teams": SETTINGS["teams"],
    }
    lab = Found(record(environment.parse("lab", {"mlcluster:environment": settings})))
    assert not [one for one in lab.resources if "aws" in one.type]
    assert lab.inputs("kubernetes") == {"context": "kind-lab"}
    assert len(lab.all("Namespace")) == 3
    assert lab.recording.outputs == {
        "namespaces": {"fraud": ["fraud-exploration", "fraud-training", "fraud-serving"]}
    }


@pytest.mark.parametrize("missing", ["network", "cluster"])
def test_an_environment_that_was_never_checked_is_refused(missing: str) -> None:
    unchecked = parsed().model_copy(
        update={missing: None, "storage": environment.Environment.model_fields["storage"].default}
    )
    with pytest.raises(ValueError, match="never checked"):
        record(unchecked)


def test_in_a_preview_nothing_is_known_that_does_not_exist() -> None:
    outputs = record(parsed(), preview=True).outputs
    assert outputs["vpc_id"] == outputs["endpoint"] == "[unknown]"
    assert outputs["cluster"] == "mlcluster-test"
