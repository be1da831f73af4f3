"""The ways to AWS' own APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network import policies
from components.network.routing import endpoint_service, tags
from infra import naming
from infra.catalog.endpoints import takes_policy
from infra.labels import Scope
from infra.places import Place


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """What endpoints need."""

    scope: Scope
    place: Place
    vpc_id: pulumi.Output[str]
    cidrs: Sequence[str]
    """Ranges that may speak to them: all of the network's."""
    subnets: Mapping[str, aws.ec2.Subnet]
    """Where interface endpoints have an address each."""
    tables: Sequence[aws.ec2.RouteTable]
    """Route tables of subnets from which S3 is reached."""
    services: Sequence[str]
    """Services with an interface endpoint; S3 has its gateway always."""
    closed: bool
    """Whether only the account's own identities may pass. It is in vain where there is another way out."""


class Endpoints(pulumi.ComponentResource):
    """A gateway endpoint for S3, free and past the NAT gateways, and interface endpoints for other services.

    Interface endpoints answer under the services' own names (private DNS), so nothing has to know of them.
    """

    outlets: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:Endpoints", name, {}, opts)
        self._name, self._args = name, args
        store = self._gateway()
        self.outlets = (store, *(self._interfaces() if args.services else ()))
        self.register_outputs({})

    def _gateway(self) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self._args.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=endpoint_service(self._args.place.region, "s3"),
            route_table_ids=[table.id for table in self._args.tables],
            policy=self._policy("s3"),
            tags=tags(self._args.scope, "s3"),
            opts=self._child(),
        )

    def _interfaces(self) -> tuple[pulumi.Resource, ...]:
        group, rules = self._group()
        endpoints = [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self._args.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=endpoint_service(self._args.place.region, service),
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in self._args.subnets.values()],
                security_group_ids=[group.id],
                policy=self._policy(service),
                tags=tags(self._args.scope, service),
                opts=self._child(),
            )
            for service in self._args.services
        ]
        return (*rules, *endpoints)

    def _group(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        mark = tags(self._args.scope, "endpoints")
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            name=naming.physical(self._args.scope.environment, "endpoints"),
            description="AWS APIs for the inside of the network",
            vpc_id=self._args.vpc_id,
            tags=mark,
            opts=self._child(),
        )
        rules: list[pulumi.Resource] = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-endpoints" + (f"-{number}" if number else ""),
                security_group_id=group.id,
                description="HTTPS from within the network",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                tags=mark,
                opts=self._child(),
            )
            for number, cidr in enumerate(self._args.cidrs)
        ]
        return group, rules

    def _policy(self, service: str) -> str | None:
        if not self._args.closed or (service != "s3" and not takes_policy(service)):
            return None
        return policies.perimeter(self._args.place, service)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
