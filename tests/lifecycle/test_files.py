"""File systems, mounts and disks of an environment on AWS, from nothing to nothing."""

from __future__ import annotations

import pytest

from operations.guards import Refusal
from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
    network: {cidr: 10.30.0.0/16, zones: 2}
    cluster: {version: "1.35", oidc: {issuer: "https://login.example.com", client_id: kubernetes}}
    pools:
      system: {instances: [m7i.xlarge], min: 2, max: 4}
      train: {instances: [p5.48xlarge], max: 1, zone: us-east-1a}
    storage:
      lake: {keep: destroy}
      lustre:
        scratch: {capacity: 48000GiB, throughput: 500, link: datasets}
        fast: {capacity: 38400GiB, efa: true, zone: us-east-1a}
      shared:
        home: {performance: elastic, keep: destroy, people: {ada: {team: fraud, uid: 1001}}}
      block:
        db: {type: io2, iops: 10000}
      mounts:
        models: {path: models/base}
      scratch: true
    teams:
      fraud: {members: ["oidc:fraud"], gpus: 1, cpu: 6, memory: 16GiB}
"""


def systems(project: Project) -> set[str]:
    return {item.id for item in project.items() if item.type == "file-system"}


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    assert len(systems(lab)) == 3
    claims = lab.kubernetes().list("v1", "PersistentVolumeClaim", "fraud-training")
    found = {one["metadata"]["name"]: one["status"]["phase"] for one in claims}
    assert found == dict.fromkeys(("scratch", "scratch-datasets", "fast", "models"), "Bound")


def test_another_up_has_nothing_to_do(lab: Project) -> None:
    assert ops(lab, "up") == {}


def test_storage_grows_and_pools_change_without_a_replacement(lab: Project) -> None:
    before = systems(lab)
    lab.edit("lab", "capacity: 48000GiB, throughput: 500", "capacity: 57600GiB, throughput: 1000")
    lab.edit("lab", "train: {instances: [p5.48xlarge], max: 1,", "train: {instances: [p5.48xlarge], max: 2,")
    assert set(ops(lab, "up")) <= {"create", "update"}
    assert systems(lab) == before


def test_what_would_make_a_file_system_anew_is_refused(lab: Project) -> None:
    lab.edit("lab", "capacity: 57600GiB", "capacity: 48000GiB")
    with pytest.raises(Refusal, match="has 57600 GiB, which cannot become 48000"):
        lab.run("up", "lab")
    lab.edit("lab", "capacity: 48000GiB", "capacity: 57600GiB")
    lab.edit("lab", "link: datasets}", "link: datasets, keep: retain}")
    assert set(ops(lab, "up")) <= {"create", "update", "same"}
    lab.edit("lab", "link: datasets, keep: retain}", "link: datasets, keep: retain, zone: us-east-1b}")
    with pytest.raises(Refusal, match="LustreFileSystem lustre-scratch would be replaced"):
        lab.run("up", "lab")
    lab.edit("lab", "link: datasets, keep: retain, zone: us-east-1b}", "link: datasets}")
    ops(lab, "up")


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
