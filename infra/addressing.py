"""The address plan: which subnet of a VPC lies where, and how many addresses nodes and pods take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil
from types import MappingProxyType
from typing import Final

from infra.catalog.instances import Shape
from infra.problems import BadInput, Problem

RESERVED_BY_AWS: Final = 5
"""Addresses of each subnet that nobody gets:
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""

CNI_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {"MINIMUM_IP_TARGET": "16", "WARM_IP_TARGET": "4"}
)
"""Environment of the VPC CNI add-on that `addresses_needed` counts on.

Left to itself the CNI keeps a whole spare network interface filled: a p4d.24xlarge with ten pods would hold
100 addresses. These make it hold 16, or 4 more than there are pods; the minimum spares EC2 a call for each
pod of a new node: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md
"""

MOST_PODS: Final = 110
"""Pods of a node that Kubernetes is built for:
https://kubernetes.io/docs/setup/best-practices/cluster-large/"""

_SMALLEST: Final = 27
"""Length of the smallest public and intra subnets. A load balancer wants a /27 with 8 free addresses:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html"""

_DAEMONS: Final = 8
"""Daemons with an address of their own, on a node with accelerators: storage drivers, device plugins,
exporters."""

_MOST_ZONES: Final = 6


@dataclass(frozen=True)
class AddressPlan:
    """Subnets by zone.

    Attributes:
        private: Nodes and pods; by far the largest.
        public: Load balancers and NAT gateways.
        intra: The control plane's network interfaces; no way to the internet.
    """

    private: Mapping[str, IPv4Network]
    public: Mapping[str, IPv4Network]
    intra: Mapping[str, IPv4Network]


def plan(cidr: IPv4Network, zones: Sequence[str]) -> AddressPlan:
    """Divides a VPC's range into three subnets for each zone.

    The range is cut into 4 blocks (for up to 3 zones) or 8 (for 4 to 6). Each zone has one for its private
    subnet; the last holds the public subnets in its first half and the intra ones in its second. So a zone
    that is added at the end of `zones` leaves the others' subnets where they are, up to the third.

    Args:
        cidr: The VPC's range.
        zones: Names of the zones, 1 to 6, in their order.

    Raises:
        BadInput: The range is too small: less than a /22 for up to 3 zones, or than a /20 for more.
        ValueError: There are no zones, or more than 6.
    """
    if not 1 <= len(zones) <= _MOST_ZONES:
        raise ValueError(f"a plan is for 1 to {_MOST_ZONES} zones, not {len(zones)}")
    bits = 2 if len(zones) <= 3 else 3
    # The last block is halved, and each half cut into as many subnets as there are blocks.
    longest = _SMALLEST - 2 * bits - 1
    if cidr.prefixlen > longest:
        hint = f"write a /{longest} or larger, such as {cidr.network_address}/16"
        raise BadInput([Problem("network.cidr", str(cidr), f"is too small for {len(zones)} zones", hint)])
    *blocks, last = cidr.subnets(prefixlen_diff=bits)
    public, intra = last.subnets(prefixlen_diff=1)
    return AddressPlan(
        private=_by_zone(zones, blocks),
        public=_by_zone(zones, public.subnets(prefixlen_diff=bits)),
        intra=_by_zone(zones, intra.subnets(prefixlen_diff=bits)),
    )


def addresses_needed(shape: Shape, nodes: int, *, reserved: bool = False, efa_interfaces: int = 0) -> int:
    """Most addresses that nodes of one shape and their pods take from private subnets.

    A node holds an address for each pod and a few more (`CNI_ENVIRONMENT`, without prefix delegation), one of
    its own for each network interface that those fill, and one for each EFA interface. Pods on the host's
    network need none.

    Planned are the pods that the instance type's interfaces allow, and at most `MOST_PODS`; on nodes that are
    reserved for pods with accelerators, one pod a device and the daemons.

    Args:
        shape: The nodes' shape.
        nodes: How many there are.
        reserved: Whether taints keep pods without accelerators off.
        efa_interfaces: EFA interfaces of each node.
    """
    per_interface = shape.ipv4_per_eni - 1  # the first address of an interface is the interface's own
    devices = max(shape.gpu_count + shape.accelerator_count, 1)
    pods = min(shape.max_pods, MOST_PODS, devices + _DAEMONS if reserved else MOST_PODS)
    wanted = max(pods + int(CNI_ENVIRONMENT["WARM_IP_TARGET"]), int(CNI_ENVIRONMENT["MINIMUM_IP_TARGET"]))
    held = min(wanted, shape.max_enis * per_interface)
    return nodes * (held + ceil(held / per_interface) + efa_interfaces)


def usable(subnet: IPv4Network) -> int:
    """Addresses of a subnet that can be given out."""
    return subnet.num_addresses - RESERVED_BY_AWS


def _by_zone(zones: Sequence[str], subnets: Iterable[IPv4Network]) -> Mapping[str, IPv4Network]:
    """The first subnets, one for each zone; the others stay free."""
    return MappingProxyType(dict(zip(zones, subnets, strict=False)))
