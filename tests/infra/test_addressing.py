from ipaddress import IPv4Network
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import AddressPlan, addresses_needed, plan, usable
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


def test_a_small_node_holds_no_more_than_its_interfaces_take() -> None:
    # 3 interfaces of 10 addresses, the first of each for itself.
    assert addresses_needed(shape("m7i.large"), 1) == 30


def test_a_node_kept_for_gpu_pods_holds_few() -> None:
    # 8 GPUs, 8 daemons, 4 to spare; one interface, and 4 for EFA.
    assert addresses_needed(shape("p4d.24xlarge"), 512, reserved=True, efa_interfaces=4) == 512 * (20 + 1 + 4)


@given(st.sampled_from(sorted(shapes())), st.integers(0, 5000), st.booleans())
def test_addresses_are_within_what_the_instance_can_hold(name: str, nodes: int, reserved: bool) -> None:
    it = shape(name)
    assert nodes <= addresses_needed(it, nodes, reserved=reserved) <= nodes * it.max_enis * it.ipv4_per_eni
