"""Each mistake within one place gets one problem: path, value, what is wrong, what to write."""

from typing import Any

import pytest

from tests.infra.environment.samples import MISSING, problems_of

ONE_PROBLEM: list[tuple[dict[str, Any], str]] = [
    # Keys and kinds of values.
    ({"netwrok": {}}, "netwrok: is not a key that is known here; did you mean network?"),
    (
        {"pools.gpu.instnaces": []},
        "pools.gpu.instnaces: is not a key that is known here; did you mean instances?",
    ),
    (
        {"owner": MISSING},
        "owner: is missing; write it: Who answers for it; a tag and a label of everything in it",
    ),
    ({"teams.fraud.cpu": MISSING}, "teams.fraud.cpu: is missing; write it: vCPUs that it may use at once"),
    ({"owner": 3}, "owner: 3 is not text; write text; numbers that are meant as text go in quotes"),
    (
        {"cluster.version": 1.35},
        "cluster.version: 1.35 is not text; write text; numbers that are meant as text",
    ),
    ({"pools": 3}, "pools: 3 is not a mapping; write keys with values below it"),
    (
        {"pools.gpu": ["g6.xlarge"]},
        'pools.gpu: ["g6.xlarge"] is not a section; write its keys with values below',
    ),
    (
        {"pools.gpu.instances": "g6.xlarge"},
        "pools.gpu.instances: g6.xlarge is not a list; write a list, such as",
    ),
    ({"pools.gpu.instances": []}, "pools.gpu.instances: [] has 0 entries; write at least 1"),
    (
        {"pools.gpu.max": "2"},
        'pools.gpu.max: "2" is not a whole number; write a number without quotes and decimals',
    ),
    (
        {"pools.gpu.max": 1.5},
        "pools.gpu.max: 1.5 is not a whole number; write a number without quotes and decimals",
    ),
    ({"pools.gpu.max": True}, "pools.gpu.max: true is not a whole number; write a number without quotes"),
    (
        {"pools.gpu.efa": "yes"},
        "pools.gpu.efa: yes is neither true nor false; write true or false, without quotes",
    ),
    (
        {"network.nat": "two"},
        "network.nat: two is not among what can be chosen; write 'none', 'single' or 'per-zone'",
    ),
    (
        {"budget": {"monthly": "1", "notify": ["a@b.org"]}},
        'budget.monthly: "1" is not a number; write a number',
    ),
    (
        {"budget": {"monthly": 0, "notify": ["a@b.org"]}},
        "budget.monthly: 0 is not above 0; write a number above 0",
    ),
    (
        {"budget": {"monthly": float("inf"), "notify": ["a@b.org"]}},
        "budget.monthly: Infinity is not a finite number; write a number such as 20000",
    ),
    # Names.
    (
        {"pools.Big": {"instances": ["m7i.large"]}},
        "pools.Big: Big is not a name for a pool; write small letters",
    ),
    (
        {"pools.big_one": {"instances": ["m7i.large"]}},
        "pools.big_one: big_one is not a name for a pool; write small",
    ),
    ({f"pools.{'x' * 25}": {"instances": ["m7i.large"]}}, "is 25 characters long; write at most 24"),
    (
        {f"teams.{'x' * 33}": {"members": ["a"], "cpu": 1, "memory": "1GiB"}},
        "is 33 characters long; write at most 32",
    ),
    (
        {"teams.-x": {"members": ["a"], "cpu": 1, "memory": "1GiB"}},
        "teams.-x: -x is not a name for a team; write",
    ),
    (
        {"owner": "ML Platform"},
        "owner: ML Platform cannot be a label's value, and so not an owner; write letters",
    ),
    (
        {"account": "12345"},
        'account: "12345" is not an AWS account number; write its 12 digits in quotes, such as',
    ),
    (
        {"account": 111122223333},
        "account: 111122223333 is not text; write text; numbers that are meant as text",
    ),
    ({"account": "\u0661" * 12}, "is not an AWS account number; write its 12 digits in quotes"),
    # Network.
    (
        {"network.cidr": "10.0.0.1/16"},
        "network.cidr: 10.0.0.1/16 is not written by its first address; write 10.0.0.0/16",
    ),
    (
        {"network.cidr": "10.0.0.0/8"},
        "network.cidr: 10.0.0.0/8 is not of a size that a VPC can have; write a length",
    ),
    (
        {"network.cidr": "8.8.0.0/16"},
        "network.cidr: 8.8.0.0/16 is not private; write a range within 10.0.0.0/8",
    ),
    (
        {"network.cidr": "127.0.0.0/16"},
        "network.cidr: 127.0.0.0/16 is not private; write a range within 10.0.0.0/8",
    ),
    (
        {"network.cidr": "10.0.0.0"},
        "network.cidr: 10.0.0.0 is not a range of IPv4 addresses; write one with its length",
    ),
    (
        {"network.cidr": "300.0.0.0/16"},
        "network.cidr: 300.0.0.0/16 is not a range of IPv4 addresses; write one such",
    ),
    ({"network.cidr": 10}, "network.cidr: 10 is not a range of IPv4 addresses; write one with its length"),
    (
        {"network.zones": 1},
        "network.zones: 1 is neither a number of zones nor a list of different ones, from 2 (EKS",
    ),
    (
        {"network.zones": "all"},
        "network.zones: all is neither a number of zones nor a list of different ones, from 2",
    ),
    (
        {"network.zones": ["us-east-1a", "us-east-1a"]},
        "is neither a number of zones nor a list of different ones",
    ),
    # Cluster.
    (
        {"cluster.version": "1.15"},
        'cluster.version: "1.15" is not a known Kubernetes version of EKS; did you mean 1.35',
    ),
    (
        {"cluster.api_access": ["0.0.0.0/0"]},
        "cluster.api_access[0]: 0.0.0.0/0 opens the API to the whole internet",
    ),
    (
        {"cluster.api_access": ["10.1.0.0/16", "10.0.0.0/8"]},
        "has 10.1.0.0/16, which overlaps 10.0.0.0/8; leave out 10.1.0.0/16",
    ),
    (
        {"cluster.admins": ["me"]},
        "cluster.admins[0]: me is not the ARN of an IAM role or user; write one such as",
    ),
    (
        {"cluster.log_retention": "100d"},
        "cluster.log_retention: 100d is not a retention that CloudWatch Logs offers; write 90d",
    ),
    (
        {"cluster.log_retention": "36h"},
        "cluster.log_retention: 36h is not a whole number of days; write days, such as",
    ),
    # Pools.
    (
        {"pools.gpu.instances": ["g6.xlarg"]},
        "pools.gpu.instances[0]: g6.xlarg is not a known instance type; did you mean g6.xlarge,",
    ),
    ({"pools.gpu.instances": ["g6.xlarge", "m7i.large"]}, "mixes GPUs: 0 None, 1 l4; write a pool for each"),
    (
        {"pools.system.instances": ["m7i.large", "m7g.large"]},
        "mixes architectures: amd64, arm64; write a pool for each",
    ),
    (
        {"pools.gpu.instances": ["inf2.xlarge", "inf2.24xlarge"]},
        "mixes accelerators: 1 inferentia2, 6 inferentia2; write",
    ),
    ({"pools.gpu.instances": ["g6.xlarge", "g6.xlarge"]}, "has g6.xlarge more than once; write each once"),
    ({"pools.gpu.min": 3}, "pools.gpu.max: 2 is below min 3; write a max of at least 3"),
    ({"pools.gpu.min": -1}, "pools.gpu.min: -1 is below 0; write at least 0"),
    ({"pools.gpu.max": 0}, "pools.gpu.max: 0 is below 1; write at least 1"),
    ({"pools.gpu.max": 5001}, "pools.gpu.max: 5001 is above 5000; write at most 5000"),
    (
        {"pools.gpu.disk": "100GB"},
        "pools.gpu.disk: 100GB is not a size; write a number with a binary unit, such as",
    ),
    ({"pools.gpu.disk": "1GiB"}, "pools.gpu.disk: 1GiB is below 20GiB; write at least 20GiB"),
    ({"pools.gpu.disk": "17TiB"}, "pools.gpu.disk: 17TiB is above 16TiB; write at most 16TiB"),
    (
        {"pools.system.efa": True},
        "pools.system.efa: true asks for EFA, which m7i.large does not have; leave efa out",
    ),
    (
        {"pools.train": {"instances": ["p4d.24xlarge"], "efa": True}},
        "pools.train.efa: true asks for EFA, which does not leave a zone; write the pool's zone",
    ),
    (
        {"pools.gpu.labels": {"kubernetes.io/role": "gpu"}},
        'pools.gpu.labels["kubernetes.io/role"]: kubernetes.io/role is reserved; choose a prefix of your own',
    ),
    (
        {"pools.gpu.labels": {"tier": 1}},
        "pools.gpu.labels.tier: 1 is not text; write text; numbers that are meant",
    ),
    (
        {"pools.gpu.taints": [{"key": "a b"}]},
        "pools.gpu.taints[0].key: a b is not a key that Kubernetes takes; write",
    ),
    (
        {"pools.gpu.taints": [{"key": "a", "effect": "no"}]},
        "pools.gpu.taints[0].effect: no is not among what can be chosen",
    ),
    (
        {"pools.gpu.capacity": "cheap"},
        "pools.gpu.capacity: cheap is not among what can be chosen; write 'on-demand' or 'spot'",
    ),
    (
        {"pools.gpu.capacity": {"spot": True}},
        "pools.gpu.capacity.spot: is not a key that is known here; write one of block, ends, reservation",
    ),
    ({"pools.gpu.capacity": {}}, "pools.gpu.capacity: {} is neither a reservation nor a block; write {res"),
    (
        {"pools.gpu.capacity": {"reservation": "cr-01234567", "block": "cr-01234567"}},
        "is both; write {reservation: cr-…}, or {block: cr-…, ends: …}",
    ),
    (
        {"pools.gpu.capacity": {"reservation": "mine"}},
        "pools.gpu.capacity.reservation: mine is neither a capacity reservation nor a resource group of them",
    ),
    (
        {"pools.gpu.capacity": {"reservation": "cr-01234567", "ends": "2027-01-15T11:30:00Z"}},
        "has an end, which only a block has; leave out ends",
    ),
    (
        {"pools.gpu.zone": "us-east-1a", "pools.gpu.capacity": {"block": "cr-01234567"}},
        "does not say when the block ends; write ends",
    ),
    (
        {"pools.gpu.zone": "us-east-1a", "pools.gpu.capacity": {"block": "cr-01234567", "ends": "tomorrow"}},
        "pools.gpu.capacity.ends: tomorrow is not a time with its zone; write it in quotes, by RFC 3339",
    ),
    (
        {
            "pools.gpu.zone": "us-east-1a",
            "pools.gpu.capacity": {"block": "cr-01234567", "ends": "2027-02-31T00:00:00Z"},
        },
        "pools.gpu.capacity.ends: 2027-02-31T00:00:00Z is not a time with its zone; write it in quotes",
    ),
    (
        {"pools.gpu.capacity": {"block": "cr-01234567", "ends": "2027-01-15T11:30:00Z"}},
        "is a block, which lies in one zone; write the pool's zone, which is the block's",
    ),
    (
        {
            "pools.system.instances": ["m7i.large", "m6i.large"],
            "pools.system.capacity": {"reservation": "cr-01234567"},
        },
        "is of one instance type, and the pool has several; write only the reserved type",
    ),
    (
        {"pools.gpu.placement": "cluster"},
        "pools.gpu.placement: cluster puts nodes close together, which two zones are not; write the pool's",
    ),
    (
        {
            "pools.gpu.zone": "us-east-1a",
            "pools.gpu.capacity": {"block": "cr-01234567", "ends": "2027-01-15T11:30:00Z"},
            "pools.gpu.placement": "cluster",
        },
        "pools.gpu.placement: cluster is not for a capacity block, which stands close together by itself",
    ),
    (
        {"pools.web": {"instances": ["t3.large"], "zone": "us-east-1a", "placement": "cluster"}},
        "pools.web.placement: cluster is not for t3.large; choose a type that is not burstable",
    ),
    (
        {"pools.train": {"instances": ["p6-b300.48xlarge"], "zone": "us-east-1a", "efa": 17}},
        "pools.train.efa: 17 is more than the 16 EFA interfaces of p6-b300.48xlarge; write at most 16",
    ),
    ({"pools.gpu.efa": 0}, "pools.gpu.efa: 0 is below 1; write at least 1"),
    (
        {"pools.train": {"instances": ["p5.48xlarge"], "sharing": {"mig": "1g.5gb"}}},
        "is a profile that h100 does not have; did you mean 1g.",
    ),
    (
        {"pools.gpu.sharing": {"mig": "1g.10gb"}},
        "cuts GPUs, which l4 cannot be; write time_slices or mps",
    ),
    (
        {"pools.gpu.sharing": {"mig": "half"}},
        "pools.gpu.sharing.mig: half is not a profile of MIG; write one such as 1g.10gb",
    ),
    ({"pools.gpu.sharing": {}}, "pools.gpu.sharing: {} names no way of sharing; write one of time_slices"),
    (
        {"pools.gpu.sharing": {"mps": 2, "time_slices": 2}},
        "names time_slices and mps; write one of time_slices, mps and mig",
    ),
    (
        {"pools.gpu.sharing": {"time_slices": 1}},
        "pools.gpu.sharing.time_slices: 1 is below 2; write at least",
    ),
    ({"pools.gpu.sharing": {"mps": 49}}, "pools.gpu.sharing.mps: 49 is above 48; write at most 48"),
    (
        {"pools.neuron": {"instances": ["trn1.2xlarge"], "sharing": {"time_slices": 2}}},
        "is for NVIDIA GPUs, and the pool has Neuron devices; leave sharing out",
    ),
    (
        {"pools.system.sharing": {"time_slices": 2}},
        "is for whole NVIDIA GPUs, which the pool has none of; leave sharing out",
    ),
    (
        {
            "pools.train": {
                "instances": ["p5.48xlarge"],
                "sharing": {"mig": "1g.10gb"},
                "image": {"family": "bottlerocket"},
            }
        },
        "is cut by NVIDIA's MIG manager, which Bottlerocket keeps out; write family: al2023",
    ),
    (
        {"pools.gpu.image": {"release": "newest"}},
        "pools.gpu.image.release: newest is not a release of al2023; write one such as 1.35.2-20260720",
    ),
    (
        {"pools.gpu.image": {"family": "bottlerocket", "release": "1.35.2-20260720"}},
        "pools.gpu.image.release: 1.35.2-20260720 is not a release of bottlerocket; write one such as 1.44.0",
    ),
    (
        {"pools.gpu.huge_pages": "3MiB"},
        "pools.gpu.huge_pages: 3MiB is not a number of pages of 2MiB; write a multiple of 2MiB",
    ),
    (
        {"pools.gpu.huge_pages": "16GiB"},
        "pools.gpu.huge_pages: 16GiB leaves a node too little memory of the usual kind; write at most 12GiB",
    ),
    (
        {"pools.system.capacity": "spot", "pools.system.warm": {}},
        "keeps instances waiting, which spot capacity does not; leave warm out",
    ),
    (
        {"pools.system.warm": {"prepared": 9}},
        "prepares more than max 4; write prepared of at most 4",
    ),
    (
        {"pools.system.warm": {"min": 3, "prepared": 2}},
        "keeps more waiting than there may be; write min of at most 2",
    ),
    (
        {"pools.system.image": {"family": "bottlerocket"}, "pools.system.warm": {"reuse": True}},
        "reuses instances, which Bottlerocket does not support; leave reuse out",
    ),
    (
        {"pools.gpu.update": {"unavailable": 101}},
        "pools.gpu.update.unavailable: 101 is above 100, the most that EKS does at once; write a percentage",
    ),
    (
        {"pools.gpu.update": {"unavailable": "0%"}},
        "pools.gpu.update.unavailable: 0% is no part of the nodes; write a number of at least 1, or 1%",
    ),
    (
        {"pools.gpu.scaling": "karpenter", "pools.gpu.repair": {}},
        "pools.gpu.repair: {} is for managed node groups, and the pool is Karpenter's; leave repair out",
    ),
    (
        {"pools.gpu.expire_after": "7d"},
        "pools.gpu.expire_after: 7d is for Karpenter, and the pool is a managed one; write scaling: karp",
    ),
    # Storage.
    (
        {"storage.lake.infrequent_after": "7d"},
        "storage.lake.infrequent_after: 7d is below 30d; write at least 30d",
    ),
    (
        {"storage.lake.archive_after": "45d"},
        "storage.lake.archive_after: 45d is too soon after infrequent_after; write at least 60d, or null",
    ),
    (
        {"storage.lake.keep": "yes"},
        "storage.lake.keep: yes is not among what can be chosen; write 'retain' or 'destroy'",
    ),
    # Teams.
    (
        {"teams.fraud.members": ["system:masters"]},
        "teams.fraud.members[0]: system:masters is not a group that may be",
    ),
    ({"teams.fraud.members": []}, "teams.fraud.members: [] has 0 entries; write at least 1"),
    ({"teams.fraud.gpus": -1}, "teams.fraud.gpus: -1 is below 0; write at least 0"),
    (
        {"teams.fraud.cpu": "six"},
        "teams.fraud.cpu: six is not a number of processors; write vCPUs, such as 16, 16.5",
    ),
    ({"teams.fraud.cpu": 0}, "teams.fraud.cpu: 0 is below 0.001; write at least 0.001"),
    ({"teams.fraud.memory": 16}, "teams.fraud.memory: 16 is not a size; write a number with a binary unit"),
    # Lifetime and budget.
    (
        {"lifetime": {"ttl": "12 hours"}},
        "lifetime.ttl: 12 hours is not a duration; write a whole number with s, m, h",
    ),
    (
        {"lifetime": {"ttl": "12h", "protect": True}},
        "lifetime.protect: true protects what ttl gives up; leave out",
    ),
    (
        {"lifetime": {"hibernate": "at night"}},
        "lifetime.hibernate: at night is not a schedule of sleep; write days",
    ),
    (
        {"budget": {"monthly": 1, "notify": ["me"]}},
        "budget.notify[0]: me is not an e-mail address; write one such as",
    ),
    (
        {"budget": {"monthly": 1, "notify": [f"a{n}@b.org" for n in range(11)]}},
        "has too many entries; write at most 10",
    ),
]


@pytest.mark.parametrize(("changes", "said"), ONE_PROBLEM, ids=[said[:60] for _, said in ONE_PROBLEM])
def test_one_mistake_is_one_problem(changes: dict[str, Any], said: str) -> None:
    problems = problems_of(changes)
    assert len(problems) == 1, problems
    assert said in problems[0]


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("us-est-1", "aws:region: us-est-1 is not a known region; did you mean"),
        (3, "aws:region: 3 is not text"),
        (
            None,
            "aws:region: is missing, which platform aws needs; write the region, such as us-east-1",
        ),
    ],
)
def test_regions(region: object, said: str) -> None:
    problems = problems_of({}, region=region)
    assert len(problems) == 1, problems
    assert said in problems[0]


def test_everything_is_said_at_once() -> None:
    """Also what only shows between sections, where those are right in themselves."""
    problems = problems_of(
        {
            "ownr": "me",
            "cluster.log_retention": "100d",
            "pools.gpu.zone": "us-east-1f",
            "pools.system.min": 9,
            "network.zones": ["us-east-1a", "us-east-1z"],
            "data": "dev",
        },
        region="us-east-1",
    )
    assert [problem.split(": ")[0] for problem in problems] == [
        "cluster.log_retention",
        "pools.system.max",
        "ownr",
        "data",
        "data",
        "network.zones[1]",
    ]
