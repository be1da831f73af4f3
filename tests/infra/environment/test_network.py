"""Networks: their room, what they are connected to, and those that exist."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.environment import Environment, parse
from infra.environment.checks.together import together
from infra.environment.endpoints import endpoints, needed
from infra.environment.loading import REGION, SECTION
from infra.environment.network import Network
from tests.infra.environment.samples import MISSING, SMALL, changed, problems_of, small

P4D = {"instances": ["p4d.24xlarge"], "zone": "us-east-1b"}
P5 = {"instances": ["p5.48xlarge"], "max": 4, "zone": "us-east-1b"}
PEER = {"vpc": "vpc-12345678", "cidr": "10.99.0.0/16"}
TRANSIT = {"gateway": "tgw-12345678", "routes": ["10.0.0.0/8"]}
PRIVATE = {
    "us-east-1a": {"id": "subnet-0000000a", "cidr": "10.10.0.0/20"},
    "us-east-1b": {"id": "subnet-0000000b", "cidr": "10.10.16.0/20"},
}


def in_existing(**more: object) -> dict[str, Any]:
    network = {"cidr": "10.10.0.0/16", "existing": {"vpc": "vpc-12345678", "private": PRIVATE}}
    existing = {**network["existing"], **more}  # type: ignore[dict-item]
    return {"network": {**network, "existing": existing}}


def with_subnet(zone: str, **subnet: str) -> dict[str, Any]:
    return in_existing(private={**PRIVATE, zone: {**PRIVATE.get(zone, {}), **subnet}})


ONE_PROBLEM: list[tuple[dict[str, Any], str]] = [
    # Room.
    (
        {"pools.gpu": {**P4D, "max": 1000}},
        (
            "network.cidr: 10.10.0.0/16 leaves 16379 addresses in us-east-1b, where the pools at their "
            "largest and "
            "64 others need 21124 addresses; give pods a range of their own, network.pods: 100.64.0.0/15"
        ),
    ),
    (
        {"network.prefixes": True, "pools.system.max": 600},
        (
            "leaves 4092 addresses and 767 blocks of 16 in us-east-1a, where the pools at their largest "
            "and 64 "
            "others need 365 addresses and 2101 blocks of 16; give pods a range of their own, network.pods: "
            "100.64.0.0/14, or write network.prefixes: false"
        ),
    ),
    (
        {"network.pods": "100.64.0.0/20", "pools.system.max": 2000},
        (
            "network.pods: 100.64.0.0/20 leaves 1019 addresses in us-east-1a, where the pools at their "
            "largest need "
            "20018 addresses; write a /15 or larger, such as 100.64.0.0/15"
        ),
    ),
    (
        {"pools.system": {"instances": ["m7i.large"], "min": 2, "max": 5000}, "network.pods": "100.64.0.0/14"}
        | {"network.cidr": "10.10.0.0/20"},
        "network.cidr: 10.10.0.0/20 leaves 1019 addresses in us-east-1a",
    ),
    (
        {"network.pods": "100.64.0.0/16", "pools.gpu": P5},
        (
            "network.pods: leaves p5.48xlarge of pools.gpu no network interface for pods: the node itself "
            "has one, "
            "EFA the other; remove network.pods, so that pods share the nodes' subnets, or write "
            "pools.gpu.efa: "
            "false"
        ),
    ),
    ({"network.pods": "10.64.0.0/16"}, "network.pods: 10.64.0.0/16 is not within 100.64.0.0/10; write one"),
    ({"network.pods": "100.64.0.0/12"}, "network.pods: 100.64.0.0/12 is not of a size that pods can have"),
    ({"network.pods": "100.64.0.0/26"}, "network.pods: 100.64.0.0/26 is not of a size that pods can have"),
    # Peers and transit gateways.
    (
        {"network.peers": {"corp": {**PEER, "cidr": "10.10.4.0/24"}}},
        "network.peers.corp.cidr: 10.10.4.0/24 overlaps 10.10.0.0/16, the range of network.cidr; VPCs whose",
    ),
    (
        {"network.peers": {"corp": {**PEER, "cidr": "100.64.4.0/24"}}, "network.pods": "100.64.0.0/16"},
        "network.peers.corp.cidr: 100.64.4.0/24 overlaps 100.64.0.0/16, the range of network.pods",
    ),
    (
        {"network.peers": {"corp": PEER, "lab": {"vpc": "vpc-87654321", "cidr": "10.99.1.0/24"}}},
        "network.peers.lab.cidr: 10.99.1.0/24 overlaps 10.99.0.0/16, the range of network.peers.corp; write",
    ),
    (
        {"network.peers": {"corp": PEER, "lab": {**PEER, "cidr": "10.98.0.0/16"}}},
        "network.peers.lab.vpc: vpc-12345678 is network.peers.corp too; write each VPC once",
    ),
    (
        {"network.peers": {"corp": {**PEER, "account": "999988887777", "tables": ["rtb-12345678"]}}},
        'network.peers.corp.tables: ["rtb-12345678"] are in account 999988887777, which is not touched',
    ),
    (
        {"network.peers": {"Corp": PEER}},
        "network.peers.Corp: Corp is not a name for a peer; write small letters",
    ),
    (
        {"network.peers": {"corp": {**PEER, "vpc": "tgw-12345678"}}},
        (
            "network.peers.corp.vpc: tgw-12345678 is not the id of a VPC; write one such as "
            "vpc-0123456789abcdef0"
        ),
    ),
    (
        {"network.peers": {"corp": {**PEER, "cidr": "0.0.0.0/0"}}},
        "network.peers.corp.cidr: 0.0.0.0/0 is not of a size that a VPC can have; write a length from /16",
    ),
    (
        {"network.transit": {**TRANSIT, "routes": ["0.0.0.0/0"]}},
        (
            "network.transit.routes[0]: 0.0.0.0/0 leads to the internet, and so does nat: single; write "
            "network.nat"
        ),
    ),
    (
        {"network.transit": {**TRANSIT, "routes": ["10.10.1.0/24"]}},
        "network.transit.routes[0]: 10.10.1.0/24 is within 10.10.0.0/16, the range of network.cidr, where",
    ),
    (
        {"network.transit": {**TRANSIT, "routes": ["10.0.0.0/8", "10.0.0.0/8"]}},
        "network.transit.routes[1]: 10.0.0.0/8 is there twice; write each once",
    ),
    (
        {"network.transit": {**TRANSIT, "routes": ["10.99.0.0/16"]}, "network.peers": {"corp": PEER}},
        "network.transit.routes[0]: 10.99.0.0/16 is the range of network.peers.corp too; remove one of them",
    ),
    (
        {"network.transit": {**TRANSIT, "routes": [f"172.16.{n}.0/24" for n in range(48)]}},
        "network: 48 ranges make 51 routes with the network's own, and a table takes 50; write fewer, larger",
    ),
    # Endpoints and logs.
    (
        {"network.nat": "none", "network.endpoints": ["ec2", "sts", "eks", "eks-auth", "logs"]},
        "lacks autoscaling, ecr.api, ecr.dkr, which cannot be reached without a way to the internet; add",
    ),
    (
        {"network.endpoints": ["ecr.apis"]},
        (
            "network.endpoints[0]: ecr.apis is not a known service with an interface endpoint; did you mean "
            "ecr.api"
        ),
    ),
    ({"network.endpoints": ["sts", "sts"]}, 'network.endpoints: ["sts", "sts"] has sts more than once'),
    (
        {"network.flow_logs": {"retention": "31d"}},
        "network.flow_logs.retention: 31d is not a retention that CloudWatch Logs offers; write 30d",
    ),
    (
        {"network.flow_logs": {"to": "kafka"}},
        "network.flow_logs.to: kafka is not among what can be chosen; write 'logs' or 's3'",
    ),
    # Networks that exist.
    (
        {**in_existing(), "network.nat": "single"},
        "network.nat: single cannot be had in an existing VPC, which stays as it is; remove it, and ask the",
    ),
    (
        {**in_existing(), "network.flow_logs": {}},
        "network.flow_logs: flow_logs cannot be had in an existing VPC, which stays as it is",
    ),
    (
        with_subnet("us-east-2a", id="subnet-0000000c", cidr="10.10.32.0/20"),
        "network.existing.private.us-east-2a: us-east-2a is not a zone of us-east-1 that EKS can use",
    ),
    (
        with_subnet("us-east-1b", cidr="10.11.0.0/20"),
        (
            "network.existing.private.us-east-1b.cidr: 10.11.0.0/20 is not within 10.10.0.0/16; write the "
            "subnet's"
        ),
    ),
    (
        with_subnet("us-east-1b", cidr="10.10.8.0/21"),
        "network.existing.private.us-east-1b.cidr: 10.10.8.0/21 overlaps 10.10.0.0/20 of private.us-east-1a",
    ),
    (
        with_subnet("us-east-1b", id="subnet-0000000a"),
        "network.existing.private.us-east-1b.id: subnet-0000000a is private.us-east-1a too; write a subnet",
    ),
    (
        {**in_existing(), "pools.system.max": 400},
        (
            "network.existing.private.us-east-1a.cidr: 10.10.0.0/20 leaves 4091 addresses in us-east-1a, "
            "where the "
            "pools at their largest and 64 others need 6082 addresses; lower pools.system.max to 266, or "
            "larger"
        ),
    ),
    (
        in_existing(pods={"us-east-1a": {"id": "subnet-0000000c", "cidr": "100.64.0.0/18"}}),
        "lacks us-east-1b; write one subnet for each zone of private",
    ),
    (
        in_existing(intra={"us-east-1a": {"id": "subnet-0000000c", "cidr": "10.10.32.0/28"}}),
        "has one zone, and EKS needs two; write another, or leave intra out",
    ),
    (
        in_existing(private={"us-east-1a": PRIVATE["us-east-1a"]}),
        "network.existing.private: ",
    ),
    (
        in_existing(vpc="vpc-xyz"),
        "network.existing.vpc: vpc-xyz is not the id of a VPC; write one such as vpc-0123456789abcdef0",
    ),
    (
        {"pools.gpu.zone": "us-east-1c", **in_existing()},
        "pools.gpu.zone: us-east-1c is not a zone of the network",
    ),
]


@pytest.mark.parametrize(("changes", "said"), ONE_PROBLEM)
def test_each_mistake_has_one_problem(changes: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(changes)
    assert said in problem


RIGHT: list[dict[str, Any]] = [
    {"network.pods": "100.64.0.0/16", "network.prefixes": True},
    {"network.pods": "100.64.0.0/14", "pools.gpu": {**P4D, "max": 3000}},
    {"network.pods": "100.64.0.0/16", "pools.gpu": {**P5, "efa": False}},
    {"network.nat": "none", "network.transit": {**TRANSIT, "routes": ["0.0.0.0/0"]}},
    {"network.nat": "none"},
    {"network.nat": "none", "network.endpoints": [*needed(small()), "kms"]},
    {"network.transit": TRANSIT, "network.peers": {"corp": {**PEER, "cidr": "192.168.0.0/16"}}},
    {"network.peers": {"corp": {**PEER, "account": "111122223333", "tables": ["rtb-12345678"]}}},
    {"network.flow_logs": {"to": "s3", "traffic": "reject", "retention": "365d", "every": "1m"}},
    in_existing(),
    in_existing(
        pods={
            "us-east-1a": {"id": "subnet-0000000c", "cidr": "100.64.0.0/18"},
            "us-east-1b": {"id": "subnet-0000000d", "cidr": "100.64.64.0/18"},
        }
    ),
]


@pytest.mark.parametrize("changes", RIGHT)
def test_what_is_right_has_none(changes: dict[str, Any]) -> None:
    assert problems_of(changes) == []


def test_an_existing_network_tells_the_zones() -> None:
    assert small(in_existing()).zones == ("us-east-1a", "us-east-1b")


# What is proposed helps.

POOLS = st.builds(
    lambda instance, most, zone: {"instances": [instance], "max": most, **({"zone": zone} if zone else {})},
    st.sampled_from(["m7i.large", "r7i.8xlarge", "g6.12xlarge", "p4d.24xlarge"]),
    st.integers(1, 5000),
    st.sampled_from([None, "us-east-1a", "us-east-1b"]),
)
NETWORKS = st.fixed_dictionaries(
    {
        "cidr": st.sampled_from([f"10.0.0.0/{length}" for length in range(16, 22)]),
        "zones": st.sampled_from([2, 3]),
        "prefixes": st.booleans(),
        "pods": st.sampled_from([None, "100.64.0.0/14", "100.64.0.0/16", "100.64.0.0/19"]),
    }
)


def advised(network: dict[str, Any], hint: str) -> list[dict[str, Any]]:
    """The network as each half of a hint would have it."""
    found: list[dict[str, Any]] = []
    wider = re.search(r"write a /\d+ or larger, such as (\S+?)(,|$)", hint)
    if wider:
        field = "pods" if wider[1].startswith("100.") else "cidr"
        found.append({**network, field: wider[1]})
    apart = re.search(r"network\.pods: (100\.\S+?)( with prefixes: false)?(,|$)", hint)
    if apart:
        found.append({**network, "pods": apart[1], **({"prefixes": False} if apart[2] else {})})
    if re.search(r"write network\.prefixes: false", hint):
        found.append({**network, "prefixes": False})
    return found


def written(network: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in network.items() if value is not None}


@settings(max_examples=60, deadline=None)
@given(NETWORKS, st.dictionaries(st.sampled_from(["one", "two", "three"]), POOLS, min_size=1))
def test_either_everything_fits_or_what_is_proposed_makes_it_fit(
    network: dict[str, Any], pools: dict[str, Any]
) -> None:
    system = {"instances": ["m7i.large"], "min": 2, "max": 4}
    changes = {"pools": {"system": system, **pools}, "teams": MISSING}
    said = problems_of({**changes, "network": written(network)})
    for problem in said:
        assert "; " in problem
        hint = problem.rpartition("; ")[2]
        proposals = advised(network, hint)
        for proposal in proposals:
            assert problems_of({**changes, "network": written(proposal)}) == []
        lower = re.search(r"lower pools\.(\w+)\.max to (\d+)", hint)
        if lower and len(said) == 1:
            name, most = lower[1], int(lower[2])
            for larger, wrong in ((0, False), (1, True)):
                one = {**changes["pools"][name], "max": most + larger}  # type: ignore[index]
                one["min"] = min(one.get("min", 0), one["max"])
                lowered = {**changes["pools"], name: one}  # type: ignore[dict-item]
                again = problems_of({**changes, "pools": lowered, "network": written(network)})
                assert bool([p for p in again if p.startswith("network")]) is wrong
        assert proposals or lower or "lower pools." in hint


# Endpoints.


def test_a_way_to_the_internet_makes_endpoints_a_choice() -> None:
    assert endpoints(small()) == ()
    assert endpoints(small({"network.endpoints": ["sts"]})) == ("sts",)


def test_without_one_all_that_is_needed_has_an_endpoint() -> None:
    cut_off = small({"network.nat": "none"})
    assert endpoints(cut_off) == needed(cut_off)
    always = {"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sts"}
    assert set(needed(cut_off)) == always | {"autoscaling"}
    fixed = {"system": {"instances": ["m7i.large"], "min": 2, "max": 2}}
    assert set(needed(small({"network.nat": "none", "pools": fixed, "teams": {}}))) == always


def test_karpenter_needs_its_queue_and_the_parameters_of_images() -> None:
    assert {"sqs", "ssm"} <= set(needed(small({"pools.gpu.scaling": "karpenter"})))


@pytest.mark.parametrize(
    ("network", "cut_off"),
    [
        ({"nat": "none"}, True),
        ({"nat": "single"}, False),
        ({"nat": "none", "transit": TRANSIT}, True),
        ({"nat": "none", "transit": {**TRANSIT, "routes": ["0.0.0.0/0"]}}, False),
        ({"existing": {"vpc": "vpc-12345678", "private": PRIVATE}}, False),
    ],
)
def test_what_is_cut_off(network: dict[str, Any], cut_off: bool) -> None:
    assert Network.model_validate({"cidr": "10.10.0.0/16", **network}).is_cut_off is cut_off


def named(name: str, vpc: str) -> Environment:
    return parse(name, {REGION: "us-east-1", SECTION: changed(SMALL, in_existing(vpc=vpc))})


def test_two_environments_may_live_in_the_same_existing_vpc_only() -> None:
    assert together([named("one", "vpc-0000000a"), named("two", "vpc-0000000a")]) == []
    (problem,) = together([named("one", "vpc-0000000a"), named("two", "vpc-0000000b")])
    assert str(problem).startswith(
        "two: network.cidr: 10.10.0.0/16 overlaps 10.10.0.0/16, the network of one"
    )


def test_networks_may_have_the_same_range_for_pods() -> None:
    ranges = {"one": "10.10.0.0/16", "two": "10.20.0.0/16"}
    both = [
        parse(
            name,
            {
                REGION: "us-east-1",
                SECTION: changed(SMALL, {"network.cidr": cidr, "network.pods": "100.64.0.0/16"}),
            },
        )
        for name, cidr in ranges.items()
    ]
    assert together(both) == []
