"""Policies around a control plane."""

from __future__ import annotations

from infra import iam
from infra.places import Place


def log_group(cluster: str) -> str:
    """The log group that EKS writes a control plane's logs to; where there is none, it makes an eternal one.

    https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    """
    return f"/aws/eks/{cluster}/cluster"


def key_policy(place: Place, cluster: str) -> str:
    """The policy of the key that encrypts the cluster's secrets and its logs.

    EKS uses the key by a grant that it makes for itself; CloudWatch Logs must be allowed here, and is for
    this one log group: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return iam.account_key(place.root(), iam.key_for_logs(place, log_group(cluster)))
