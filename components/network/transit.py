"""A connection to a transit gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network.routing import part, tags
from infra.environment.network.reach import Transit
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class TransitAttachmentArgs:
    """What an attachment needs."""

    scope: Scope
    transit: Transit
    vpc_id: pulumi.Output[str]
    subnets: Sequence[pulumi.Output[str]]
    """Subnets with an address for the gateway, one in each zone: only from such zones is it reached."""
    tables: Mapping[str, aws.ec2.RouteTable]
    """Route tables that get the routes, by what they are for."""


class TransitAttachment(pulumi.ComponentResource):
    """An attachment to a transit gateway that exists, and routes to it.

    The gateway's own tables are its owner's: they have to lead back to the network's range.
    """

    routes: tuple[aws.ec2.Route, ...]

    def __init__(self, name: str, args: TransitAttachmentArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:TransitAttachment", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        attachment = aws.ec2transitgateway.VpcAttachment(
            name,
            transit_gateway_id=args.transit.gateway,
            vpc_id=args.vpc_id,
            subnet_ids=list(args.subnets),
            dns_support="enable",
            tags=tags(args.scope, "transit"),
            opts=child,
        )
        # A route to a gateway that the VPC is not attached to yet is refused.
        after = pulumi.ResourceOptions(parent=self, depends_on=[attachment])
        self.routes = tuple(
            aws.ec2.Route(
                f"{name}-{kind}-{part(cidr)}",
                route_table_id=table.id,
                destination_cidr_block=str(cidr),
                transit_gateway_id=args.transit.gateway,
                opts=after,
            )
            for kind, table in args.tables.items()
            for cidr in args.transit.routes
        )
        self.register_outputs({"attachment": attachment.id})
