"""Guardrails of queues, and of the nodes that Karpenter makes."""

import json
from typing import Any

import pytest

from infra.policies import judge
from infra.resources import RecordedResource
from tests.infra.policies.test_guardrails import DENY, TAGS, policy, resource

QUEUE: dict[str, Any] = {"name": "q", "tags": TAGS, "sqsManagedSseEnabled": True}
SPEC: dict[str, Any] = {
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": True}}],
    "tags": TAGS,
}


def queue(inputs: dict[str, Any], *statements: dict[str, Any]) -> list[RecordedResource]:
    made = resource("aws:sqs/queue:Queue", {**QUEUE, **inputs})
    rights = {"queueUrl": "q", "policy": policy(*statements)}
    return [made, resource("aws:sqs/queuePolicy:QueuePolicy", rights, dependencies=(made.urn,))]


def rules(resources: list[RecordedResource]) -> list[str]:
    return [one.rule for one in judge(resources)]


def test_a_queue_that_is_closed_and_encrypted() -> None:
    assert rules(queue({}, {**DENY, "Action": "sqs:*"})) == []
    assert rules(queue({"sqsManagedSseEnabled": False, "kmsMasterKeyId": "k"}, DENY | {"Action": "*"})) == []


def test_a_queue_in_clear() -> None:
    assert rules(queue({"sqsManagedSseEnabled": False}, {**DENY, "Action": "sqs:*"})) == ["closed_queues"]
    assert rules(queue({}, {**DENY, "Action": "sqs:SendMessage"})) == ["closed_queues"]
    assert rules([resource("aws:sqs/queue:Queue", QUEUE)]) == ["closed_queues"]


@pytest.mark.parametrize(
    "change",
    [
        {"metadataOptions": {"httpTokens": "optional", "httpPutResponseHopLimit": 1}},
        {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}},
        {"blockDeviceMappings": []},
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": False}}]},
        {"tags": {}},
    ],
)
def test_nodes_of_karpenter_are_guarded_like_others(change: dict[str, Any]) -> None:
    kind = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
    assert rules([resource(kind, {"spec": SPEC})]) == []
    assert rules([resource(kind, {"spec": {**SPEC, **change}})]) == ["guarded_classes"], json.dumps(change)
