"""Records a component on its own, and finds things in the recording."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.handles import ClusterHandle, NetworkHandle, ObjectStore
from infra.labels import Scope
from infra.places import Place
from infra.policies import judge
from infra.resources import RecordedResource
from operations.recorder import Options, Recording, record_program

SCOPE = Scope("test", "somebody")
PLACE = Place(account="111122223333", region="eu-west-1")
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


class Found:
    """A recording, asked by short type and name."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.resources = recording.resources

    def all(self, type_: str) -> list[RecordedResource]:
        return [one for one in self.resources if one.custom and one.type.rpartition(":")[2] == type_]

    def one(self, type_: str, name: str | None = None) -> RecordedResource:
        (found,) = [one for one in self.all(type_) if name in (None, one.name)]
        return found

    def inputs(self, type_: str, name: str | None = None) -> Mapping[str, Any]:
        return self.one(type_, name).inputs

    def names(self, type_: str) -> list[str]:
        return sorted(one.name for one in self.all(type_))

    def options(self, type_: str, name: str | None = None) -> Options:
        return self.recording.options[self.one(type_, name).urn]

    def before(self, resource: RecordedResource) -> set[str]:
        """All that exists before a resource does, as ``Type::name``."""
        by_urn = {one.urn: one for one in self.resources}
        seen: set[str] = set()
        waiting = list(resource.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn not in seen:
                seen.add(urn)
                waiting += by_urn[urn].dependencies
        return {f"{by_urn[urn].type.rpartition(':')[2]}::{by_urn[urn].name}" for urn in seen}


def record_component(build: Callable[[pulumi.ResourceOptions], object]) -> Found:
    """Records a component that is given both of a stack's providers, and holds it to the guardrails."""

    def program() -> None:
        cloud = aws.Provider("aws", region=PLACE.region, allowed_account_ids=[PLACE.account])
        reach = kubernetes.Provider("kubernetes", context="test")
        build(pulumi.ResourceOptions(providers=[cloud, reach]))

    recording = record_program(program)
    assert recording.warnings == ()
    assert judge(recording.resources) == ()
    return Found(recording)


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def network() -> NetworkHandle:
    def subnets(kind: str) -> dict[str, pulumi.Output[str]]:
        return {zone: known(f"subnet-{kind}-{zone}") for zone in ZONES}

    return NetworkHandle(
        vpc_id=known("vpc-1"),
        cidr="10.0.0.0/16",
        private=subnets("private"),
        public=subnets("public"),
        intra=subnets("intra"),
    )


def cluster() -> ClusterHandle:
    return ClusterHandle(
        name="mlcluster-test",
        id=known("mlcluster-test"),
        version="1.35",
        endpoint=known("https://api.example.com"),
        security_group_id=known("sg-cluster"),
        kubeconfig=known("{}"),
    )


def lake() -> ObjectStore:
    return ObjectStore(
        buckets={zone: known(f"a-{zone}") for zone in ("raw", "curated", "features", "models")},
        key_arn=known("arn:aws:kms:eu-west-1:111122223333:key/1"),
    )


def statements(policy: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(policy)["Statement"]
