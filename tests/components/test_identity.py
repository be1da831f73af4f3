"""A controller's rights: nobody else's, there before it starts and until it is gone."""

import json

import pulumi

from components.identity import PodIdentity, PodIdentityArgs
from infra import iam
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

POLICY = iam.document(
    {"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": "arn:aws:sqs:::queue"}
)


def recorded(statements: str | None = POLICY, managed: tuple[str, ...] = ()) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = PodIdentityArgs(
            scope=SCOPE,
            place=PLACE,
            cluster=cluster(),
            namespace="kube-system",
            service_account="karpenter",
            role="karpenter",
            description="Nodes for pods that have none",
            component="nodes",
            statements=statements,
            managed=managed,
        )
        identity = PodIdentity("karpenter", args, opts)
        pulumi.ComponentResource(
            "mlcluster:test:User",
            "user",
            {},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(identity.rights))),
        )

    return record_component(build)


def test_only_one_service_account_of_one_cluster_has_the_role() -> None:
    found = recorded()
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "mlcluster-test",
        "aws:RequestTag/kubernetes-namespace": ["kube-system"],
        "aws:RequestTag/kubernetes-service-account": "karpenter",
    }
    association = found.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "karpenter")


def test_its_own_policy_and_those_of_aws_are_both_there() -> None:
    found = recorded(managed=("service-role/AmazonEBSCSIDriverPolicy",))
    assert json.loads(found.inputs("RolePolicy")["policy"]) == json.loads(POLICY)
    attached = found.inputs("RolePolicyAttachment")["policyArn"]
    assert attached == "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    assert recorded(statements=None).all("RolePolicy") == []


def test_who_waits_for_the_rights_waits_for_the_policies_too() -> None:
    found = recorded(managed=("service-role/AmazonEBSCSIDriverPolicy",))
    (user,) = [one for one in found.resources if one.name == "user"]
    assert {
        "RolePolicy::karpenter",
        "RolePolicyAttachment::karpenter-AmazonEBSCSIDriverPolicy",
        "PodIdentityAssociation::karpenter",
    } <= found.before(user)
