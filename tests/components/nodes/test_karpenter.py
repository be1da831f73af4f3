"""Karpenter's controller: its rights, its queue, its chart, and what comes before what."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.nodes import karpenter_manifests as manifests
from components.nodes import karpenter_policies as policies
from components.nodes.karpenter import Karpenter, KarpenterArgs
from components.nodes.karpenter_queue import EVENTS
from components.nodes.role import NodeRole, NodeRoleArgs
from infra.places import Place
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

UPSTREAM = Path(__file__).parents[4] / "shared" / "upstream" / "karpenter"
upstream = pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there")

NODE_ROLE = "arn:aws:iam::111122223333:role/node"
PROFILE = "arn:aws:iam::111122223333:instance-profile/node"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:interruptions"


def site(**changes: Any) -> manifests.Site:
    return manifests.Site(**{"host_pools": ["system"], "hosts": 3, **changes})


def recorded(**changes: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        role = NodeRole("nodes", NodeRoleArgs(scope=SCOPE, place=PLACE), opts)
        args = KarpenterArgs(
            scope=SCOPE,
            place=PLACE,
            cluster=cluster(),
            node_role_arn=role.arn,
            after=(role,),
            site=site(**changes),
        )
        Karpenter("karpenter", args, opts)

    return record_component(build)


def rights(**changes: Any) -> dict[str, dict[str, Any]]:
    given: dict[str, Any] = {
        "place": PLACE,
        "cluster": "mlcluster-test",
        "node_role": NODE_ROLE,
        "profile": PROFILE,
        "queue": QUEUE,
        "zonal_shift": False,
        **changes,
    }
    return {one["Sid"]: one for one in statements(policies.controller(**given))}


def values(**changes: Any) -> dict[str, Any]:
    return manifests.controller_values("mlcluster-test", "interruptions", site(**changes))


# --- rights


def test_nothing_is_launched_or_deleted_but_what_is_tagged_as_the_clusters() -> None:
    mine = "kubernetes.io/cluster/mlcluster-test"
    found = rights()
    for sid in ("LaunchWithTags", "TagAtLaunch"):
        condition = found[sid]["Condition"]
        assert condition["StringEquals"][f"aws:RequestTag/{mine}"] == "owned"
        assert condition["StringEquals"]["aws:RequestTag/eks:eks-cluster-name"] == "mlcluster-test"
        assert condition["StringLike"] == {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    for sid in ("LaunchFromOwnTemplates", "TagOwnInstances", "DeleteOwn"):
        condition = found[sid]["Condition"]
        assert condition["StringEquals"] == {f"aws:ResourceTag/{mine}": "owned"}
        assert condition["StringLike"] == {"aws:ResourceTag/karpenter.sh/nodepool": "*"}
    assert found["TagAtLaunch"]["Condition"]["StringEquals"]["ec2:CreateAction"] == [
        "RunInstances",
        "CreateFleet",
        "CreateLaunchTemplate",
    ]


def test_everything_that_acts_is_bound_to_a_region_a_resource_or_a_condition() -> None:
    readers = ("Describe", "Get", "List")
    for sid, one in rights().items():
        actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        if not all(action.partition(":")[2].startswith(readers) for action in actions):
            assert one["Resource"] != "*", sid
    assert rights()["SeeWhatIsThere"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def test_it_may_lend_the_nodes_role_to_instances_and_make_no_profiles() -> None:
    lend = rights()["LendTheNodesRole"]
    assert lend["Resource"] == NODE_ROLE
    assert lend["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    text = policies.controller(
        place=PLACE, cluster="c", node_role=NODE_ROLE, profile=PROFILE, queue=QUEUE, zonal_shift=True
    )
    assert "CreateInstanceProfile" not in text
    assert "AddRole" not in text


def test_shifts_are_seen_only_where_they_are_heeded() -> None:
    assert "SeeZonalShifts" not in rights()
    condition = rights(zonal_shift=True)["SeeZonalShifts"]["Condition"]
    arn = "arn:aws:eks:eu-west-1:111122223333:cluster/mlcluster-test"
    assert condition == {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": arn}}


def test_other_partitions_have_their_own_names() -> None:
    china = rights(place=Place(account="111122223333", region="cn-north-1"))
    assert china["LaunchWithTags"]["Resource"][0].startswith("arn:aws-cn:ec2:cn-north-1:*:")
    assert china["LendTheNodesRole"]["Condition"]["StringEquals"]["iam:PassedToService"] == (
        "ec2.amazonaws.com.cn"
    )


def test_the_policy_fits_a_role_with_the_longest_names() -> None:
    text = policies.controller(
        place=Place(account="111122223333", region="ap-southeast-2"),
        cluster="c" * 100,
        node_role=f"{NODE_ROLE}{'x' * 64}",
        profile=f"{PROFILE}{'x' * 128}",
        queue=f"{QUEUE}{'x' * 80}",
        zonal_shift=True,
    )
    assert len("".join(text.split())) <= policies.INLINE_LIMIT


# --- warnings


def test_warnings_reach_the_queue_and_nothing_else_does() -> None:
    found = recorded()
    policy = found.inputs("QueuePolicy")["policy"]
    allow, deny = statements(policy)
    rules = {
        f"arn:aws:events:eu-west-1:111122223333:rule/{one.inputs['name']}" for one in found.all("EventRule")
    }
    assert set(allow["Condition"]["ArnEquals"]["aws:SourceArn"]) == rules
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Resource"] == deny["Resource"]
    assert allow["Resource"].endswith(f":{found.inputs('Queue')['name']}")
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    targets = {one.inputs["rule"]: one.inputs["arn"] for one in found.all("EventTarget")}
    assert set(targets) == {one.inputs["name"] for one in found.all("EventRule")}
    assert len(set(targets.values())) == 1


def test_the_queue_is_encrypted_and_forgets_what_is_too_late() -> None:
    queue = recorded().inputs("Queue")
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["messageRetentionSeconds"] == 300


def test_every_kind_of_warning_is_passed_on() -> None:
    patterns = [json.loads(one.inputs["eventPattern"]) for one in recorded().all("EventRule")]
    assert {(one["source"][0], one["detail-type"][0]) for one in patterns} == set(EVENTS.values())
    assert len(patterns) == 5


def test_the_right_to_send_comes_before_the_target() -> None:
    found = recorded()
    for one in found.all("EventTarget"):
        assert "QueuePolicy::karpenter-interruptions" in found.before(one)


# --- the chart


def test_it_runs_on_managed_nodes_and_as_often_as_there_are_some() -> None:
    terms = values()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = terms["nodeSelectorTerms"]
    assert term["matchExpressions"] == [
        {"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"},
        {"key": "mlcluster.io/pool", "operator": "In", "values": ["system"]},
    ]
    assert recorded(hosts=3).inputs("Release", "karpenter")["values"]["replicas"] == 2
    assert recorded(hosts=1).inputs("Release", "karpenter")["values"]["replicas"] == 1


def test_it_knows_its_cluster_and_its_network() -> None:
    settings = recorded(cut_off=True, pods_apart=True, zonal_shift=True, overlays=True).inputs(
        "Release", "karpenter"
    )["values"]["settings"]
    assert settings["clusterName"] == "mlcluster-test"
    assert settings["interruptionQueue"] == "mlcluster-test-interruptions"
    assert (settings["isolatedVPC"], settings["reservedENIs"]) == (True, "1")
    assert (settings["enableZonalShift"], settings["featureGates"]) == (True, {"nodeOverlay": True})
    plain = values()["settings"]
    assert (plain["isolatedVPC"], plain["reservedENIs"], plain["enableZonalShift"]) == (False, "0", False)


def test_its_service_account_is_the_one_that_has_the_rights() -> None:
    found = recorded()
    association = found.inputs("PodIdentityAssociation")
    release = found.inputs("Release", "karpenter")
    assert association["serviceAccount"] == release["values"]["serviceAccount"]["name"]
    assert association["namespace"] == release["namespace"]
    policy = found.inputs("RolePolicy")["policy"]
    assert found.inputs("Queue")["name"] in policy


def test_nodes_get_their_role_by_a_profile_of_ours() -> None:
    found = recorded()
    profile = found.inputs("InstanceProfile")
    assert profile["role"] == found.one("Role", "nodes").inputs["name"]


def test_the_controller_goes_before_its_kinds_its_rights_and_its_warnings() -> None:
    found = recorded()
    before = found.before(found.one("Release", "karpenter"))
    assert {
        "Release::karpenter-crd",
        "PodIdentityAssociation::karpenter",
        "RolePolicy::karpenter",
        "Queue::karpenter-interruptions",
        "InstanceProfile::karpenter",
        "RolePolicyAttachment::nodes-AmazonEKS_CNI_Policy",
        *(f"EventTarget::karpenter-interruptions-{key}" for key in EVENTS),
    } <= before


def test_what_comes_before_the_nodes_does_not_wait_for_them() -> None:
    found = recorded()
    for kind in ("Queue", "InstanceProfile"):
        assert not [one for one in found.before(found.one(kind)) if one.startswith("Release")]


def unknown_keys(given: Any, known: Any, path: str = "") -> list[str]:
    """Paths of values that a chart does not know; an empty mapping in it takes anything."""
    if not isinstance(given, dict) or not isinstance(known, dict) or not known:
        return []
    return [
        found
        for key, value in given.items()
        for found in (unknown_keys(value, known[key], f"{path}.{key}") if key in known else [f"{path}.{key}"])
    ]


@upstream
def test_the_chart_knows_all_values_that_it_is_given() -> None:
    known = yaml.safe_load((UPSTREAM / "values.yaml").read_text())
    assert unknown_keys(values(), known) == []
    assert unknown_keys({**values(), "settigns": {}}, known) == [".settigns"]
    assert unknown_keys({"settings": {"clustername": "x"}}, known) == [".settings.clustername"]
