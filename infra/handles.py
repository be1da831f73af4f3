"""What components hand to each other: the little that one needs to know of another.

Fields that are outputs carry their resource with them, so whatever is made from one waits for it and is
deleted before it. Fields that are plain text are known before anything exists; use those where there is
nothing to wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class NetworkHandle:
    """A network to put things in. Subnets are by zone name, in the order of the zones."""

    vpc_id: pulumi.Output[str]
    cidr: str
    """The whole network, in CIDR notation."""
    private: Mapping[str, pulumi.Output[str]]
    """Subnets for nodes and pods: out to the internet through NAT, never in."""
    public: Mapping[str, pulumi.Output[str]]
    """Subnets with an internet gateway; empty where the network has no way to the internet."""
    intra: Mapping[str, pulumi.Output[str]]
    """Subnets without any way out, for the control plane's network interfaces."""


@dataclass(frozen=True, kw_only=True)
class ClusterHandle:
    """An EKS cluster."""

    name: str
    """Its physical name, known before it exists: for policies and tags."""
    id: pulumi.Output[str]
    """The same name, but what is given it waits for the control plane."""
    version: str
    """The minor version of Kubernetes."""
    endpoint: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """The group that EKS makes and puts on the control plane and on nodes: all traffic among its members."""
    kubeconfig: pulumi.Output[str]
    """JSON; tokens come from ``aws eks get-token``, so it holds no credentials. A secret all the same."""


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """A lake of S3 buckets under one key."""

    buckets: Mapping[str, pulumi.Output[str]]
    """Bucket names by zone of the lake: raw, curated, features, models."""
    key_arn: pulumi.Output[str]
    """The KMS key that everything in them is encrypted with."""
