"""Every object of certificates and secrets, really applied: the API server knows rules that schemas lack."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import pytest

from infra.resources import RecordedResource
from operations.recorder import record
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.types import resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import present
from tests.acceptance.manifests import UPSTREAM
from tests.components import test_passwords
from tests.components.support import Found
from tests.stacks.test_edge import CUSTOM, EDGE, on_premises
from tests.stacks.test_platform import parsed

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

KINDS = (*CUSTOM, "generators.external-secrets.io")


def manifests(resources: Iterable[RecordedResource]) -> list[Manifest]:
    """Custom objects among resources, with the namespaces that they are in before them."""
    found = []
    for one in resources:
        if one.type.startswith("kubernetes:") and one.type.split(":")[1].startswith(KINDS):
            kind = resolve(one.type, one.inputs)
            found.append(
                {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
            )
    spaces = sorted({one["metadata"]["namespace"] for one in found if "namespace" in one["metadata"]})
    made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in spaces]
    return [*made, *found]


def everything() -> list[Manifest]:
    at_aws = Found(record(parsed(**EDGE)))
    lab = on_premises(domain={"name": "ml.example.com"}, certificates={"authority": "private"}, secrets={})
    found = manifests((*at_aws.resources, *test_passwords.recorded().resources))
    names = {(one["kind"], one["metadata"]["name"]) for one in found}
    others = [one for one in manifests(lab.resources) if (one["kind"], one["metadata"]["name"]) not in names]
    return sorted([*found, *others], key=lambda one: one["kind"] != "Namespace")


def test_they_are_accepted_and_kept_as_given(client: Client) -> None:
    wanted = everything()
    assert {one["kind"] for one in wanted} == {
        *("Namespace", "ClusterIssuer", "Certificate"),
        *("ClusterSecretStore", "SecretStore", "ExternalSecret", "Password"),
    }
    with present(client, wanted):
        for manifest in wanted:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
