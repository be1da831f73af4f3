from ipaddress import IPv4Network
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import (
    BLOCK,
    AddressPlan,
    Need,
    PodAddresses,
    fits,
    for_blocks,
    has_room_for_pods,
    most_pods,
    need,
    plan,
    room,
    usable,
)
from infra.catalog.instances import shape, shapes
from infra.problems import BadInput

ZONES = tuple(f"us-east-1{letter}" for letter in "abcdef")


@st.composite
def cidrs(draw: st.DrawFn) -> IPv4Network:
    length = draw(st.integers(16, 20))
    return IPv4Network((draw(st.integers(0, 2**length - 1)) << (32 - length), length))


def subnets(addresses: AddressPlan) -> list[IPv4Network]:
    return list(chain(*(kind.values() for kind in (addresses.private, addresses.public, addresses.intra))))


@given(cidrs(), st.integers(1, 6))
def test_subnets_are_apart_and_inside(cidr: IPv4Network, count: int) -> None:
    addresses = plan(cidr, ZONES[:count])
    all_of_them = subnets(addresses)
    assert len(all_of_them) == 3 * count
    assert all(subnet.subnet_of(cidr) for subnet in all_of_them)
    assert not any(one.overlaps(other) for one, other in combinations(all_of_them, 2))


@given(cidrs(), st.integers(1, 6))
def test_sizes_suit_their_use(cidr: IPv4Network, count: int) -> None:
    addresses = plan(cidr, ZONES[:count])
    for zone in ZONES[:count]:
        others = addresses.public[zone].num_addresses + addresses.intra[zone].num_addresses
        assert addresses.private[zone].num_addresses >= 4 * others
        assert max(addresses.public[zone].prefixlen, addresses.intra[zone].prefixlen) <= 27


@given(cidrs(), st.integers(1, 2))
def test_a_zone_more_moves_no_subnet_up_to_three(cidr: IPv4Network, count: int) -> None:
    before, after = plan(cidr, ZONES[:count]), plan(cidr, ZONES[: count + 1])
    for kind in ("private", "public", "intra"):
        assert getattr(before, kind).items() <= getattr(after, kind).items()


def test_the_plan_of_a_usual_network() -> None:
    addresses = plan(IPv4Network("10.40.0.0/16"), ZONES[:3])
    assert [str(subnet) for subnet in addresses.private.values()] == [
        "10.40.0.0/18",
        "10.40.64.0/18",
        "10.40.128.0/18",
    ]
    assert str(addresses.public[ZONES[0]]) == "10.40.192.0/21"
    assert str(addresses.intra[ZONES[0]]) == "10.40.224.0/21"


@pytest.mark.parametrize(("smallest", "count"), [(22, 1), (22, 3), (20, 4), (20, 6)])
def test_too_small_a_range_is_refused_with_one_that_is_not(smallest: int, count: int) -> None:
    plan(IPv4Network(("10.0.0.0", smallest)), ZONES[:count])
    with pytest.raises(BadInput, match=rf"network.cidr: .* write a /{smallest} or larger"):
        plan(IPv4Network(("10.0.0.0", smallest + 1)), ZONES[:count])


@pytest.mark.parametrize("zones", [(), (*ZONES, "us-east-1g")])
def test_a_number_of_zones_that_no_plan_is_for(zones: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="1 to 6 zones"):
        plan(IPv4Network("10.0.0.0/16"), zones)


def test_aws_keeps_five_addresses_of_each_subnet() -> None:
    assert usable(IPv4Network("10.0.0.0/27")) == 27


ONE_BY_ONE, IN_BLOCKS = PodAddresses(), PodAddresses(blocks=True)
APART, BLOCKS_APART = PodAddresses(apart=True), PodAddresses(blocks=True, apart=True)
WAYS = st.builds(PodAddresses, blocks=st.booleans(), apart=st.booleans())


@st.composite
def ranges_of_pods(draw: st.DrawFn) -> IPv4Network:
    length = draw(st.integers(14, 24))
    return IPv4Network(
        ((100 << 24 | 64 << 16) + (draw(st.integers(0, 2 ** (length - 10) - 1)) << (32 - length)), length)
    )


@given(cidrs(), ranges_of_pods(), st.integers(1, 6))
def test_subnets_of_pods_are_apart_inside_and_no_larger_than_a_range_may_be(
    cidr: IPv4Network, pods: IPv4Network, count: int
) -> None:
    addresses = plan(cidr, ZONES[:count], pods)
    subnets_of_pods = list(addresses.pods.values())
    assert len(subnets_of_pods) == count
    assert all(subnet.subnet_of(pods) and 16 <= subnet.prefixlen <= 27 for subnet in subnets_of_pods)
    assert not any(one.overlaps(other) for one, other in combinations(subnets_of_pods, 2))
    assert all(part.prefixlen >= 16 for part in addresses.secondary)
    assert len(addresses.secondary) <= 4, "with its own range, a network has five"
    assert not any(one.overlaps(other) for one, other in combinations(addresses.secondary, 2))
    for subnet in subnets_of_pods:
        assert any(subnet.subnet_of(part) for part in addresses.secondary)


@given(cidrs(), ranges_of_pods(), st.integers(1, 2))
def test_a_zone_more_moves_no_subnet_of_pods(cidr: IPv4Network, pods: IPv4Network, count: int) -> None:
    before, after = plan(cidr, ZONES[:count], pods), plan(cidr, ZONES[: count + 1], pods)
    assert before.pods.items() <= after.pods.items()
    assert set(before.secondary) <= set(after.secondary)


def test_too_small_a_range_of_pods_is_refused() -> None:
    plan(IPv4Network("10.0.0.0/16"), ZONES[:3], IPv4Network("100.64.0.0/25"))
    with pytest.raises(BadInput, match=r"network.pods: .* is too small for 5 zones; write a /24 or larger"):
        plan(IPv4Network("10.0.0.0/16"), ZONES[:5], IPv4Network("100.64.0.0/25"))


def test_a_small_node_holds_no_more_than_its_interfaces_take() -> None:
    # 3 interfaces of 10 addresses, the first of each for itself.
    assert need(shape("m7i.large"), ONE_BY_ONE).node == Need(single=30)


def test_a_node_kept_for_gpu_pods_holds_few() -> None:
    # 8 GPUs, 8 daemons, 4 to spare; one interface, and EFAs have no addresses.
    p4d = need(shape("p4d.24xlarge"), ONE_BY_ONE, reserved=True, efa=4)
    assert (p4d * 512).node == Need(single=512 * (20 + 1))


def test_shared_gpus_are_more_pods() -> None:
    # 4 pods for each of 8 GPUs, 8 daemons, 4 to spare; one interface.
    assert need(shape("p4d.24xlarge"), ONE_BY_ONE, reserved=True, tenants=32).node == Need(single=44 + 1)


def test_blocks_are_counted_whole() -> None:
    # 110 pods, of which 2 have the host's address, and 4 to spare: 7 blocks on one interface.
    assert need(shape("m7i.large"), IN_BLOCKS).node == Need(single=1, blocks=7)
    # 8 GPUs, 8 daemons, 4 to spare: 2 blocks.
    assert need(shape("p4d.24xlarge"), IN_BLOCKS, reserved=True).node == Need(single=1, blocks=2)


def test_pods_apart_leave_the_nodes_subnet_one_address_a_node() -> None:
    # Two interfaces are left for pods: 2 x 9 addresses, and the interfaces' own.
    apart = need(shape("m7i.large"), APART)
    assert (apart.node, apart.pods) == (Need(single=1), Need(single=20))
    in_blocks = need(shape("m7i.large"), BLOCKS_APART)
    assert (in_blocks.node, in_blocks.pods) == (Need(single=1), Need(single=1, blocks=7))


@pytest.mark.parametrize(
    ("name", "how", "efa", "most"),
    [
        ("m7i.large", ONE_BY_ONE, 0, 29),
        ("m7i.large", IN_BLOCKS, 0, 110),
        ("m7i.large", APART, 0, 20),
        ("m7i.4xlarge", ONE_BY_ONE, 0, 110),
        ("g6.12xlarge", ONE_BY_ONE, 0, 234),
        ("g6.12xlarge", IN_BLOCKS, 0, 250),
        ("p5.48xlarge", ONE_BY_ONE, 0, 100),
        ("p5.48xlarge", ONE_BY_ONE, 32, 51),  # card 0 has two interfaces, and EFA takes one
        ("p6-b300.48xlarge", ONE_BY_ONE, 16, 198),  # 17 cards: EFA takes none of card 0
    ],
)
def test_what_a_kubelet_is_told(name: str, how: PodAddresses, efa: int, most: int) -> None:
    assert most_pods(shape(name), how, efa=efa) == most


def test_efa_and_the_node_leave_pods_no_interface_on_some_types() -> None:
    assert not has_room_for_pods(shape("p5.48xlarge"), APART, efa=32)
    assert has_room_for_pods(shape("p5.48xlarge"), APART)
    assert has_room_for_pods(shape("p4d.24xlarge"), APART, efa=4)


@given(st.sampled_from(sorted(shapes())), WAYS, st.booleans(), st.integers(1, 60))
def test_needs_are_within_what_the_instance_can_hold(
    name: str, how: PodAddresses, reserved: bool, tenants: int
) -> None:
    it = shape(name)
    wanted = need(it, how, reserved=reserved, tenants=tenants)
    both = wanted.node + wanted.pods
    assert wanted.node.single >= 1
    assert both.single + both.blocks <= it.max_enis * it.ipv4_per_eni
    pods = most_pods(it, how) - 2
    planned = min(pods, tenants + 8) if reserved else pods
    interfaces = both.single if how.blocks else 0
    held = both.blocks * BLOCK if how.blocks else both.single
    assert held >= planned, "every pod that is planned has an address"
    assert interfaces <= it.max_enis


@given(ranges_of_pods())
def test_what_is_kept_for_blocks_leaves_the_rest_to_single_addresses(subnet: IPv4Network) -> None:
    parts = for_blocks(subnet)
    assert all(part.subnet_of(subnet) for part in parts)
    assert not parts[0].overlaps(parts[1])
    there = room(subnet, blocks=True)
    assert there.addresses + 4 + BLOCK == subnet.num_addresses
    assert fits(there, subnet, blocks=True)
    assert not fits(there + Need(blocks=1), subnet, blocks=True)
    assert not fits(there + Need(single=1), subnet, blocks=True)
    assert room(subnet, blocks=False) == Need(single=usable(subnet))
