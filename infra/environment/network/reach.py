"""What else a network is connected to."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field

from infra.environment.fields import Account, Cidr, Form, Region
from infra.environment.network.ids import RouteTableId, TransitGatewayId, VpcId
from infra.environment.section import Section
from infra.problems import Wrong

PeerName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a peer",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="corporate",
        longest=24,
    ),
]


def _of_a_vpc(cidr: IPv4Network) -> IPv4Network:
    if not 16 <= cidr.prefixlen <= 28:
        raise Wrong("is not of a size that a VPC can have", "write a length from /16 to /28")
    return cidr


class Peer(Section):
    """Another VPC, connected by VPC peering."""

    vpc: VpcId
    """Its id."""
    cidr: Annotated[Cidr, AfterValidator(_of_a_vpc)]
    """Its range; traffic to it goes through the peering."""
    account: Account | None = None
    """The account that it is in. Default: the environment's. Another account has to accept the peering by
    itself, and nothing goes through it before."""
    region: Region | None = None
    """The region that it is in. Default: the environment's."""
    tables: tuple[RouteTableId, ...] = ()
    """Its route tables that get the way back. Default: whoever it belongs to writes it. Only in the
    environment's own account."""


class Transit(Section):
    """A transit gateway that the network is attached to."""

    gateway: TransitGatewayId
    """Its id. Where it is another account's, that account shares it and accepts attachments by itself."""
    routes: Annotated[tuple[Cidr, ...], Field(min_length=1, max_length=50)]
    """Ranges that are reached through it. `0.0.0.0/0` makes it the way to the internet, which wants
    `nat: none`."""

    @property
    def is_way_out(self) -> bool:
        """Whether the internet is reached through it."""
        return any(cidr.prefixlen == 0 for cidr in self.routes)
