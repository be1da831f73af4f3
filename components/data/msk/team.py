"""A team's way to the topics of MSK."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.networking import v1 as networking

from components.data.msk import access, settings
from components.data.msk.door import COMPONENT
from infra import kafka as names
from infra import naming
from infra.environment.kafka import Kafka, topics_of
from infra.handles import EventStream, TeamSpace
from infra.labels import Scope
from infra.places import Place


@dataclass(frozen=True, kw_only=True)
class MskAccessArgs:
    """Which team, and to what."""

    scope: Scope
    place: Place
    team: str
    home: str
    """The environment whose brokers they are, which may not be the stack's own."""
    kafka: Kafka
    stream: EventStream
    space: TeamSpace
    network: IPv4Network | None
    """Where brokers are; None: that is not known before there is a network."""


class MskAccess(pulumi.ComponentResource):
    """What a team's pods may do with topics, by the role that they have anyway, and their way to brokers."""

    def __init__(self, name: str, args: MskAccessArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:MskAccess", name, {}, opts)
        after = pulumi.ResourceOptions(parent=self, depends_on=[*args.space.ready, *args.stream.ready])
        rights = topics_of(args.kafka, args.team)
        if rights["read"] or rights["write"]:
            own = access.Rights(
                reads=rights["read"], writes=rights["write"], groups=[f"{names.own(args.team)}*"]
            )
            aws.iam.RolePolicy(
                name,
                name="kafka",
                role=naming.team_role(args.scope.environment, args.team),
                policy=access.policy(args.place, args.home, own),
                opts=after,
            )
            for namespace in args.space.namespaces:
                networking.NetworkPolicy(
                    f"{name}-{namespace}",
                    metadata={
                        "name": "kafka",
                        "namespace": namespace,
                        "labels": args.scope.labels(COMPONENT, args.team),
                    },
                    spec=way_out(args.network),
                    opts=after,
                )
        self.register_outputs({})


def way_out(network: IPv4Network | None) -> dict[str, Any]:
    """The specification of a network policy that lets a team's pods out to brokers."""
    where = {"ipBlock": {"cidr": "0.0.0.0/0" if network is None else str(network)}}
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [where], "ports": [{"protocol": "TCP", "port": settings.IAM_PORT}]}],
    }
