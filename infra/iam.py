"""IAM policy documents, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra.places import Place

Statement = Mapping[str, Any]


def document(*statements: Statement) -> str:
    """A policy of the given statements, as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]})


def service_trust(service: str) -> str:
    """Who may assume a role: an AWS service such as ``eks``, or ``ec2`` for the instances of this account."""
    return document(
        {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )


def pod_identity_trust(cluster: str, namespaces: Sequence[str], service_account: str | Sequence[str]) -> str:
    """Who may assume a role: pods of one service account, or several, in some namespaces of one cluster.

    The association alone would let anybody who may create associations hand the role to any pod. EKS puts
    these tags on the session: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html

    Args:
        cluster: The cluster's physical name.
        namespaces: The pods' namespaces.
        service_account: The name that the service account has in each of them; or several names.
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-name": cluster,
                    "aws:RequestTag/kubernetes-namespace": list(namespaces),
                    "aws:RequestTag/kubernetes-service-account": (
                        service_account if isinstance(service_account, str) else list(service_account)
                    ),
                }
            },
        }
    )


def account_key(root: str, *more: Statement) -> str:
    """A KMS key policy: the account's IAM policies decide who may use the key, and so may those in `more`.

    Without the account's statement nobody could ever change the key again:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return document(
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}, *more
    )


USE_KEY: Final = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")
"""What a service does with a key that it encrypts for others with."""


def key_for_logs(place: Place, groups: str | Sequence[str]) -> Statement:
    """What a key's policy says so that CloudWatch Logs may encrypt log groups with it, and nothing else.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html

    Args:
        place: Where the groups are.
        groups: The name of one, or the names of several.
    """
    named = isinstance(groups, str)
    arns = [place.arn("logs", f"log-group:{group}") for group in ([groups] if named else groups)]
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{place.region}.{place.dns_suffix}"},
        "Action": list(USE_KEY),
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arns[0] if named else arns}},
    }
