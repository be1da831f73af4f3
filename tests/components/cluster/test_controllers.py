from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.cluster import controller_policies
from components.cluster.controllers import ControllerIdentities, ControllerIdentitiesArgs
from infra.places import Place
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

TAG = "elbv2.k8s.aws/cluster"
_INLINE = 10_240
"""Characters that all policies within a role may have:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def recorded(*zones: str) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = ControllerIdentitiesArgs(scope=SCOPE, place=PLACE, cluster=cluster(), hosted_zones=zones)
        made = ControllerIdentities("controllers", args, opts)
        pulumi.export("rights", len(made.rights))

    return record_component(build)


def allowed() -> list[dict[str, Any]]:
    return list(statements(controller_policies.load_balancers(PLACE, "mlcluster-test")))


def test_each_controller_is_a_service_account_of_its_own() -> None:
    found = recorded("Z1")
    accounts = {
        (one.inputs["namespace"], one.inputs["serviceAccount"]) for one in found.all("PodIdentityAssociation")
    }
    assert accounts == {("kube-system", "aws-load-balancer-controller"), ("external-dns", "external-dns")}
    assert found.recording.outputs["rights"] == 4


def test_without_zones_nobody_writes_records() -> None:
    found = recorded()
    assert [one.inputs["name"] for one in found.all("Role")] == ["mlcluster-test-balancers"]


def test_records_are_written_in_the_given_zones_only() -> None:
    look, write, _read = statements(controller_policies.names(PLACE, ["Z1", "Z2"]))
    assert (look["Action"], look["Resource"]) == (["route53:ListHostedZones"], ["*"])
    assert "route53:ChangeResourceRecordSets" in write["Action"]
    assert write["Resource"] == ["arn:aws:route53:::hostedzone/Z1", "arn:aws:route53:::hostedzone/Z2"]


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DeleteSecurityGroup",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:SetSecurityGroups",
    ],
)
def test_what_is_deleted_or_changed_carries_this_clusters_tag(action: str) -> None:
    giving = [one for one in allowed() if action in one["Action"]]
    assert giving
    for one in giving:
        assert one["Condition"]["StringEquals"][f"aws:ResourceTag/{TAG}"] == "mlcluster-test"


@pytest.mark.parametrize(
    "action", ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
)
def test_what_is_made_carries_this_clusters_tag(action: str) -> None:
    (giving,) = (one for one in allowed() if action in one["Action"])
    assert giving["Condition"] == {"StringEquals": {f"aws:RequestTag/{TAG}": "mlcluster-test"}}


def test_the_tag_itself_can_neither_be_moved_nor_taken_over() -> None:
    for action in ("ec2:CreateTags", "ec2:DeleteTags", "elasticloadbalancing:RemoveTags"):
        for one in allowed():
            if action in one["Action"] and not all("listener" in arn for arn in one["Resource"]):
                equal = one["Condition"]["StringEquals"]
                own = equal.get(f"aws:ResourceTag/{TAG}") or equal.get(f"aws:RequestTag/{TAG}")
                assert own == "mlcluster-test"


def test_the_policy_fits_into_a_role_whatever_the_clusters_name() -> None:
    place = Place(account="111122223333", region="us-gov-west-1")
    assert len(controller_policies.load_balancers(place, "c" * 100)) < _INLINE


def test_reading_is_the_only_family_of_actions_and_no_other_service_is_touched() -> None:
    ours = {action for one in allowed() for action in one["Action"]}
    assert [action for action in ours if "*" in action] == ["elasticloadbalancing:Describe*"]
    services = {action.partition(":")[0] for action in ours}
    assert services == {"ec2", "elasticloadbalancing", "acm", "iam", "shield", "wafv2"}


def test_protection_is_seen_and_left_as_it_is() -> None:
    ours = {action for one in allowed() for action in one["Action"]}
    guards = {action for action in ours if action.startswith(("shield:", "wafv2:"))}
    assert all(action.partition(":")[2].startswith(("Describe", "Get")) for action in guards)


def test_what_changes_anything_is_told_by_a_resource_or_a_tag() -> None:
    for one in allowed():
        if one["Resource"] == ["*"] and "Condition" not in one:
            verbs = {action.partition(":")[2] for action in one["Action"]}
            assert all(verb.startswith(("Describe", "Get", "List")) for verb in verbs), one
