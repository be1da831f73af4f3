"""The environment's own network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.network.routing import PRIVATE_ENDPOINTS, endpoint_service, exits
from infra import addressing, naming
from infra.environment.network import Network
from infra.handles import NetworkHandle
from infra.labels import Scope

_COMPONENT = "network"
_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """What a network needs."""

    scope: Scope
    region: str
    network: Network
    zones: tuple[str, ...]
    """Names of the availability zones, in order."""
    cluster_name: str
    """The cluster that will live in it; what makes load balancers and nodes finds subnets by its tags."""


class Vpc(pulumi.ComponentResource):
    """A VPC with private, intra and, where there is a way to the internet, public subnets in every zone.

    Nothing in it is reachable from outside: public subnets hold NAT gateways and give nobody a public
    address, and the default security group, which things fall into by accident, lets nothing through. S3 is
    reached by a gateway endpoint, free of charge and past the NAT gateways. Without NAT, the AWS APIs that
    nodes need are reached by interface endpoints.
    """

    handle: NetworkHandle
    outlets: tuple[pulumi.Resource, ...]
    """The ways from private subnets to AWS and the internet, which nodes need to join and to leave."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:Vpc", name, {}, opts)
        self._name, self._args = name, args
        self._outlets: list[pulumi.Resource] = []
        plan = addressing.plan(args.network.cidr, args.zones)
        vpc = self._vpc()
        self._close_default_group(vpc)
        private = self._subnets(vpc, "private", plan.private, _private_tags(args.cluster_name))
        intra = self._subnets(vpc, "intra", plan.intra, {})
        private_tables = {
            zone: self._table(vpc, f"private-{zone}", {zone: private[zone]}) for zone in args.zones
        }
        intra_table = self._table(vpc, "intra", intra)
        public: Mapping[str, aws.ec2.Subnet] = {}
        if args.network.nat == "none":
            self._interface_endpoints(vpc, private)
        else:
            public = self._subnets(vpc, "public", plan.public, {"kubernetes.io/role/elb": "1"})
            self._internet(vpc, public, private_tables)
        self._s3_endpoint(vpc, [*private_tables.values(), intra_table])
        self.outlets = tuple(self._outlets)
        self.handle = NetworkHandle(
            vpc_id=vpc.id,
            cidr=str(args.network.cidr),
            private=_ids(private),
            public=_ids(public),
            intra=_ids(intra),
        )
        self.register_outputs({"vpc_id": vpc.id})

    def _vpc(self) -> aws.ec2.Vpc:
        return aws.ec2.Vpc(
            self._name,
            cidr_block=str(self._args.network.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,  # private endpoints, such as the Kubernetes API, are DNS names
            tags=self._tags(),
            opts=self._child(),
        )

    def _close_default_group(self, vpc: aws.ec2.Vpc) -> None:
        # Taken over from AWS without rules, which removes those that AWS gave it.
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default", vpc_id=vpc.id, tags=self._tags("default-closed"), opts=self._child()
        )

    def _subnets(
        self, vpc: aws.ec2.Vpc, kind: str, blocks: Mapping[str, IPv4Network], tags: Mapping[str, str]
    ) -> dict[str, aws.ec2.Subnet]:
        return {
            zone: aws.ec2.Subnet(
                f"{self._name}-{kind}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(blocks[zone]),
                map_public_ip_on_launch=False,
                tags={**self._tags(kind, zone), **tags},
                opts=self._child(),
            )
            for zone in self._args.zones
        }

    def _table(
        self, vpc: aws.ec2.Vpc, kind: str, subnets: Mapping[str, aws.ec2.Subnet]
    ) -> aws.ec2.RouteTable:
        """A route table without routes of its own, and the subnets that use it."""
        table = aws.ec2.RouteTable(
            f"{self._name}-{kind}", vpc_id=vpc.id, tags=self._tags(kind), opts=self._child()
        )
        for zone, subnet in subnets.items():
            association = aws.ec2.RouteTableAssociation(
                f"{self._name}-{kind}" if kind.endswith(zone) else f"{self._name}-{kind}-{zone}",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=self._child(),
            )
            self._outlets.append(association)
        return table

    def _internet(
        self,
        vpc: aws.ec2.Vpc,
        public: Mapping[str, aws.ec2.Subnet],
        private_tables: Mapping[str, aws.ec2.RouteTable],
    ) -> None:
        """An internet gateway for the public subnets, and NAT gateways in them for the private ones."""
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=vpc.id, tags=self._tags("internet"), opts=self._child()
        )
        public_table = self._table(vpc, "public", public)
        self._route("public", public_table, gateway_id=gateway.id)
        through = exits(self._args.network.nat, self._args.zones)
        nats = {zone: self._nat(zone, public[zone], gateway) for zone in dict.fromkeys(through.values())}
        for zone, table in private_tables.items():
            self._route(f"private-{zone}", table, nat_gateway_id=nats[through[zone]].id)

    def _route(self, kind: str, table: aws.ec2.RouteTable, **target: pulumi.Output[str]) -> None:
        route = aws.ec2.Route(
            f"{self._name}-{kind}",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            **target,
            opts=self._child(),
        )
        self._outlets.append(route)

    def _nat(self, zone: str, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        # AWS refuses both without an attached internet gateway, and refuses to detach the gateway before both
        # are gone.
        after_gateway = self._child(depends_on=[gateway])
        address = aws.ec2.Eip(
            f"{self._name}-nat-{zone}", domain="vpc", tags=self._tags("nat", zone), opts=after_gateway
        )
        return aws.ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags=self._tags("nat", zone),
            opts=after_gateway,
        )

    def _s3_endpoint(self, vpc: aws.ec2.Vpc, tables: list[aws.ec2.RouteTable]) -> None:
        endpoint = aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=endpoint_service(self._args.region, "s3"),
            route_table_ids=[table.id for table in tables],
            tags=self._tags("s3"),
            opts=self._child(),
        )
        self._outlets.append(endpoint)

    def _interface_endpoints(self, vpc: aws.ec2.Vpc, private: Mapping[str, aws.ec2.Subnet]) -> None:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            name=naming.physical(self._args.scope.environment, "endpoints"),
            description="AWS APIs for the inside of the network",
            vpc_id=vpc.id,
            tags=self._tags("endpoints"),
            opts=self._child(),
        )
        rule = aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints",
            security_group_id=group.id,
            description="HTTPS from within the network",
            cidr_ipv4=str(self._args.network.cidr),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=self._tags("endpoints"),
            opts=self._child(),
        )
        endpoints = [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=vpc.id,
                vpc_endpoint_type="Interface",
                service_name=endpoint_service(self._args.region, service),
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in private.values()],
                security_group_ids=[group.id],
                tags=self._tags(service),
                opts=self._child(),
            )
            for service in PRIVATE_ENDPOINTS
        ]
        self._outlets += [rule, *endpoints]

    def _tags(self, *parts: str) -> dict[str, str]:
        """Tags, with a name for people's eyes; the same subnet in two zones is told apart by its zone."""
        name = "-".join((naming.physical(self._args.scope.environment), *parts))
        return self._args.scope.tags(_COMPONENT, name=name)

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def _private_tags(cluster_name: str) -> dict[str, str]:
    """Tags by which load balancer controllers and Karpenter find the subnets to use.

    https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html and
    https://karpenter.sh/docs/concepts/nodeclasses/#specsubnetselectorterms
    """
    return {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": cluster_name}


def _ids(subnets: Mapping[str, aws.ec2.Subnet]) -> dict[str, pulumi.Output[str]]:
    return {zone: subnet.id for zone, subnet in subnets.items()}
