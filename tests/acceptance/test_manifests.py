"""Every Kubernetes object of every environment, really applied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import pytest

from infra.environment import find, load
from operations.twin.kubernetes.api import ApiError, Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import DEFINITION, MANAGER, define, present
from tests.acceptance.manifests import (
    ENVIRONMENTS,
    ROOT,
    UPSTREAM,
    declared,
    definition,
    misspelt,
    mistyped,
    of_each_kind,
)

pytestmark = pytest.mark.engine

CLUSTERS = [name for name in ENVIRONMENTS if not load(find(name, ROOT)).is_data]
QUEUE: Manifest = {
    "apiVersion": "kueue.x-k8s.io/v1beta1",
    "kind": "LocalQueue",
    "metadata": {"name": "queue", "namespace": "default"},
    "spec": {"clusterQueue": "shared"},
}
"""An object of a kind that Kubernetes does not know by itself."""

upstream = pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there")


@pytest.fixture
def one_of_each(client: Client) -> Iterator[dict[str, Manifest]]:
    """An object of each kind; the namespaces that they are in are there, and they are not."""
    kinds = of_each_kind()
    define(client, kinds.values())
    with present(client, homes([one for one in kinds.values() if one["kind"] != "Namespace"])):
        yield kinds


def homes(manifests: Collection[Manifest]) -> list[Manifest]:
    """The namespaces that objects are in, and that are not among them or always there."""
    named = {one["metadata"]["namespace"] for one in manifests if "namespace" in one["metadata"]}
    there = {one["metadata"]["name"] for one in manifests if one["kind"] == "Namespace"}
    others = sorted(named - there - {"default", "kube-system"})
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in others]


@pytest.mark.parametrize("name", CLUSTERS)
def test_an_environment_is_accepted_and_kept_as_given(client: Client, name: str) -> None:
    wanted = declared(name)
    assert {"Namespace", "NetworkPolicy"} <= {one["kind"] for one in wanted}
    with present(client, homes(wanted)), present(client, wanted):
        for manifest in wanted:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
    gone = [manifest for manifest in wanted if manifest["kind"] != DEFINITION]
    assert all(client.get(Ref.of(manifest)) is None for manifest in gone)


def test_a_misspelt_field_is_refused(client: Client, one_of_each: dict[str, Manifest]) -> None:
    for manifest in judged(one_of_each):
        refuses_misspelt(client, manifest)


def test_a_value_of_a_wrong_type_is_refused(client: Client, one_of_each: dict[str, Manifest]) -> None:
    for manifest in judged(one_of_each):
        refuses_mistyped(client, manifest)


@upstream
def test_custom_kinds_are_judged_by_their_projects_own_definition(client: Client) -> None:
    with present(client, [QUEUE]) as made:
        assert as_given(QUEUE, made[0]) == QUEUE
        refuses_misspelt(client, QUEUE)
        refuses_mistyped(client, QUEUE)


@upstream
def test_a_kind_that_nobody_defines_has_no_definition() -> None:
    assert definition("kueue.x-k8s.io/v1beta1", "LocalQueu") is None


UNJUDGED: Final = {"ClusterWorkflowTemplate"}
"""Kinds of which the server has no schema: Argo's, which tests/components/data/pipelines judges."""


def judged(kinds: Mapping[str, Manifest]) -> list[Manifest]:
    return [one for one in kinds.values() if one["kind"] not in UNJUDGED]


FLAT: Final = {
    *("ConfigMap", "KafkaRebalance", "Namespace", "PriorityClass", "ServiceAccount", "StorageClass"),
    "VolumeSnapshotClass",
}
"""Kinds whose objects may have no named fields besides their metadata."""


def refuses_misspelt(client: Client, manifest: Manifest) -> None:
    client.apply(manifest, manager=MANAGER, dry_run=True)  # as it is, nothing is wrong with it
    broken = dict(misspelt(manifest))
    assert len(broken) > 2 or manifest["kind"] in FLAT
    for field, changed in broken.items():
        assert f"{field}: field not declared in schema" in refusal(client, changed, field)


def refuses_mistyped(client: Client, manifest: Manifest) -> None:
    client.apply(manifest, manager=MANAGER, dry_run=True)
    for field, changed in mistyped(manifest):
        assert f"{field}: expected " in refusal(client, changed, field)


def refusal(client: Client, manifest: Manifest, field: str) -> str:
    """What the server says against an object."""
    try:
        client.apply(manifest, manager=MANAGER)
    except ApiError as error:
        return str(error)
    pytest.fail(f"{manifest['kind']} with a wrong {field} was accepted")
