"""The environment's own network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

import pulumi
import pulumi_aws as aws

from components.network.endpoints import Endpoints, EndpointsArgs
from components.network.flow_logs import TrafficLogs, TrafficLogsArgs
from components.network.internet import Internet, InternetArgs
from components.network.peering import Peering, PeeringArgs
from components.network.routing import exits, tags
from components.network.transit import TransitAttachment, TransitAttachmentArgs
from infra import addressing
from infra.environment.network import Network
from infra.handles import NetworkHandle
from infra.labels import Scope
from infra.places import Place

_Subnets = Mapping[str, aws.ec2.Subnet]
_Tables = Mapping[str, aws.ec2.RouteTable]


_PRIVATE_TAGS: Final = {"kubernetes.io/role/internal-elb": "1"}
"""By which load balancer controllers find the subnets for internal load balancers:
https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html"""


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """What a network needs."""

    scope: Scope
    place: Place
    network: Network
    zones: tuple[str, ...]
    """Names of the availability zones, in order."""
    endpoints: tuple[str, ...] = ()
    """AWS services that are reached by interface endpoints."""


class Vpc(pulumi.ComponentResource):
    """A VPC with private, intra and, where there is a way to the internet, public subnets in every zone.

    Nothing in it is reachable from outside: public subnets hold NAT gateways and give nobody a public
    address, and the default security group, which things fall into by accident, lets nothing through. Pods
    have subnets of their own where they have a range of their own.
    """

    handle: NetworkHandle
    outlets: tuple[pulumi.Resource, ...]
    """The ways from private subnets to AWS and the internet, which nodes need to join and to leave."""
    connections: tuple[pulumi.Resource, ...]
    """The ways to peers and a transit gateway, by which people there reach the Kubernetes API."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:Vpc", name, {}, opts)
        self._name, self._args = name, args
        self._outlets: list[pulumi.Resource] = []
        self._plan = addressing.plan(args.network.cidr, args.zones, args.network.pods)
        vpc = self._vpc()
        self._close_default_group(vpc)
        private = self._subnets(vpc, "private", self._plan.private, _PRIVATE_TAGS)
        intra = self._subnets(vpc, "intra", self._plan.intra, {})
        pods = self._pod_subnets(vpc)
        self._keep_blocks_whole("pods" if pods else "private", pods or private)
        tables = {f"private-{zone}": self._table(vpc, f"private-{zone}") for zone in args.zones}
        intra_table = self._table(vpc, "intra")
        for zone in args.zones:
            self._associate(f"private-{zone}", private[zone], tables[f"private-{zone}"])
            self._associate(f"intra-{zone}", intra[zone], intra_table)
            if pods:
                self._associate(f"pods-{zone}", pods[zone], tables[f"private-{zone}"])
        public = {} if args.network.nat == "none" else self._internet(vpc, tables)
        inside = {**tables, "intra": intra_table}
        self._reach_aws(vpc, private, inside)
        self.connections = tuple(self._reach_others(vpc, intra, inside))
        self._log_traffic(vpc)
        self.outlets = tuple(self._outlets)
        self.handle = self._handle(vpc, private, public, intra, pods)
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
        self,
        vpc: aws.ec2.Vpc,
        kind: str,
        blocks: Mapping[str, IPv4Network],
        more: Mapping[str, str],
        after: list[pulumi.Resource] | None = None,
    ) -> dict[str, aws.ec2.Subnet]:
        return {
            zone: aws.ec2.Subnet(
                f"{self._name}-{kind}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(blocks[zone]),
                map_public_ip_on_launch=False,
                tags={**self._tags(kind, zone), **more},
                opts=self._child(after),
            )
            for zone in self._args.zones
        }

    def _pod_subnets(self, vpc: aws.ec2.Vpc) -> dict[str, aws.ec2.Subnet]:
        """Subnets in the pods' own range, which the VPC gets first and loses last."""
        ranges: list[pulumi.Resource] = [
            aws.ec2.VpcIpv4CidrBlockAssociation(
                f"{self._name}-pods" + (f"-{number}" if number else ""),
                vpc_id=vpc.id,
                cidr_block=str(cidr),
                opts=self._child(),
            )
            for number, cidr in enumerate(self._plan.secondary)
        ]
        return self._subnets(vpc, "pods", self._plan.pods, {}, ranges) if ranges else {}

    def _keep_blocks_whole(self, kind: str, subnets: _Subnets) -> None:
        """Keeps most of the subnets that pods live in for blocks, which single addresses would spoil."""
        if not self._args.network.prefixes:
            return
        ranges = self._plan.pods or self._plan.private
        for zone, subnet in subnets.items():
            for number, cidr in enumerate(addressing.for_blocks(ranges[zone])):
                reservation = aws.ec2.SubnetCidrReservation(
                    f"{self._name}-{kind}-{zone}-{number}",
                    subnet_id=subnet.id,
                    cidr_block=str(cidr),
                    reservation_type="prefix",
                    description="Blocks of addresses for pods",
                    opts=self._child(),
                )
                self._outlets.append(reservation)  # before any node takes an address here

    def _table(self, vpc: aws.ec2.Vpc, kind: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"{self._name}-{kind}", vpc_id=vpc.id, tags=self._tags(kind), opts=self._child()
        )

    def _associate(self, kind: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable) -> None:
        association = aws.ec2.RouteTableAssociation(
            f"{self._name}-{kind}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
        )
        self._outlets.append(association)

    def _internet(self, vpc: aws.ec2.Vpc, tables: _Tables) -> _Subnets:
        public = self._subnets(vpc, "public", self._plan.public, {"kubernetes.io/role/elb": "1"})
        public_table = self._table(vpc, "public")
        for zone, subnet in public.items():
            self._associate(f"public-{zone}", subnet, public_table)
        args = InternetArgs(
            scope=self._args.scope,
            vpc_id=vpc.id,
            public=public,
            public_table=public_table,
            private_tables={zone: tables[f"private-{zone}"] for zone in self._args.zones},
            exits=exits(self._args.network.nat, self._args.zones),
        )
        self._outlets += Internet(self._name, args, self._child()).routes
        return public

    def _reach_aws(self, vpc: aws.ec2.Vpc, private: _Subnets, tables: _Tables) -> None:
        args = EndpointsArgs(
            scope=self._args.scope,
            place=self._args.place,
            vpc_id=vpc.id,
            cidrs=[str(self._args.network.cidr), *self._secondary],
            subnets=private,
            tables=list(tables.values()),
            services=self._args.endpoints,
            closed=self._args.network.is_cut_off,
        )
        self._outlets += Endpoints(self._name, args, self._child()).outlets

    def _reach_others(self, vpc: aws.ec2.Vpc, intra: _Subnets, tables: _Tables) -> Iterator[pulumi.Resource]:
        """Ways to peers and a transit gateway, also for the control plane, whose API is used from there."""
        scope, network = self._args.scope, self._args.network
        for label, peer in network.peers.items():
            peering = PeeringArgs(
                scope=scope,
                place=self._args.place,
                label=label,
                peer=peer,
                vpc_id=vpc.id,
                cidr=str(network.cidr),
                tables=tables,
            )
            yield from Peering(f"{self._name}-peer-{label}", peering, self._child()).routes
        if network.transit is not None:
            attachment = TransitAttachmentArgs(
                scope=scope,
                transit=network.transit,
                vpc_id=vpc.id,
                subnets=[subnet.id for subnet in intra.values()],
                tables=tables,
            )
            routes = TransitAttachment(f"{self._name}-transit", attachment, self._child()).routes
            self._outlets += routes if network.transit.is_way_out else ()
            yield from routes

    def _log_traffic(self, vpc: aws.ec2.Vpc) -> None:
        logs = self._args.network.flow_logs
        if logs is not None:
            args = TrafficLogsArgs(scope=self._args.scope, place=self._args.place, vpc_id=vpc.id, logs=logs)
            TrafficLogs(f"{self._name}-flow-logs", args, self._child())

    def _handle(
        self, vpc: aws.ec2.Vpc, private: _Subnets, public: _Subnets, intra: _Subnets, pods: _Subnets
    ) -> NetworkHandle:
        return NetworkHandle(
            vpc_id=vpc.id,
            cidr=str(self._args.network.cidr),
            private=_ids(private),
            public=_ids(public),
            intra=_ids(intra),
            pods=_ids(pods),
            addresses=self._args.network.pod_addresses,
            secondary=self._secondary,
            connected=tuple(str(cidr) for cidr in self._args.network.connected),
        )

    @property
    def _secondary(self) -> tuple[str, ...]:
        return tuple(str(cidr) for cidr in self._plan.secondary)

    def _tags(self, *parts: str) -> dict[str, str]:
        return tags(self._args.scope, *parts)

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def _ids(subnets: _Subnets) -> dict[str, pulumi.Output[str]]:
    return {zone: subnet.id for zone, subnet in subnets.items()}
