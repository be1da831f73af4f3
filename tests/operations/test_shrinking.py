"""File systems that would be lost: replaced for what cannot be changed, or made smaller."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.storage.lustre import LustreArgs, LustreFileSystem
from infra.environment.storage.lustre import Lustre
from infra.handles import NetworkHandle
from infra.resources import RecordedResource
from operations import keeping, shrinking
from operations.guards import Refusal
from operations.recorder import record_program
from tests.components.support import PLACE, SCOPE, ZONES, cluster, known, lake

REGION = PLACE.region
BASE: dict[str, Any] = {"capacity": "4800GiB", "throughput": 250}


def planned(zone: str = ZONES[0], preview: bool = True, **fields: Any) -> tuple[RecordedResource, ...]:
    """What a program with a network and a file system asks for."""

    def program() -> None:
        cloud = aws.Provider("aws", region=REGION, allowed_account_ids=[PLACE.account])
        opts = pulumi.ResourceOptions(provider=cloud)
        subnets = {
            one: aws.ec2.Subnet(one, vpc_id="vpc-1", cidr_block=f"10.0.{n}.0/24", opts=opts).id
            for n, one in enumerate(ZONES)
        }
        network = NetworkHandle(
            vpc_id=known("vpc-1"), cidr="10.0.0.0/16", private=subnets, public={}, intra={}
        )
        args = LustreArgs(
            scope=SCOPE,
            place=PLACE,
            name="scratch",
            lustre=Lustre.model_validate({**BASE, **fields}),
            zone=zone,
            network=network,
            cluster=cluster(),
            lake=lake(),
        )
        LustreFileSystem("lustre-scratch", args, pulumi.ResourceOptions(providers=[cloud]))

    return record_program(program, preview=preview).resources


def deployed(**fields: Any) -> dict[str, Any]:
    """The state that the engine would have of it."""
    resources = planned(preview=False, **fields)
    subnet = next(one.urn for one in resources if one.urn.endswith(f"Subnet::{ZONES[0]}"))
    return {
        "resources": [
            {
                "urn": one.urn,
                "type": one.type,
                "custom": one.custom,
                "protect": one.protect,
                "inputs": dict(one.inputs),
                "outputs": {"region": REGION},
                "dependencies": list(one.dependencies),
                "propertyDependencies": {"subnetIds": [subnet]} if "fsx" in one.type else {},
            }
            for one in resources
        ]
    }


def lost(state: dict[str, Any], **change: Any) -> list[str]:
    return [str(one) for one in keeping.lost(keeping.protected(state), planned(**change), REGION)]


def test_a_protected_file_system_may_grow_and_change_what_can_change() -> None:
    state = deployed(keep="retain")
    assert keeping.protected(state)
    assert lost(state, keep="retain") == []
    assert lost(state, keep="retain", capacity="9600GiB", throughput=1000, compression="none") == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"deployment": "persistent-1", "throughput": 100}, "deploymentType"),
        ({"capacity": "2400GiB"}, "storageCapacity"),
        ({"zone": ZONES[1]}, "subnetIds"),
        ({"efa": True, "capacity": "19200GiB"}, "efaEnabled"),
        ({"media": "tiered", "capacity": None, "throughput": 4000}, "storageType"),
    ],
)
def test_a_protected_file_system_is_never_replaced(change: dict[str, Any], why: str) -> None:
    (loss,) = [
        one for one in lost(deployed(keep="retain"), **{"keep": "retain", **change}) if "Lustre" in one
    ]
    assert loss.startswith("LustreFileSystem lustre-scratch would be replaced, for another ")
    assert why in loss


def test_a_protected_file_system_is_not_removed_either() -> None:
    state = deployed(keep="retain")
    kept = keeping.protected(state)
    losses = [str(one) for one in keeping.lost(kept, (), REGION)]
    assert "LustreFileSystem lustre-scratch would be deleted" in losses
    with pytest.raises(Refusal, match="LustreFileSystem lustre-scratch would be deleted"):
        keeping.refuse("test", keeping.lost(kept, (), REGION))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({}, {"capacity": "2400GiB"}, "has 4800 GiB, which cannot become 2400"),
        (
            {"metadata_iops": 12000},
            {"metadata_iops": 6000},
            "has 12000 metadata operations a second, which cannot become 6000",
        ),
        (
            {"media": "tiered", "capacity": None, "throughput": 8000},
            {"media": "tiered", "capacity": None, "throughput": 4000},
            "has 8000 MB/s, which cannot become 4000",
        ),
        (
            {"efa": True, "capacity": "38400GiB"},
            {"efa": True, "capacity": "38400GiB", "throughput": 1000},
            "has EFA, so that its 250 MB/s for each TiB cannot change",
        ),
    ],
)
def test_no_file_system_shrinks(before: dict[str, Any], after: dict[str, Any], why: str) -> None:
    files = shrinking.file_systems(deployed(**before))
    losses = shrinking.shrunk(files, planned(**after))
    assert [str(one) for one in losses] == [f"LustreFileSystem lustre-scratch {why}"]
    with pytest.raises(Refusal, match="asks for what a Lustre file system cannot do"):
        shrinking.refuse("test", losses)


def test_what_grows_or_is_new_or_gone_does_not_shrink() -> None:
    files = shrinking.file_systems(deployed())
    assert shrinking.shrunk(files, planned(capacity="9600GiB", throughput=1000)) == ()
    assert shrinking.shrunk(files, ()) == ()
    assert shrinking.file_systems(None) == ()
    shrinking.refuse("test", ())
