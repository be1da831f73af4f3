"""The address plan: which subnet of a VPC lies where, and how many addresses nodes and pods take.

Pods take their addresses from the nodes' own subnets, or from a range of their own (`PodAddresses.apart`);
one by one, or in blocks of 16 (`PodAddresses.blocks`, EC2's prefix delegation). docs/how-to/network.md has
the arithmetic for people; `infra.cni` tells the VPC CNI what this counts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from math import ceil
from types import MappingProxyType
from typing import Final

from infra.catalog.instances import Shape
from infra.problems import BadInput, Problem

RESERVED_BY_AWS: Final = 5
"""Addresses of each subnet that nobody gets, the first four and the last:
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""

CNI_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {"MINIMUM_IP_TARGET": "16", "WARM_IP_TARGET": "4"}
)
"""Environment of the VPC CNI add-on that `need` counts on, in every network; `infra.cni` has the rest.

Left to itself the CNI keeps a whole spare network interface filled: a p4d.24xlarge with ten pods would hold
100 addresses. These make it hold 16, or 4 more than there are pods; the minimum spares EC2 a call for each
pod of a new node: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md
"""

BLOCK: Final = 16
"""Addresses of a block, a /28, that prefix delegation gives to a network interface:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html"""

OTHERS: Final = 64
"""Addresses of each private subnet that are left to others than nodes: load balancers (AWS asks for 8 free
ones each), interface endpoints (one each) and mounts of file systems."""

_SMALLEST: Final = 27
"""Length of the smallest public and intra subnets. A load balancer wants a /27 with 8 free addresses:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html"""

_DAEMONS: Final = 8
"""Daemons with an address of their own, on a node with accelerators: storage drivers, device plugins,
exporters."""

_ON_HOST: Final = 2
"""Pods of every node that need no address: the CNI's own and kube-proxy use the host's."""

_MOST_ZONES: Final = 6
_LONGEST_OF_A_SUBNET: Final = 28
_SHORTEST_OF_A_SUBNET: Final = 16
"""Lengths that a VPC's ranges and subnets may have:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""


@dataclass(frozen=True, kw_only=True)
class PodAddresses:
    """How pods get their addresses."""

    blocks: bool = False
    """In blocks of 16 (prefix delegation), instead of one by one."""
    apart: bool = False
    """From a range of their own (the CNI's custom networking), instead of the nodes' subnets."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What is taken of one subnet."""

    single: int = 0
    """Addresses one by one."""
    blocks: int = 0
    """Blocks of 16."""

    def __add__(self, other: Need) -> Need:
        return Need(single=self.single + other.single, blocks=self.blocks + other.blocks)

    def __mul__(self, times: int) -> Need:
        return Need(single=self.single * times, blocks=self.blocks * times)

    @property
    def addresses(self) -> int:
        """All addresses."""
        return self.single + self.blocks * BLOCK

    def most(self, other: Need) -> Need:
        """The larger of both, part by part."""
        return Need(single=max(self.single, other.single), blocks=max(self.blocks, other.blocks))


@dataclass(frozen=True, kw_only=True)
class NodeNeed:
    """What a node takes, or several do."""

    node: Need = Need()
    """Of the private subnet that the node is in."""
    pods: Need = Need()
    """Of the subnet of the pods' own range; nothing where they have none."""

    def __add__(self, other: NodeNeed) -> NodeNeed:
        return NodeNeed(node=self.node + other.node, pods=self.pods + other.pods)

    def __mul__(self, times: int) -> NodeNeed:
        return NodeNeed(node=self.node * times, pods=self.pods * times)

    def most(self, other: NodeNeed) -> NodeNeed:
        """The larger of both, part by part."""
        return NodeNeed(node=self.node.most(other.node), pods=self.pods.most(other.pods))


@dataclass(frozen=True)
class AddressPlan:
    """Subnets by zone.

    Attributes:
        private: Nodes, and pods that have no range of their own; by far the largest.
        public: Load balancers and NAT gateways.
        intra: The control plane's network interfaces; no way to the internet.
        pods: Pods that have a range of their own; empty where they have none.
        secondary: Ranges that the VPC needs besides its first one, for `pods`.
    """

    private: Mapping[str, IPv4Network]
    public: Mapping[str, IPv4Network]
    intra: Mapping[str, IPv4Network]
    pods: Mapping[str, IPv4Network] = field(default_factory=dict)
    secondary: tuple[IPv4Network, ...] = ()


def plan(cidr: IPv4Network, zones: Sequence[str], pods: IPv4Network | None = None) -> AddressPlan:
    """Divides a VPC's range into three subnets for each zone, and the pods' range into one.

    The range is cut into 4 blocks (for up to 3 zones) or 8 (for 4 to 6). Each zone has one for its private
    subnet; the last holds the public subnets in its first half and the intra ones in its second. So a zone
    that is added at the end of `zones` leaves the others' subnets where they are, up to the third.

    The pods' range is cut into 4 blocks (for up to 4 zones) or 8. No range of a VPC is larger than a /16: a
    larger one comes to it in parts, those that a zone lies in.

    Args:
        cidr: The VPC's range.
        zones: Names of the zones, 1 to 6, in their order.
        pods: The range of the pods.

    Raises:
        BadInput: A range is too small: the VPC's less than a /22 for up to 3 zones, or than a /20 for more.
        ValueError: There are no zones, or more than 6.
    """
    if not 1 <= len(zones) <= _MOST_ZONES:
        raise ValueError(f"a plan is for 1 to {_MOST_ZONES} zones, not {len(zones)}")
    bits = 2 if len(zones) <= 3 else 3
    # The last block is halved, and each half cut into as many subnets as there are blocks.
    _long_enough("network.cidr", cidr, _SMALLEST - 2 * bits - 1, zones)
    *blocks, last = cidr.subnets(prefixlen_diff=bits)
    public, intra = last.subnets(prefixlen_diff=1)
    apart = {} if pods is None else _pods(pods, zones)
    return AddressPlan(
        private=_by_zone(zones, blocks),
        public=_by_zone(zones, public.subnets(prefixlen_diff=bits)),
        intra=_by_zone(zones, intra.subnets(prefixlen_diff=bits)),
        pods=apart,
        secondary=() if pods is None else _secondary(pods, apart.values()),
    )


def _pods(pods: IPv4Network, zones: Sequence[str]) -> Mapping[str, IPv4Network]:
    bits = 2 if len(zones) <= 4 else 3
    _long_enough("network.pods", pods, _SMALLEST - bits, zones)
    blocks = pods.subnets(new_prefix=max(pods.prefixlen + bits, _SHORTEST_OF_A_SUBNET))
    return _by_zone(zones, blocks)


def _secondary(pods: IPv4Network, subnets: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    if pods.prefixlen >= _SHORTEST_OF_A_SUBNET:
        return (pods,)
    return tuple(dict.fromkeys(subnet.supernet(new_prefix=_SHORTEST_OF_A_SUBNET) for subnet in subnets))


def _long_enough(path: str, cidr: IPv4Network, longest: int, zones: Sequence[str]) -> None:
    if cidr.prefixlen > longest:
        hint = f"write a /{longest} or larger, such as {cidr.supernet(new_prefix=16)}"
        raise BadInput([Problem(path, str(cidr), f"is too small for {len(zones)} zones", hint)])


def most_pods(shape: Shape, how: PodAddresses, *, efa: int = 0) -> int:
    """The most pods that a node of a shape is given addresses for; what its kubelet should be told.

    That is as many as its network interfaces take, and at most 110, or 250 from 30 vCPUs on, which managed
    node groups enforce:
    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html

    EKS counts neither the interface that custom networking leaves unused nor the one that an EFA takes: where
    this is less than the shape's own `max_pods`, the kubelet has to be told (`maxPods`), or pods are placed
    that wait for an address for ever.

    Args:
        shape: The node's shape.
        how: How pods get their addresses.
        efa: EFA interfaces of the node.

    """
    room = _interfaces(shape, how, efa) * (shape.ipv4_per_eni - 1) * (BLOCK if how.blocks else 1)
    return min(room + _ON_HOST, 110 if shape.vcpu < 30 else 250)


def has_room_for_pods(shape: Shape, how: PodAddresses, *, efa: int = 0) -> bool:
    """Whether a node has a network interface that pods can have addresses of."""
    return _interfaces(shape, how, efa) > 0


def _interfaces(shape: Shape, how: PodAddresses, efa: int) -> int:
    """Network interfaces of a node that pods can have addresses of.

    The CNI only uses the first network card, and what EKS calls the most pods is what its interfaces take.
    Custom networking leaves the node's first interface to the node itself. An EFA without addresses takes one
    on the first card, unless there are more cards than EFAs, as on p6-b300.48xlarge.
    """
    on_first_card = (shape.max_pods - _ON_HOST) // (shape.ipv4_per_eni - 1)
    taken = int(how.apart) + int(bool(efa) and efa >= shape.network_cards)
    return max(on_first_card - taken, 0)


def need(
    shape: Shape, how: PodAddresses, *, reserved: bool = False, tenants: int | None = None, efa: int = 0
) -> NodeNeed:
    """Most addresses that a node of one shape and its pods take.

    A node holds an address for each pod and a few more (`CNI_ENVIRONMENT`), one of its own for each network
    interface that those fill, and the node's own. In blocks it holds as many as those addresses begin: the
    CNI gives no block back before the last of its pods is gone, but takes a new one only when all are full.
    EFA interfaces have no addresses (`efa-only`):
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html

    Planned are `most_pods`; on nodes that are reserved for pods with accelerators, one pod for each that can
    have one, and the daemons. Pods on the host's network need none.

    Args:
        shape: The node's shape.
        how: How pods get their addresses.
        reserved: Whether taints keep pods without accelerators off.
        tenants: Pods that can have an accelerator at once; None: as many as there are devices.
        efa: EFA interfaces of the node.
    """
    devices = max(shape.gpu_count + shape.accelerator_count, 1) if tenants is None else tenants
    pods = most_pods(shape, how, efa=efa) - _ON_HOST
    pods = min(pods, devices + _DAEMONS) if reserved else pods
    warm, least = (int(CNI_ENVIRONMENT[name]) for name in ("WARM_IP_TARGET", "MINIMUM_IP_TARGET"))
    slots = _interfaces(shape, how, efa) * (shape.ipv4_per_eni - 1)
    wanted = max(pods + warm, least)
    held = min(ceil(wanted / BLOCK) if how.blocks else wanted, slots)
    interfaces = ceil(held / (shape.ipv4_per_eni - 1)) if held else 0
    if how.apart:
        return NodeNeed(node=Need(single=1), pods=_taken(held, interfaces, how))
    return NodeNeed(node=_taken(held, max(interfaces, 1), how))


def _taken(held: int, interfaces: int, how: PodAddresses) -> Need:
    if how.blocks:
        return Need(single=interfaces, blocks=held)
    return Need(single=held + interfaces)


def usable(subnet: IPv4Network) -> int:
    """Addresses of a subnet that can be given out."""
    return max(subnet.num_addresses - RESERVED_BY_AWS, 0)


def for_blocks(subnet: IPv4Network) -> tuple[IPv4Network, ...]:
    """The parts of a subnet, three quarters of it, that only blocks are given from.

    Without them single addresses are strewn all over it, and each spoils a block: a subnet that is half full
    may have no block left. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html
    """
    lower, upper = subnet.subnets(prefixlen_diff=1)
    return tuple(lower.subnets(prefixlen_diff=1))[1], upper


def room(subnet: IPv4Network, *, blocks: bool) -> Need:
    """What a subnet has for single addresses, and for blocks where it gives those.

    Of the single ones, four are AWS's; of the blocks the last, for the subnet's last address is AWS's.
    """
    if not blocks:
        return Need(single=usable(subnet))
    parts = for_blocks(subnet)
    whole = sum(part.num_addresses for part in parts)
    single = max(subnet.num_addresses - whole - (RESERVED_BY_AWS - 1), 0)
    return Need(single=single, blocks=max(whole // BLOCK - 1, 0))


def fits(wanted: Need, subnet: IPv4Network, *, blocks: bool) -> bool:
    """Whether a subnet has what is needed of it."""
    there = room(subnet, blocks=blocks)
    return wanted.single <= there.single and wanted.blocks <= there.blocks


def _by_zone(zones: Sequence[str], subnets: Iterable[IPv4Network]) -> Mapping[str, IPv4Network]:
    """The first subnets, one for each zone; the others stay free."""
    return MappingProxyType(dict(zip(zones, subnets, strict=False)))
