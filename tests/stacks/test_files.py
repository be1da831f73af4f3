"""What pods mount, in a whole stack: what it waits for, and that compute and storage scale apart."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.environment import Environment, parse
from infra.policies import judge
from infra.resources import RecordedResource
from operations.cost import cost
from operations.recorder import Recording, record
from tests.infra.environment.samples import SMALL

STORAGE: dict[str, Any] = {
    "lake": {"keep": "destroy"},
    "lustre": {
        "scratch": {"capacity": "48000GiB", "throughput": 500, "link": "datasets"},
        "fast": {"capacity": "38400GiB", "efa": True, "zone": "us-east-1a", "keep": "backup"},
    },
    "shared": {
        "home": {
            "performance": "elastic",
            "keep": "destroy",
            "people": {"ada": {"team": "fraud", "uid": 1001}},
        }
    },
    "block": {"db": {"type": "io2", "iops": 10000}},
    "mounts": {"models": {"path": "models/base"}},
    "scratch": True,
}
TRAIN = {"instances": ["p5.48xlarge"], "max": 4, "zone": "us-east-1a"}
STORES = ("aws:fsx/", "aws:efs/", "aws:s3/")
COMPUTE = ("aws:eks/nodeGroup:", "aws:ec2/launchTemplate:", "aws:eks/cluster:", "kubernetes:karpenter.sh/")


def environment(storage: dict[str, Any] | None = None, **pools: Any) -> Environment:
    section = copy.deepcopy(dict(SMALL))
    section["pools"] = {**section["pools"], "train": TRAIN, **pools}
    section["storage"] = storage or STORAGE
    return parse("dev", {"aws:region": "us-east-1", "mlcluster:environment": section})


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(environment())


def of(recording: Recording, *types: str) -> dict[str, RecordedResource]:
    return {one.urn: one for one in recording.resources if one.type.startswith(types)}


def before(recording: Recording, resource: RecordedResource) -> set[str]:
    known, seen, waiting = {one.urn: one for one in recording.resources}, set(), [*resource.dependencies]
    while waiting:
        urn = waiting.pop()
        if urn not in seen:
            seen.add(urn)
            waiting += known[urn].dependencies
    return {known[urn].type for urn in seen}


def test_everything_that_pods_can_mount_is_there_and_within_the_guardrails(recording: Recording) -> None:
    assert judge(recording.resources) == ()
    classes = {
        one.inputs["metadata"]["name"]
        for one in of(recording, "kubernetes:storage.k8s.io/v1:StorageClass").values()
    }
    assert {"gp3", "db", "home-fraud", "local-nvme"} <= classes
    claims = {
        one.inputs["metadata"]["name"]
        for one in of(recording, "kubernetes:core/v1:PersistentVolumeClaim").values()
        if one.inputs["metadata"]["namespace"] == "fraud-exploration"
    }
    assert claims == {"scratch", "scratch-datasets", "fast", "home-ada", "models"}


def test_file_systems_are_made_beside_the_nodes_and_not_after_them(recording: Recording) -> None:
    for system in of(recording, "aws:fsx/lustreFileSystem", "aws:efs/fileSystem").values():
        assert not any(type_.startswith("aws:eks/nodeGroup") for type_ in before(recording, system))


def test_volumes_come_after_file_systems_drivers_and_namespaces(recording: Recording) -> None:
    claims = of(recording, "kubernetes:core/v1:PersistentVolumeClaim").values()
    for claim in claims:
        if claim.inputs["metadata"]["namespace"].startswith("fraud"):
            wanted = {"aws:eks/addon:Addon", "kubernetes:core/v1:Namespace"}
            assert wanted <= before(recording, claim)


def test_efa_pools_and_the_file_system_reach_each_other(recording: Recording) -> None:
    rules = of(recording, "aws:vpc/securityGroup").values()
    names = {one.name for one in rules if one.inputs["ipProtocol"] == "-1"}
    assert {"lustre-fast-fabric-pool-train", "lustre-fast-fabric-of-train"} <= names
    assert not any(name.startswith("lustre-scratch-fabric") for name in names)


def test_other_pools_change_nothing_that_holds_data(recording: Recording) -> None:
    other = record(
        environment(train={**TRAIN, "max": 9, "disk": "1TiB"}, batch={"instances": ["r7i.xlarge"]})
    )
    assert of(other, *COMPUTE) != of(recording, *COMPUTE)
    assert of(other, *STORES) == of(recording, *STORES)


def test_a_pool_that_goes_takes_no_data_with_it() -> None:
    storage = {key: value for key, value in STORAGE.items() if key != "lustre"}
    storage["lustre"] = {"scratch": STORAGE["lustre"]["scratch"]}
    many = record(environment(storage))
    section = copy.deepcopy(dict(SMALL)) | {"storage": storage}
    few = record(parse("dev", {"aws:region": "us-east-1", "mlcluster:environment": section}))
    assert of(few, *STORES) == of(many, *STORES)


def test_other_storage_changes_nothing_that_computes(recording: Recording) -> None:
    storage = copy.deepcopy(STORAGE)
    storage["lustre"]["scratch"] |= {"capacity": "96000GiB", "throughput": 1000}
    storage["lustre"]["more"] = {"capacity": "1200GiB", "deployment": "scratch"}
    storage["shared"]["home"]["infrequent_after"] = "7d"
    other = record(environment(storage))
    assert of(other, *STORES) != of(recording, *STORES)
    assert of(other, *COMPUTE) == of(recording, *COMPUTE)


def test_what_file_systems_cost(recording: Recording) -> None:
    found = cost(recording.resources, environment()).lines
    lines = {line.resource: line for line in found if line.item.startswith("Lustre")}
    assert (lines["lustre-scratch"].quantity, lines["lustre-scratch"].usd) == (48000, 0.34)
    assert lines["lustre-scratch"].month == pytest.approx(16320)
    assert lines["lustre-fast"].usd == 0.145
