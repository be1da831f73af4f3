"""What the tests of the AWS side build with: the backend protocol, as the engine would use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from operations.twin.aws.package import AwsPackage
from operations.twin.aws.session import AwsSession

ACCOUNT = "123456789012"
TAGS = {"mlcluster:environment": "dev", "Name": "it"}


@dataclass(frozen=True)
class Made:
    """A resource as the engine's state has it."""

    type: str
    name: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.state[key]


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::mlcluster::mlcluster:some:Component${type_}::{name}"


@dataclass(frozen=True)
class Bench:
    """One session, and the steps that the engine takes with it."""

    package: AwsPackage
    session: AwsSession

    def inputs(
        self, type_: str, name: str, olds: dict[str, Any] | None = None, /, **given: Any
    ) -> dict[str, Any]:
        inputs, failures = self.session.check(
            urn(type_, name), type_, olds or {}, given, b"\x0a\xbc\xde\xf1" * 8
        )
        assert failures == []
        return inputs

    def make(self, type_: str, name: str = "it", /, **given: Any) -> Made:
        """Checks, previews and creates; what is read afterwards is what was created."""
        inputs = self.inputs(type_, name, **given)
        preview = self.session.preview(urn(type_, name), type_, inputs)
        id_, state = self.session.create(urn(type_, name), type_, inputs, 0)
        made = Made(type_, name, id_, inputs, state)
        assert state.keys() <= preview.keys() | {"id"}, "preview must name every output, if only as unknown"
        assert self.read(made) == (inputs, state)
        return made

    def read(self, made: Made) -> tuple[dict[str, Any], dict[str, Any]] | None:
        return self.session.read(made.type, made.id, made.inputs, made.state)

    def diff(self, made: Made, /, **given: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What changes, and what of it forces a replacement, with some inputs anew; None drops one."""
        news = self.inputs(made.type, made.name, made.inputs, **self.wanted(made, given))
        diff = self.session.diff(made.type, made.id, made.inputs, made.state, news)
        return diff.changed, diff.replaces

    def change(self, made: Made, /, **given: Any) -> Made:
        """Updates in place; afterwards there is nothing to change."""
        news = self.inputs(made.type, made.name, made.inputs, **self.wanted(made, given))
        diff = self.session.diff(made.type, made.id, made.inputs, made.state, news)
        assert diff.changed
        assert not diff.replaces
        where = urn(made.type, made.name)
        self.session.update(where, made.type, made.id, made.state, news, 0, True)
        before = self.read(made)
        assert before is not None
        assert before[0] == made.inputs, "a preview changes nothing"
        state = self.session.update(where, made.type, made.id, made.state, news, 0, False)
        changed = Made(made.type, made.name, made.id, news, state)
        assert self.read(changed) == (news, state)
        return changed

    def drop(self, made: Made) -> None:
        """Deletes; it is gone, and deleting again does no harm."""
        self.session.delete(urn(made.type, made.name), made.type, made.id, made.state, 0)
        assert self.read(made) is None
        self.session.delete(urn(made.type, made.name), made.type, made.id, made.state, 0)

    @staticmethod
    def wanted(made: Made, given: dict[str, Any]) -> dict[str, Any]:
        defaulted = {*made.inputs["__defaults"], "__defaults"}
        kept = {name: value for name, value in made.inputs.items() if name not in defaulted}
        return {**kept, **given}


def trust(*services: str) -> str:
    """A trust policy for AWS services."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Network:
    vpc: Made
    subnets: tuple[Made, ...]

    @property
    def subnet_ids(self) -> list[str]:
        return [subnet.id for subnet in self.subnets]


def network(bench: Bench) -> Network:
    vpc = bench.make("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16", tags=TAGS)
    subnets = tuple(
        bench.make(
            "aws:ec2/subnet:Subnet",
            f"private-{zone}",
            vpcId=vpc.id,
            cidrBlock=f"10.0.{number}.0/24",
            availabilityZone=f"us-east-1{zone}",
            tags=TAGS,
        )
        for number, zone in enumerate("ab")
    )
    return Network(vpc, subnets)


def role(bench: Bench, name: str, *services: str) -> Made:
    return bench.make("aws:iam/role:Role", name, assumeRolePolicy=trust(*services), tags=TAGS)


def cluster(bench: Bench, at: Network, **more: Any) -> Made:
    given = {
        "name": "dev",
        "version": "1.34",
        "roleArn": more.get("roleArn") or role(bench, "control-plane", "eks.amazonaws.com")["arn"],
        "vpcConfig": {
            "subnetIds": at.subnet_ids,
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
        },
        "accessConfig": {"authenticationMode": "API"},
        "tags": TAGS,
    }
    return bench.make("aws:eks/cluster:Cluster", "cluster", **(given | more))


def node_group(bench: Bench, at: Network, of: Made, **more: Any) -> Made:
    given = {
        "clusterName": of["name"],
        "nodeRoleArn": more.get("nodeRoleArn") or role(bench, "nodes", "ec2.amazonaws.com")["arn"],
        "subnetIds": at.subnet_ids,
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "instanceTypes": ["m7i.large"],
        "tags": TAGS,
    }
    return bench.make("aws:eks/nodeGroup:NodeGroup", "system", **(given | more))
