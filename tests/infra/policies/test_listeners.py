"""Guardrails of a Kafka that Strimzi runs."""

from __future__ import annotations

from typing import Any

import pytest

from infra.policies import judge
from tests.infra.policies.test_guardrails import resource

LISTENER: dict[str, Any] = {
    "name": "scram",
    "type": "internal",
    "tls": True,
    "authentication": {"type": "scram-sha-512"},
    "networkPolicyPeers": [{"podSelector": {}}],
}


def said(listener: dict[str, Any], **kafka: Any) -> list[str]:
    spec = {"listeners": [{**LISTENER, **listener}], "authorization": {"type": "simple"}, **kafka}
    found = judge([resource("kubernetes:kafka.strimzi.io/v1:Kafka", {"spec": {"kafka": spec}})])
    assert {one.rule for one in found} <= {"closed_brokers"}
    return [one.message for one in found]


def test_a_closed_kafka() -> None:
    assert said({}) == []


@pytest.mark.parametrize(
    ("listener", "message"),
    [
        ({"tls": False}, "without TLS on scram"),
        ({"authentication": None}, "does not say who it is on scram"),
        ({"type": "loadbalancer"}, "from outside of the cluster on scram"),
        ({"networkPolicyPeers": []}, "by every pod on scram"),
    ],
)
def test_an_open_listener(listener: dict[str, Any], message: str) -> None:
    (found,) = said(listener)
    assert message in found


def test_rights_for_everybody() -> None:
    assert said({}, authorization=None) == ["lets who is in do anything; write authorization"]
