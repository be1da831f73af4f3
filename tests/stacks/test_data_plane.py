"""How data in a cluster is put together: what is there before teams, and what goes before what."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra import environment
from operations.recorder import record
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import Found
from tests.stacks.test_platform import parsed

TEAMS = {"fraud": {"members": ["oidc:fraud"], "cpu": 8, "memory": "16GiB"}}
EVERYTHING: dict[str, Any] = {
    "ceph": {"keep": "destroy"},
    "snapshots": {},
    "backup": {},
    "cache": {"datasets": {"images": {"team": "fraud", "size": "10GiB", "prefix": "images/"}}},
}
CUSTOM = ("ceph.rook.io", "objectbucket.io", "snapshot.storage.k8s.io", "velero.io", "data.fluid.io")


def on_premises(storage: dict[str, Any]) -> Found:
    settings = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "kind-lab"},
        "teams": TEAMS,
        "storage": copy.deepcopy(storage),
    }
    return Found(record(environment.parse("test", {"mlcluster:environment": settings})))


@pytest.fixture(scope="module")
def everything() -> Found:
    return on_premises(EVERYTHING)


@needs_upstream
def test_every_object_of_a_kind_that_a_chart_brings_is_as_its_project_wants_it(everything: Found) -> None:
    custom = [one for one in everything.resources if one.type.split(":")[1].startswith(CUSTOM)]
    assert {one.type.split(":")[1].split("/")[0] for one in custom} == set(CUSTOM)
    for one in custom:
        assert complaints(one.inputs) == [], one.urn


def test_teams_volumes_go_before_what_they_are_on(everything: Found) -> None:
    namespace = everything.before(everything.one("Namespace", "fraud-training"))
    assert {
        "Release::rook-ceph",
        "Release::ceph-csi-drivers",
        "Release::snapshot-controller",
        "StorageClass::ceph-ceph-block",
        "StorageClass::ceph-ceph-shared",
        "CephObjectStore::ceph-CephObjectStore",
        "ObjectBucketClaim::lake-models",
    } <= namespace


def test_what_is_in_a_teams_namespace_goes_before_it(everything: Found) -> None:
    for kind in ("CephObjectStoreUser", "ConfigMap", "NetworkPolicy"):
        one = everything.one(kind, "objects-fraud-training")
        assert "Namespace::fraud-training" in everything.before(one)
    dataset = everything.one("Dataset", "cache-Dataset-fraud-training-images")
    assert {"Namespace::fraud-training", "Release::fluid"} <= everything.before(dataset)


def test_users_may_be_where_they_are(everything: Found) -> None:
    allowed = everything.inputs("CephObjectStore")["spec"]["allowUsersInNamespaces"]
    users = {one.inputs["metadata"]["namespace"] for one in everything.all("CephObjectStoreUser")}
    assert users == {"rook-ceph", *allowed}


def test_each_user_but_the_owner_has_a_part_of_the_lake(everything: Found) -> None:
    users = {one.inputs["metadata"]["name"] for one in everything.all("CephObjectStoreUser")}
    policies = [
        one.inputs["spec"]["additionalConfig"]["bucketPolicy"] for one in everything.all("ObjectBucketClaim")
    ]
    granted = {user for user in users if any(f':user/{user}"' in policy for policy in policies)}
    assert users - granted == {"lake"}
    assert "backups/test/*" in policies[-1] + policies[0] + policies[1] + policies[2]


def test_snapshots_come_before_ceph_whose_drivers_look_for_them(everything: Found) -> None:
    drivers = everything.one("Release", "ceph-csi-drivers")
    assert "Release::snapshot-controller" in everything.before(drivers)


def test_a_stack_tells_of_its_lake_on_ceph(everything: Found) -> None:
    outputs = everything.recording.outputs
    assert outputs["lake"]["raw"] == "mlcluster-test-raw"
    assert outputs["lake_endpoint"] == "http://rook-ceph-rgw-lake.rook-ceph.svc:80"


def test_nothing_is_made_that_was_not_asked_for() -> None:
    found = on_premises({})
    assert not found.all("Release")
    assert not [one for one in found.resources if one.type.split(":")[1].startswith(CUSTOM)]


def test_a_cluster_that_has_a_snapshot_controller_gets_no_second_one() -> None:
    found = on_premises({"snapshots": {"controller": False, "drivers": ["csi.example.com"]}})
    assert not found.all("Release")
    assert found.inputs("VolumeSnapshotClass")["driver"] == "csi.example.com"


def test_on_aws_classes_come_after_the_add_ons_that_bring_their_kind() -> None:
    storage = {"lake": {"keep": "destroy"}, "snapshots": {}, "backup": {}}
    found = Found(record(parsed(storage=storage)))
    snapshot_class = found.one("VolumeSnapshotClass")
    assert snapshot_class.inputs["driver"] == "ebs.csi.aws.com"
    addons = found.before(snapshot_class)
    assert {"Addon::system-addons-aws-ebs-csi-driver", "Addon::system-addons-snapshot-controller"} <= addons
    velero = found.before(found.one("Release", "velero"))
    assert {"PodIdentityAssociation::backup", "VolumeSnapshotClass::snapshots-ebs"} <= velero
    location = found.inputs("BackupStorageLocation")["spec"]
    assert location["objectStorage"]["prefix"] == "backups/test"
    assert "s3Url" not in location["config"]
