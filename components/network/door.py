"""The way of connected networks to the Kubernetes API."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network.routing import ANYWHERE, part, tags
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class ApiDoorArgs:
    """What the way needs."""

    scope: Scope
    network: NetworkHandle
    cluster: ClusterHandle


class ApiDoor(pulumi.ComponentResource):
    """Lets what is connected by peering or a transit gateway speak to the API's private address.

    EKS's own group lets in only its members, so that a cluster without public access could be used from
    nowhere: https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html#private-access

    A transit gateway that leads to the internet opens nothing: name the ranges that people are in.
    """

    rules: tuple[pulumi.Resource, ...]
    """What speaks to the API from such a network comes after these, and is deleted before them."""

    def __init__(self, name: str, args: ApiDoorArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:ApiDoor", name, {}, opts)
        self.rules = tuple(
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{part(cidr)}",
                security_group_id=args.cluster.security_group_id,
                description="The Kubernetes API for a connected network",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                tags=tags(args.scope, "api"),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for cidr in args.network.connected
            if cidr != ANYWHERE
        )
        self.register_outputs({})
