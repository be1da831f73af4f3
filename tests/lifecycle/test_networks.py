"""Networks with everything, and networks of others: up, nothing more to do, down, nothing left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.conftest import Project, project_on

pytestmark = pytest.mark.engine

USUAL = "network: {cidr: 10.10.0.0/16, zones: 2, nat: single}"
EVERYTHING = """network:
      cidr: 10.10.0.0/16
      zones: 2
      nat: none
      pods: 100.64.0.0/16
      prefixes: true
      flow_logs: {to: s3}
      peers:
        lab: {vpc: vpc-0000000a, cidr: 10.90.0.0/16, tables: [rtb-0000000a]}
        far: {vpc: vpc-0000000b, cidr: 10.91.0.0/16, region: eu-west-1, tables: [rtb-0000000b]}
        others: {vpc: vpc-0000000c, cidr: 10.92.0.0/16, account: "999988887777"}
      transit: {gateway: tgw-0000000a, routes: [172.16.0.0/12]}"""
OF_OTHERS = """network:
      cidr: 10.10.0.0/16
      existing:
        vpc: vpc-0000000d
        private:
          us-east-1a: {id: subnet-0000000a, cidr: 10.10.0.0/20}
          us-east-1b: {id: subnet-0000000b, cidr: 10.10.16.0/20}
        pods:
          us-east-1a: {id: subnet-0000000c, cidr: 100.64.0.0/18}
          us-east-1b: {id: subnet-0000000d, cidr: 100.64.64.0/18}"""


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with project_on("dev", tmp_path_factory.mktemp("project")) as opened:
        yield opened


def lives(project: Project) -> set[str]:
    """Goes up, has nothing more to do; returns the kinds of things of EC2 that the environment made."""
    result = project.run("up", "dev")
    assert (result.result, result.errors) == ("succeeded", ()), result.errors
    made = {item.type for item in project.items() if item.service == "ec2"}
    again = project.run("up", "dev")
    assert {op for op, count in again.changes.items() if count} == {"same"}
    return made


def goes(project: Project) -> None:
    result, left = project.down("dev")
    assert (result.result, result.errors) == ("succeeded", ()), result.errors
    assert left == ()


def test_a_network_with_everything(alone: Project) -> None:
    alone.edit("dev", USUAL, EVERYTHING)
    made = lives(alone)
    assert {"vpc-peering-connection", "transit-gateway-attachment", "flow-log", "vpc-endpoint"} <= made
    assert not {"natgateway", "internet-gateway"} & made
    goes(alone)


def test_a_network_of_others(alone: Project) -> None:
    alone.edit("dev", USUAL, OF_OTHERS)
    assert not {"vpc", "subnet", "route-table", "vpc-endpoint"} & lives(alone)
    goes(alone)
    ours = [item for item in alone.items() if item.service == "ec2"]
    assert ours == []
    subnets = alone.aws("ec2").describe_subnets(SubnetIds=["subnet-0000000a", "subnet-0000000d"])["Subnets"]
    assert len(subnets) == 2, "what others made is still there"
