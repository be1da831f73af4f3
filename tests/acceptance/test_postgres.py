"""Every object of Postgres, in the cluster and at AWS, really applied."""

from __future__ import annotations

import copy

import pytest

from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.types import RELEASE, resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import present
from tests.acceptance.manifests import UPSTREAM
from tests.components.data.postgres.support import recorded

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]


def declared(managed: bool) -> list[Manifest]:
    """What is declared; namespaces first."""
    found, _ = recorded({"managed": {}} if managed else {}, watched=True, protected=True)
    made: list[Manifest] = []
    for one in found.resources:
        if one.type.startswith("kubernetes:") and one.type != RELEASE:
            kind = resolve(one.type, one.inputs)
            made.append(
                {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
            )
    return sorted(made, key=lambda manifest: manifest["kind"] != "Namespace")


@pytest.mark.parametrize("managed", [False, True], ids=["cluster", "rds"])
def test_it_is_accepted_and_kept_as_given(client: Client, managed: bool) -> None:
    wanted = declared(managed)
    kinds = {"Job"} if managed else {"Cluster", "Database", "DatabaseRole", "ObjectStore", "ScheduledBackup"}
    assert kinds | {"SecretStore", "ExternalSecret", "Password"} <= {one["kind"] for one in wanted}
    with present(client, wanted):
        for manifest in wanted:
            live = client.get(Ref.of(manifest))
            assert live is not None, manifest
            assert as_given(manifest, live) == manifest
