import json
from typing import Any

from infra import iam


def statement(policy: str) -> dict[str, Any]:
    document = json.loads(policy)
    assert document["Version"] == "2012-10-17"
    (only,) = document["Statement"]
    found: dict[str, Any] = only
    return found


def test_a_service_may_be_trusted() -> None:
    assert statement(iam.service_trust("ec2")) == {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_pods_are_trusted_by_cluster_namespace_and_account() -> None:
    found = statement(iam.pod_identity_trust("it", ["one", "two"], "workload"))
    assert found["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert found["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "it",
        "aws:RequestTag/kubernetes-namespace": ["one", "two"],
        "aws:RequestTag/kubernetes-service-account": "workload",
    }


def test_the_account_keeps_its_hand_on_a_key() -> None:
    more = {"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "kms:Decrypt", "Resource": "*"}
    first, second = json.loads(iam.account_key("arn:aws:iam::1:root", more))["Statement"]
    assert first["Principal"] == {"AWS": "arn:aws:iam::1:root"}
    assert second == more
