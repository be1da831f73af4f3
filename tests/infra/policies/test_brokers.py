"""Guardrails of Kafka's brokers."""

from __future__ import annotations

from typing import Any

import pytest

from infra.policies import judge
from tests.infra.policies.test_guardrails import TAGS, resource

BROKERS: dict[str, Any] = {
    "tags": TAGS,
    "clientAuthentication": {"sasl": {"iam": True}, "unauthenticated": False},
    "encryptionInfo": {
        "encryptionAtRestKmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/1",
        "encryptionInTransit": {"clientBroker": "TLS", "inCluster": True},
    },
    "brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": "DISABLED"}}},
}


def said(changes: dict[str, Any]) -> list[str]:
    found = judge([resource("aws:msk/cluster:Cluster", {**BROKERS, **changes})])
    assert {one.rule for one in found} <= {"closed_brokers"}
    return [one.message for one in found]


def test_brokers_that_are_closed() -> None:
    assert said({}) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clientAuthentication": {"sasl": {"iam": True}}}, "who does not say who it is"),
        ({"encryptionInfo": {**BROKERS["encryptionInfo"], "encryptionAtRestKmsKeyArn": None}}, "key of ours"),
        (
            {
                "encryptionInfo": {
                    **BROKERS["encryptionInfo"],
                    "encryptionInTransit": {"clientBroker": "TLS_PLAINTEXT", "inCluster": True},
                }
            },
            "without TLS",
        ),
        (
            {
                "brokerNodeGroupInfo": {
                    "connectivityInfo": {"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}
                }
            },
            "open to the internet",
        ),
    ],
)
def test_brokers_that_are_not(changes: dict[str, Any], message: str) -> None:
    (one,) = said(changes)
    assert message in one
