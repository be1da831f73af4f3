"""What runs beside Kafka's brokers, really applied: definitions have rules that their schemas lack."""

from __future__ import annotations

import copy

import pytest

from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.types import resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import present
from tests.acceptance.manifests import UPSTREAM
from tests.stacks.test_kafka_beside import everything

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

KINDS = {"KafkaConnect", "KafkaConnector", "KafkaMirrorMaker2", "Deployment"}


def wanted() -> list[Manifest]:
    resources = everything().resources
    found = [one for one in resources if one.custom and one.type.rpartition(":")[2] in KINDS]
    made: list[Manifest] = []
    for one in found:
        kind = resolve(one.type, one.inputs)
        made.append({**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind})
    return [one for one in made if one["metadata"]["namespace"] == "kafka"]


def test_they_are_accepted_and_kept_as_given(client: Client) -> None:
    manifests = wanted()
    assert {one["kind"] for one in manifests} == KINDS
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kafka"}}
    with present(client, [home, *manifests]):
        for manifest in manifests:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
