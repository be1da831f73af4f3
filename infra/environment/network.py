"""The environment's own network at AWS."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from infra.environment.fields import Cidr
from infra.environment.section import Section
from infra.problems import Wrong


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


class Network(Section):
    """The VPC: its addresses, its zones, and its way out."""

    cidr: Annotated[Cidr, AfterValidator(_private)]
    """Private IPv4 range of the VPC, /16 to /28. Nodes and pods take addresses from it, so a /16 is seldom
    too much; it cannot be changed later without replacing everything in it."""
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
    no subnet; going beyond 3 renumbers them all."""
    nat: Literal["none", "single", "per-zone"] = "single"
    """NAT gateways, the way of private subnets to the internet. `none`: there is none, images and packages
    must come from inside; `single`: one, whose zone's failure cuts off all; `per-zone`: one in each, for
    production."""
