"""Which way traffic leaves a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

PRIVATE_ENDPOINTS: Final = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sts")
"""APIs that nodes and their add-ons call; without NAT, each needs an interface endpoint (S3 has its gateway):
https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""


def exits(nat: str, zones: Sequence[str]) -> Mapping[str, str]:
    """For each zone, the zone whose NAT gateway its private subnet uses.

    That is its own with `per-zone`, and the first with `single`. One gateway costs less, but its zone's
    failure cuts off all, and traffic from other zones pays for crossing over.
    """
    return {zone: zone if nat == "per-zone" else zones[0] for zone in zones}


def endpoint_service(region: str, service: str) -> str:
    """The name by which a VPC endpoint asks for an AWS service."""
    return f"com.amazonaws.{region}.{service}"
