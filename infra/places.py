"""Where in AWS things are, and the names (ARNs) that follow from it, without asking AWS."""

from __future__ import annotations

from dataclasses import dataclass

_PARTITIONS = (("cn-", "aws-cn", "amazonaws.com.cn"), ("us-gov-", "aws-us-gov", "amazonaws.com"))
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html; all other regions are in ``aws``."""


@dataclass(frozen=True)
class Place:
    """An account and a region of AWS."""

    account: str
    """Twelve digits."""
    region: str

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to, as ARNs name it."""
        return self._facts[0]

    @property
    def dns_suffix(self) -> str:
        """What service endpoints end in."""
        return self._facts[1]

    @property
    def _facts(self) -> tuple[str, str]:
        for prefix, partition, suffix in _PARTITIONS:
            if self.region.startswith(prefix):
                return partition, suffix
        return "aws", "amazonaws.com"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something regional in this account, such as ``arn("logs", "log-group:/x")``."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def root(self) -> str:
        """The account itself, as a principal: whoever its IAM policies allow."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    def managed_policy(self, path: str) -> str:
        """The ARN of a policy that AWS maintains: ``managed_policy("AmazonEKSClusterPolicy")``."""
        return f"arn:{self.partition}:iam::aws:policy/{path}"

    def access_policy(self, name: str) -> str:
        """The ARN of an EKS access policy: ``access_policy("AmazonEKSClusterAdminPolicy")``."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    def bucket(self, name: str) -> str:
        """The ARN of an S3 bucket."""
        return f"arn:{self.partition}:s3:::{name}"
