"""The environment's own network at AWS."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from infra.addressing import PodAddresses
from infra.catalog.endpoints import services
from infra.environment.fields import Cidr, Different, Flag, OneOf
from infra.environment.network.existing import Existing
from infra.environment.network.flow_logs import FlowLogs
from infra.environment.network.reach import Peer, PeerName, Transit
from infra.environment.section import Section
from infra.problems import Wrong

_SHARED: Final = IPv4Network("100.64.0.0/10")
"""Addresses that nobody routes to, and that any VPC may have besides its own:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions"""


def _zones(value: object) -> int | tuple[str, ...]:
    """A number of zones, or names of them that the catalog judges once the region is known."""
    if isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= 6:
        return value
    if (
        isinstance(value, (list, tuple))
        and 2 <= len(value) <= 6
        and all(isinstance(name, str) for name in value)
    ):
        names = tuple(str(name) for name in value)
        if len(set(names)) == len(names):
            return names
    raise Wrong(
        "is neither a number of zones nor a list of different ones, from 2 (EKS needs two) to 6",
        "write a number such as 3, or names such as [us-east-1a, us-east-1b]",
    )


def _private(cidr: IPv4Network) -> IPv4Network:
    # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    if not 16 <= cidr.prefixlen <= 28:
        raise Wrong(
            "is not of a size that a VPC can have", "write a length from /16 to /28, such as 10.40.0.0/16"
        )
    if (
        not cidr.is_private
        or cidr.is_loopback
        or cidr.is_link_local
        or cidr.is_reserved
        or cidr.is_unspecified
    ):
        raise Wrong("is not private", "write a range within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    return cidr


def _for_pods(cidr: IPv4Network) -> IPv4Network:
    # A VPC has 5 ranges, until the quota is raised: its own, and four that a /14 comes to it in.
    # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    if not cidr.subnet_of(_SHARED):
        raise Wrong(f"is not within {_SHARED}", "write one such as 100.64.0.0/16")
    if not 14 <= cidr.prefixlen <= 25:
        raise Wrong("is not of a size that pods can have", "write a length from /14 to /25")
    return cidr


Service = Annotated[str, OneOf(services, "service with an interface endpoint")]


class Network(Section):
    """The VPC: its addresses, its zones, its ways out, and what it is connected to."""

    cidr: Annotated[Cidr, AfterValidator(_private)]
    """Private IPv4 range of the VPC, /16 to /28. Nodes and pods take addresses from it, so a /16 is seldom
    too much; it cannot be changed later without replacing everything in it. With `existing`: the range that
    the VPC has."""
    zones: Annotated[
        int | tuple[str, ...],
        PlainValidator(_zones),
        WithJsonSchema(
            {
                "oneOf": [
                    {"type": "integer", "minimum": 2, "maximum": 6},
                    {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 2,
                        "maxItems": 6,
                        "uniqueItems": True,
                    },
                ],
                "examples": [3, ["us-east-1a", "us-east-1b"]],
            }
        ),
    ] = 3
    """Availability zones: how many (the region's first ones), or their names, 2 to 6. Going from 2 to 3 moves
    no subnet; going beyond 3 renumbers them all. Not with `existing`, whose subnets tell."""
    nat: Literal["none", "single", "per-zone"] = "single"
    """NAT gateways, the way of private subnets to the internet. `none`: there is none, images and packages
    must come from inside; `single`: one, whose zone's failure cuts off all; `per-zone`: one in each, for
    production. Not with `existing`."""
    pods: Annotated[Cidr, AfterValidator(_for_pods)] | None = None
    """Range that pods take their addresses from, within 100.64.0.0/10, /14 to /25; nobody outside the VPC can
    have it routed, so any number of VPCs may have the same. Default: pods share `cidr` with the nodes. Nodes
    that run already keep what they have: replace them."""
    prefixes: Flag = False
    """Whether pods get their addresses in blocks of 16 (prefix delegation): up to 110 pods on small nodes,
    and fewer calls to EC2, for more addresses on each node."""
    endpoints: Annotated[tuple[Service, ...], Different, Field(max_length=50)] | None = None
    """AWS services that are reached by interface endpoints, such as `ecr.api`; each costs by the hour and
    zone. Default: none where there is a way to the internet, else all that the environment needs. S3 has
    an endpoint always, which is free."""
    flow_logs: FlowLogs | None = None
    """Logs of the traffic. Default: none."""
    peers: Mapping[PeerName, Peer] = {}
    """VPCs that it is connected to by peering, by a name of your own."""
    transit: Transit | None = None
    """Transit gateway that it is attached to."""
    existing: Existing | None = None
    """A VPC that exists, instead of one of its own."""

    @property
    def pod_addresses(self) -> PodAddresses:
        """How pods get their addresses."""
        apart = self.pods is not None or bool(self.existing and self.existing.pods)
        return PodAddresses(blocks=self.prefixes, apart=apart)

    @property
    def is_cut_off(self) -> bool:
        """Whether there is no way to the internet: AWS itself is only reached by endpoints.

        An existing VPC is taken to have one, or the endpoints: it is its owner's business.
        """
        through_transit = self.transit is not None and self.transit.is_way_out
        return self.existing is None and self.nat == "none" and not through_transit

    @property
    def connected(self) -> tuple[IPv4Network, ...]:
        """Ranges outside of it that it is connected to."""
        routes = () if self.transit is None else self.transit.routes
        return (*(peer.cidr for peer in self.peers.values()), *routes)
