"""Backups: what is backed up, to where, with which rights, and what goes first on the way down."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
import yaml

from components.storage import backup_manifests as manifests
from components.storage.backup import AtAws, Backups, BackupsArgs
from infra import ceph as names
from infra.environment.storage.backup import Backup
from infra.handles import ObjectStore
from tests.components.storage.judging import complaints, unknown_values
from tests.components.storage.support import spaces
from tests.components.support import PLACE, SCOPE, Found, cluster, known, lake, record_component, statements


def recorded(*, on_ceph: bool = False, **settings: Any) -> Found:
    on_s3 = lake()
    store = (
        ObjectStore(buckets={"raw": known("a-raw")}, key_arn=known(""), endpoint=names.endpoint(tls=False))
        if on_ceph
        else on_s3
    )

    def build(opts: pulumi.ResourceOptions) -> None:
        args = BackupsArgs(
            scope=SCOPE,
            backup=Backup.model_validate(settings),
            lake=store,
            aws=None if on_ceph else AtAws(place=PLACE, cluster=cluster()),
            teams=spaces("fraud", "search"),
            after=(),
        )
        Backups("backup", args, opts)

    return record_component(build)


BOTH = pytest.mark.parametrize("on_ceph", [False, True], ids=["s3", "ceph"])


@BOTH
def test_veleros_own_definitions_have_nothing_against_it(on_ceph: bool) -> None:
    found = recorded(on_ceph=on_ceph, restore_from=["other"])
    made = [*found.all("BackupStorageLocation"), *found.all("Schedule")]
    assert len(made) == 4
    for one in made:
        assert complaints(one.inputs) == []


def test_a_definition_does_complain() -> None:
    inputs = recorded().inputs("Schedule", "backup-Schedule-fraud")
    template = {**inputs["spec"]["template"], "includeNamespaces": ["a"]}
    assert complaints({**inputs, "spec": {**inputs["spec"], "template": template}})
    location = recorded().inputs("BackupStorageLocation")
    assert complaints({**location, "spec": {**location["spec"], "accessMode": "WriteOnly"}})


@BOTH
def test_the_chart_has_the_values(on_ceph: bool) -> None:
    assert unknown_values("velero", manifests.values(manifests.keys() if on_ceph else None)) == []
    assert unknown_values("velero", {"configuration": {"feature": "EnableCSI"}}) == ["configuration.feature"]


def test_each_team_has_a_schedule_for_all_its_namespaces() -> None:
    found = recorded(schedule="30 2 * * 1-5", keep="45d")
    assert found.names("Schedule") == ["backup-Schedule-fraud", "backup-Schedule-search"]
    spec = found.inputs("Schedule", "backup-Schedule-fraud")["spec"]
    assert spec["schedule"] == "30 2 * * 1-5"
    assert spec["template"]["includedNamespaces"] == ["fraud-exploration", "fraud-training", "fraud-serving"]
    assert spec["template"]["ttl"] == "1080h0m0s"


def test_volumes_go_to_the_lake_and_backups_outlive_their_schedule() -> None:
    spec = recorded().inputs("Schedule", "backup-Schedule-fraud")["spec"]
    assert spec["template"]["snapshotMoveData"] is True
    assert spec["useOwnerReferencesInBackup"] is False
    values = recorded().inputs("Release")["values"]
    assert values["deployNodeAgent"] is True
    assert values["configuration"]["features"] == "EnableCSI"


def test_volumes_without_snapshots_are_left_out() -> None:
    found = recorded()
    name = found.inputs("Schedule", "backup-Schedule-fraud")["spec"]["template"]["resourcePolicy"]["name"]
    config_map = found.inputs("ConfigMap")
    assert config_map["metadata"]["name"] == name
    (text,) = config_map["data"].values()
    policies = yaml.safe_load(text)["volumePolicies"]
    skipped = {one["conditions"]["csi"]["driver"] for one in policies if one["action"] == {"type": "skip"}}
    assert {"efs.csi.aws.com", "fsx.csi.aws.com", "s3.csi.aws.com"} <= skipped
    assert "ebs.csi.aws.com" not in skipped


def test_at_aws_it_may_write_its_own_backups_and_read_those_it_was_told_of() -> None:
    policy = recorded(restore_from=["other"]).inputs("RolePolicy")["policy"]
    by_sid = {one["Sid"]: one for one in statements(policy)}
    assert by_sid["Write"]["Resource"] == "arn:aws:s3:::a-raw/backups/test/*"
    assert by_sid["Read"]["Resource"] == [
        "arn:aws:s3:::a-raw/backups/test/*",
        "arn:aws:s3:::a-raw/backups/other/*",
    ]
    assert set(by_sid["List"]["Condition"]["StringLike"]["s3:prefix"]) == {
        *("backups/test", "backups/test/*"),
        *("backups/other", "backups/other/*"),
    }
    assert "ec2:" not in policy, "the driver takes snapshots, with its own rights"
    assert not recorded().all("RolePolicyAttachment")


def test_at_aws_the_role_is_that_of_veleros_pods_alone() -> None:
    found = recorded()
    association = found.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("velero", "velero")
    values = found.inputs("Release")["values"]
    assert values["serviceAccount"]["server"]["name"] == association["serviceAccount"]
    assert values["credentials"]["useSecret"] is False
    assert values["configuration"]["extraEnvVars"] == []


def test_on_ceph_it_has_keys_that_rook_writes() -> None:
    found = recorded(on_ceph=True)
    assert not found.all("Role")
    user = found.inputs("CephObjectStoreUser")
    assert user["metadata"]["namespace"] == "velero"
    variables = found.inputs("Release")["values"]["configuration"]["extraEnvVars"]
    assert {one["valueFrom"]["secretKeyRef"]["name"] for one in variables} == {
        names.secret(user["metadata"]["name"])
    }
    config = found.inputs("BackupStorageLocation")["spec"]["config"]
    assert config["s3Url"] == "http://rook-ceph-rgw-lake.rook-ceph.svc:80"
    assert (config["s3ForcePathStyle"], config["checksumAlgorithm"]) == ("true", "")


def test_others_backups_are_only_read() -> None:
    found = recorded(restore_from=["other"])
    own = found.inputs("BackupStorageLocation", "backup-BackupStorageLocation-default")["spec"]
    other = found.inputs("BackupStorageLocation", "backup-BackupStorageLocation-from-other")["spec"]
    assert (own["accessMode"], own["objectStorage"]["prefix"]) == ("ReadWrite", "backups/test")
    assert (other["accessMode"], other["objectStorage"]["prefix"]) == ("ReadOnly", "backups/other")
    assert (own["default"], other["default"]) == (True, False)


@BOTH
def test_rights_go_last_and_schedules_first(on_ceph: bool) -> None:
    found = recorded(on_ceph=on_ceph)
    release = found.before(found.one("Release"))
    right = "CephObjectStoreUser::objects-backup" if on_ceph else "PodIdentityAssociation::backup"
    assert {right, "Namespace::backup"} <= release
    schedule = found.before(found.one("Schedule", "backup-Schedule-fraud"))
    assert {"Release::velero", "BackupStorageLocation::backup-BackupStorageLocation-default"} <= schedule


def test_no_keys_pass_through_the_program() -> None:
    found = recorded(on_ceph=True)
    assert not found.all("Secret")
    assert "secret_access_key" not in json.dumps([dict(one.inputs) for one in found.resources], default=str)
