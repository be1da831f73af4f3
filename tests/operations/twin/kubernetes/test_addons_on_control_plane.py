"""Kinds that add-ons bring, on the real control plane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.catalog import kinds
from operations.twin.backend import Refused
from operations.twin.kubernetes import addons, binaries
from operations.twin.kubernetes.addons import Addons
from operations.twin.kubernetes.api import Ref
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from tests.operations.twin.kubernetes.conftest import Aws

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        bool(binaries.missing()), reason="`mlcluster twin build` has not built the control plane"
    ),
]

TYPE = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"
URN = f"urn:pulumi:dev::mlcluster::{TYPE}::ebs"
CLASS = {
    "apiVersion": "snapshot.storage.k8s.io/v1",
    "kind": "VolumeSnapshotClass",
    "metadata": {"name": "ebs"},
    "driver": "ebs.csi.aws.com",
    "deletionPolicy": "Delete",
}
KINDS = {kind.definition for kind in kinds.projects()["volume-snapshot"]}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    opened = ControlPlane(tmp_path_factory.mktemp("twin"))
    yield Client(opened.ensure, lambda: None)
    opened.close()


def there(client: Client) -> set[str]:
    """Definitions that came with add-ons."""
    found = client.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    marked = [one for one in found if addons.ADDON in (one["metadata"].get("annotations") or {})]
    return {one["metadata"]["name"] for one in marked}


def test_an_add_on_brings_its_kinds_when_they_are_needed_and_takes_them_with_it(client: Client) -> None:
    aws = Aws()
    settle = Addons(client, aws).settle
    session = Session(client, patience=0, kinds=settle)
    with pytest.raises(Refused, match="VolumeSnapshotClass ebs"):
        session.create(URN, TYPE, CLASS, 0)
    aws.brought = ("coredns", "snapshot-controller")
    assert session.create(URN, TYPE, CLASS, 0)[0] == "ebs"
    assert there(client) == KINDS

    aws.brought = ("coredns",)
    settle()
    assert there(client) == set()
    assert client.get(Ref("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", "ebs")) is None


def test_what_came_before_a_restart_is_known_again(client: Client) -> None:
    aws = Aws()
    aws.brought = ("snapshot-controller",)
    Addons(client, aws).settle()
    assert there(client) == KINDS
    aws.brought = ()
    Addons(client, aws).settle()
    assert there(client) == set()
