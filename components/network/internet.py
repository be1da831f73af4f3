"""The way to the internet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network.routing import ANYWHERE, tags
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class InternetArgs:
    """What a way to the internet needs."""

    scope: Scope
    vpc_id: pulumi.Output[str]
    public: Mapping[str, aws.ec2.Subnet]
    """Subnets for NAT gateways, by zone."""
    public_table: aws.ec2.RouteTable
    private_tables: Mapping[str, aws.ec2.RouteTable]
    """Route tables of the private subnets, by zone."""
    exits: Mapping[str, str]
    """For each zone, the zone whose NAT gateway its private subnet uses."""


class Internet(pulumi.ComponentResource):
    """An internet gateway for the public subnets, and NAT gateways in them for the private ones."""

    routes: tuple[aws.ec2.Route, ...]

    def __init__(self, name: str, args: InternetArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:Internet", name, {}, opts)
        self._name, self._args = name, args
        gateway = aws.ec2.InternetGateway(
            f"{name}-internet", vpc_id=args.vpc_id, tags=tags(args.scope, "internet"), opts=self._child()
        )
        nats = {zone: self._nat(zone, gateway) for zone in dict.fromkeys(args.exits.values())}
        self.routes = (
            self._route("public", args.public_table, gateway_id=gateway.id),
            *(
                self._route(f"private-{zone}", table, nat_gateway_id=nats[args.exits[zone]].id)
                for zone, table in args.private_tables.items()
            ),
        )
        self.register_outputs({})

    def _route(self, kind: str, table: aws.ec2.RouteTable, **target: pulumi.Output[str]) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._name}-{kind}",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            **target,
            opts=self._child(),
        )

    def _nat(self, zone: str, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        # AWS refuses both without an attached internet gateway, and refuses to detach the gateway before both
        # are gone.
        after_gateway = self._child(depends_on=[gateway])
        mark = tags(self._args.scope, "nat", zone)
        address = aws.ec2.Eip(f"{self._name}-nat-{zone}", domain="vpc", tags=mark, opts=after_gateway)
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            subnet_id=self._args.public[zone].id,
            allocation_id=address.id,
            tags=mark,
            opts=after_gateway,
        )

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)
