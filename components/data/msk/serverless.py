"""Kafka without brokers to choose, by Amazon MSK Serverless."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.data.msk import settings
from components.data.msk.door import COMPONENT, door, iam_ports
from infra.handles import ClusterHandle, EventStream, NetworkHandle
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class ServerlessArgs:
    """What a serverless cluster needs."""

    scope: Scope
    network: NetworkHandle
    cluster: ClusterHandle
    """Whose pods reach it."""
    keep: bool
    """Whether it stays, with what is on it."""


class Serverless(pulumi.ComponentResource):
    """A serverless MSK cluster in the private subnets, and its door.

    Clients come in by IAM over TLS; it knows nothing else. AWS encrypts what it keeps with a key of its own.
    """

    handle: EventStream
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ServerlessArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:ServerlessStream", name, {}, opts)
        made = door(name, args.scope, args.network, args.cluster, iam_ports(), self)
        subnets = [args.network.private[zone] for zone in settings.zones(tuple(args.network.private))]
        cluster = aws.msk.ServerlessCluster(
            name,
            cluster_name=settings.cluster_name(args.scope.environment),
            client_authentication={"sasl": {"iam": {"enabled": True}}},
            vpc_configs=[{"subnet_ids": subnets, "security_group_ids": [made.group.id]}],
            tags=args.scope.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self, protect=args.keep),
        )
        self.arn = cluster.arn
        self.handle = EventStream(
            kind="msk-serverless",
            bootstrap=cluster.bootstrap_brokers_sasl_iam,
            auth="iam",
            ready=(cluster, *made.rules),
        )
        self.register_outputs({"arn": self.arn})
