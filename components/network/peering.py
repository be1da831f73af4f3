"""A connection to another VPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network.routing import tags
from infra.environment.network.reach import Peer
from infra.labels import Scope
from infra.places import Place


@dataclass(frozen=True, kw_only=True)
class PeeringArgs:
    """What a peering needs."""

    scope: Scope
    place: Place
    label: str
    """The peer's name in the environment file."""
    peer: Peer
    vpc_id: pulumi.Output[str]
    cidr: str
    """The network's own range, which the peer sends back to."""
    tables: Mapping[str, aws.ec2.RouteTable]
    """Route tables that get a way to the peer, by what they are for."""


class Peering(pulumi.ComponentResource):
    """A VPC peering, the way to the peer, and the way back where the peer's tables are named.

    A peer in the same account is accepted here, in another region by that region's own call. One in another
    account accepts by itself; until then its routes lead nowhere ("blackhole"), and nothing waits for it:
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html

    Pods that have a range of their own reach peers by their node's address, for the CNI translates what
    leaves the VPC; peers do not reach them.
    """

    routes: tuple[aws.ec2.Route, ...]

    def __init__(self, name: str, args: PeeringArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:Peering", name, {}, opts)
        self._name, self._args = name, args
        connection, accepted = self._connection()
        there = [
            self._route(kind, table.id, args.peer.cidr, connection, accepted)
            for kind, table in args.tables.items()
        ]
        back = [self._back(table, connection, accepted) for table in args.peer.tables]
        self.routes = (*there, *back)
        self.register_outputs({"connection": connection.id})

    def _connection(self) -> tuple[aws.ec2.VpcPeeringConnection, list[pulumi.Resource]]:
        """The connection, and what makes it more than a proposal, unless that is another account's doing."""
        place, peer = self._args.place, self._args.peer
        elsewhere = peer.region not in {None, place.region}
        others = peer.account not in {None, place.account}
        connection = aws.ec2.VpcPeeringConnection(
            self._name,
            vpc_id=self._args.vpc_id,
            peer_vpc_id=peer.vpc,
            peer_owner_id=peer.account if others else None,
            peer_region=peer.region if elsewhere else None,
            auto_accept=None if elsewhere or others else True,
            tags=self._tags(),
            opts=self._child(),
        )
        if others or not elsewhere:
            return connection, []
        accepter = aws.ec2.VpcPeeringConnectionAccepter(
            self._name,
            vpc_peering_connection_id=connection.id,
            auto_accept=True,
            region=peer.region,
            tags=self._tags(),
            opts=self._child(),
        )
        return connection, [accepter]

    def _route(
        self,
        kind: str,
        table: pulumi.Input[str],
        to: object,
        connection: aws.ec2.VpcPeeringConnection,
        after: Sequence[pulumi.Resource],
        region: str | None = None,
    ) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._name}-{kind}",
            route_table_id=table,
            destination_cidr_block=str(to),
            vpc_peering_connection_id=connection.id,
            region=region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _back(
        self, table: str, connection: aws.ec2.VpcPeeringConnection, after: Sequence[pulumi.Resource]
    ) -> aws.ec2.Route:
        region = self._args.peer.region if self._args.peer.region != self._args.place.region else None
        return self._route(f"back-{table}", table, self._args.cidr, connection, after, region)

    def _tags(self) -> dict[str, str]:
        return tags(self._args.scope, "peer", self._args.label)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
