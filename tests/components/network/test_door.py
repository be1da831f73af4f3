"""Who may speak to the API from a connected network."""

from __future__ import annotations

from dataclasses import replace

from components.network.door import ApiDoor, ApiDoorArgs
from tests.components.support import SCOPE, Found, cluster, network, record_component


def door(*connected: str) -> Found:
    def build(opts: object) -> None:
        args = ApiDoorArgs(scope=SCOPE, network=replace(network(), connected=connected), cluster=cluster())
        ApiDoor("api", args, opts)  # type: ignore[arg-type]

    return record_component(build)


def test_connected_ranges_reach_the_api_and_nothing_else() -> None:
    rules = [one.inputs for one in door("10.99.0.0/16", "172.16.0.0/12").all("SecurityGroupIngressRule")]
    assert [rule["cidrIpv4"] for rule in rules] == ["10.99.0.0/16", "172.16.0.0/12"]
    assert {(rule["securityGroupId"], rule["fromPort"], rule["toPort"]) for rule in rules} == {
        ("sg-cluster", 443, 443)
    }


def test_the_internet_beyond_a_transit_gateway_does_not() -> None:
    assert door("0.0.0.0/0").all("SecurityGroupIngressRule") == []
    assert door().all("SecurityGroupIngressRule") == []
