"""A cluster with disks of its own, from nothing to nothing: Ceph, snapshots, backups, caches."""

from __future__ import annotations

import pytest

from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  mlcluster:environment:
    owner: ml-platform
    platform: kubernetes
    cluster: {context: lab}
    storage:
      ceph: {keep: destroy}
      snapshots: {}
      backup: {}
      cache:
        datasets:
          images: {team: fraud, size: 10GiB, prefix: images/}
    teams:
      fraud: {members: ["oidc:fraud-scientists"], cpu: 6, memory: 16GiB}
"""
KINDS = {
    *("CephCluster", "CephBlockPool", "CephFilesystem", "CephObjectStore", "CephObjectStoreUser"),
    *("ObjectBucketClaim", "VolumeSnapshotClass", "Schedule", "BackupStorageLocation"),
    *("Dataset", "AlluxioRuntime", "DataLoad"),
}


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    assert {item.type for item in lab.items()} >= KINDS
    assert {item.environment for item in lab.items()} <= {"lab", None}


def test_another_up_has_nothing_to_do(lab: Project) -> None:
    assert ops(lab, "up") == {}


def test_a_new_team_replaces_nothing(lab: Project) -> None:
    fraud = '      fraud: {members: ["oidc:fraud-scientists"], cpu: 6, memory: 16GiB}\n'
    lab.edit("lab", fraud, fraud + fraud.replace("fraud", "search"))
    assert set(ops(lab, "up")) == {"create", "update"}
    users = {item.id for item in lab.items() if item.type == "CephObjectStoreUser"}
    assert "search-training/search-training" in users


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
