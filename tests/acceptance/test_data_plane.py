"""Every object of a cluster with disks of its own, really applied."""

from __future__ import annotations

import copy

import pytest

from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.types import RELEASE, resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import present
from tests.acceptance.manifests import UPSTREAM
from tests.stacks.test_data_plane import EVERYTHING, on_premises

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]


def declared() -> list[Manifest]:
    """What the environment declares; namespaces first."""
    made: list[Manifest] = []
    for one in on_premises(EVERYTHING).resources:
        if one.type.startswith("kubernetes:") and one.type != RELEASE:
            kind = resolve(one.type, one.inputs)
            made.append(
                {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
            )
    return sorted(made, key=lambda manifest: manifest["kind"] != "Namespace")


def test_it_is_accepted_and_kept_as_given(client: Client) -> None:
    wanted = declared()
    assert {"CephCluster", "ObjectBucketClaim", "VolumeSnapshotClass", "Schedule", "Dataset"} <= {
        one["kind"] for one in wanted
    }
    with present(client, wanted):
        for manifest in wanted:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
