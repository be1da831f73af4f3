"""Every object of Kafka, really applied: definitions have rules that their schemas lack."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from operations.recorder import record
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.types import resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import present
from tests.acceptance.manifests import UPSTREAM
from tests.components.support import Found
from tests.stacks.test_kafka import KAFKA, TEAMS
from tests.stacks.test_platform import parsed

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

OURS = ("kafka.strimzi.io", "external-secrets.io")


def everything() -> list[Manifest]:
    topics: dict[str, Any] = {**KAFKA["topics"], "Old_Ones": {"retention": "30d", "local": "1d"}}
    kafka = {**KAFKA, "topics": topics, "tiered": {"image": "registry.example.com/kafka:tiered"}}
    quotas = {"fraud": {"write": "10MiB", "read": "20MiB", "requests": 200}}
    found = Found(record(parsed(kafka={**kafka, "quotas": quotas}, teams=TEAMS, secrets={}, monitoring={})))
    wanted = [one for one in found.resources if one.type.split(":")[1].startswith(OURS)]
    made: list[Manifest] = []
    for one in wanted:
        kind = resolve(one.type, one.inputs)
        if "kafka" in str(one.inputs["metadata"]):
            made.append(
                {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
            )
    spaces = sorted({one["metadata"]["namespace"] for one in made if "namespace" in one["metadata"]})
    homes = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in spaces]
    return [*homes, *made]


def test_they_are_accepted_and_kept_as_given(client: Client) -> None:
    wanted = everything()
    assert {one["kind"] for one in wanted} == {
        *("Namespace", "Kafka", "KafkaNodePool", "KafkaRebalance", "KafkaTopic", "KafkaUser"),
        *("ClusterSecretStore", "ExternalSecret"),
    }
    with present(client, wanted):
        for manifest in wanted:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
