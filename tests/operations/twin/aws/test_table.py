"""The table against the SDK that programs are written with: names that it does not have are never sent."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from botocore.session import get_session

from infra.environment import find, load
from operations.recorder import record
from operations.twin.aws.extensions import EXTENSIONS
from operations.twin.aws.inventory import _LISTS
from operations.twin.aws.table import Type
from operations.twin.aws.types import TYPES
from tests.operations.twin.aws.bench import Bench

_ROOT = Path(__file__).parents[4]
_GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n    def (\w+)\(self\)')


@cache
def sdk(type_: str) -> tuple[frozenset[str], frozenset[str]]:
    """The inputs and all properties of a type, in camelCase, as pulumi_aws declares them."""
    module, _, name = type_.split(":")[1].partition("/")
    package = importlib.util.find_spec("pulumi_aws")
    assert package is not None
    assert package.origin is not None
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    text = (Path(package.origin).parent / module / f"{snake}.py").read_text()
    _, *classes = re.split(r"^class ", text, flags=re.M)
    inputs, properties = set(), set()
    for body in classes:
        declared = {camel or plain for camel, plain in _GETTER.findall(body)}
        title = body.partition("(")[0].partition(":")[0]
        if title.endswith("Args"):
            inputs |= declared
        elif not title.startswith("_"):
            properties |= declared
    return frozenset(inputs), frozenset(properties)


@pytest.mark.parametrize("known", TYPES.values(), ids=lambda known: known.type)
def test_names_are_those_of_the_sdk(known: Type) -> None:
    inputs, properties = sdk(known.type)
    assert known.inputs <= inputs
    assert known.outputs.keys() - {"vpcId"} <= properties, (
        "vpcId of NAT gateways is an input of regional ones only"
    )
    computed = properties - inputs
    told = known.outputs.keys() | {"tagsAll"}
    assert computed - told <= _UNTOLD.get(known.type, frozenset()), (
        "outputs that programs would wait for in vain"
    )


_UNTOLD = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": frozenset({"namePrefix"}),
    "aws:ec2/eip:Eip": frozenset({"carrierIp", "customerOwnedIp", "privateDns", "ptrRecord"}),
    "aws:ec2/natGateway:NatGateway": frozenset(
        {
            "autoProvisionZones",
            "autoScalingIps",
            "regionalNatGatewayAddresses",
            "regionalNatGatewayAutoMode",
            "routeTableId",
        }
    ),
    "aws:ec2/route:Route": frozenset({"instanceId", "instanceOwnerId"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset({"cidrBlocks"}),
    "aws:eks/cluster:Cluster": frozenset({"clusterId"}),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": frozenset({"externalId"}),
    "aws:rds/instance:Instance": frozenset(
        {"hostedZoneId", "latestRestorableTime", "listenerEndpoints", "replicas", "upgradeRolloutOrder"}
    ),
    "aws:rds/subnetGroup:SubnetGroup": frozenset({"supportedNetworkTypes"}),
    "aws:s3/bucket:Bucket": frozenset({"hostedZoneId"}),
}
"""Outputs that the twin does not give: of features that it does not know."""


@pytest.mark.parametrize("known", TYPES.values(), ids=lambda known: known.type)
def test_what_the_table_says_of_inputs_is_about_inputs(known: Type) -> None:
    named = {
        *known.defaults,
        *known.kept,
        *known.ordered,
        *(path.partition(".")[0] for path in known.replace),
        *(name for change in known.changes for name in change.inputs),
        *known.partly,
    }
    assert named <= known.inputs
    assert known.exact - {"tags"} <= known.inputs
    changed = {name for change in known.changes for name in change.inputs}
    write_only = known.inputs - known.outputs.keys() - {"region"}
    fixed = {path for path in known.replace if "." not in path}
    left = known.inputs - changed - fixed - write_only - {"region"}
    assert left == set(), "inputs whose change would be accepted and ignored"


def test_extensions_are_operations_of_aws() -> None:
    for service, name in EXTENSIONS:
        assert name in get_session().get_service_model(service).operation_names


def test_every_service_is_listed_in_inventories() -> None:
    assert {known.service for known in TYPES.values()} == _LISTS.keys()


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "staging-data", "prod-data"])
def test_everything_in_our_environments_is_known(bench: Bench, name: str) -> None:
    recorded = [item for item in record(load(find(name, _ROOT))).resources if item.type.startswith("aws:")]
    assert len(recorded) > 20
    for item in recorded:
        _, failures = bench.session.check(item.urn, item.type, {}, item.inputs, b"12345678")
        assert failures == [], item.urn
