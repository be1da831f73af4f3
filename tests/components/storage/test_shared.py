from typing import Any

from components.storage import shared_settings
from components.storage.shared import SharedFileSystem, SharedFileSystemArgs
from components.storage.shared_volumes import SharedVolumes, SharedVolumesArgs
from infra.environment.storage.shared import Person, Shared
from infra.handles import EfsHandle
from tests.components.storage.support import check_pairs, spaces, volumes
from tests.components.support import (
    PLACE,
    SCOPE,
    ZONES,
    Found,
    cluster,
    known,
    network,
    record_component,
    statements,
)

PEOPLE = {"ada": {"team": "fraud", "uid": 1001}, "bob": {"team": "search", "uid": 1002}}


def recorded(**fields: Any) -> Found:
    args = SharedFileSystemArgs(
        scope=SCOPE,
        place=PLACE,
        name="home",
        shared=Shared.model_validate(fields),
        network=network(),
        cluster=cluster(),
    )
    return record_component(lambda opts: SharedFileSystem("shared-home", args, opts))


def test_files_are_encrypted_and_grow_cold() -> None:
    found = recorded()
    made = found.inputs("FileSystem")
    assert made["encrypted"] is True
    assert found.one("Key").urn in found.one("FileSystem").dependencies
    assert (made["performanceMode"], made["throughputMode"]) == ("generalPurpose", "elastic")
    assert made["lifecyclePolicies"] == [
        {"transitionToIa": "AFTER_30_DAYS"},
        {"transitionToArchive": "AFTER_90_DAYS"},
        {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
    ]


def test_files_need_not_grow_cold() -> None:
    assert recorded(infrequent_after=None, archive_after=None).inputs("FileSystem")["lifecyclePolicies"] == []
    one = recorded(infrequent_after="1d", performance="bursting", archive_after=None)
    assert one.inputs("FileSystem")["lifecyclePolicies"][0] == {"transitionToIa": "AFTER_1_DAY"}


def test_the_archive_is_only_for_elastic_ones() -> None:
    rules = recorded(performance="provisioned", throughput=128).inputs("FileSystem")
    assert rules["provisionedThroughputInMibps"] == 128
    assert not any("transitionToArchive" in rule for rule in rules["lifecyclePolicies"])


def test_there_is_a_door_in_each_zone_for_nodes_alone() -> None:
    found = recorded()
    assert {one.inputs["subnetId"] for one in found.all("MountTarget")} == {
        f"subnet-private-{zone}" for zone in ZONES
    }
    (rule,) = found.all("SecurityGroupIngressRule")
    assert rule.inputs["referencedSecurityGroupId"] == "sg-cluster"
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (2049, 2049)
    (group,) = {one.inputs["securityGroups"][0] for one in found.all("MountTarget")}
    assert rule.inputs["securityGroupId"] == group


def test_nobody_mounts_without_tls_or_an_access_point() -> None:
    allow, deny = statements(recorded().inputs("FileSystemPolicy")["policy"])
    assert allow["Condition"]["Bool"] == {"elasticfilesystem:AccessedViaMountTarget": "true"}
    assert allow["Condition"]["ArnLike"] == {
        "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/*"
    }
    assert "elasticfilesystem:ClientRootAccess" not in allow["Action"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_people_have_homes_of_their_own() -> None:
    found = recorded(people=PEOPLE)
    home = found.inputs("AccessPoint", "shared-home-ada")
    assert home["posixUser"] == {"uid": 1001, "gid": 1001}
    assert home["rootDirectory"] == {
        "path": "/home/ada",
        "creationInfo": {"ownerUid": 1001, "ownerGid": 1001, "permissions": "0700"},
    }


def test_files_that_are_kept_are_protected_and_stay_with_key_homes_and_guards() -> None:
    found = recorded(keep="retain", people=PEOPLE)
    for kind in ("FileSystem", "Key"):
        assert found.one(kind).protect
        assert found.one(kind).retain_on_delete
    for kind in ("AccessPoint", "FileSystemPolicy", "BackupPolicy", "Alias"):
        assert all(one.retain_on_delete for one in found.all(kind))
    for kind in ("MountTarget", "SecurityGroup"):
        assert not any(one.retain_on_delete for one in found.all(kind)), "they would keep the network"


def test_files_that_are_given_up_go_without_a_trace() -> None:
    found = recorded(keep="destroy", backups=False)
    assert not any(one.protect or one.retain_on_delete for one in found.resources)
    assert found.inputs("BackupPolicy")["backupPolicy"] == {"status": "DISABLED"}


def mounted(*teams: str) -> Found:
    system = EfsHandle(id=known("fs-1"), homes={"ada": known("fsap-a"), "bob": known("fsap-b")}, ready=())
    people = {name: Person.model_validate(one) for name, one in PEOPLE.items()}
    args = SharedVolumesArgs(
        scope=SCOPE, name="home", system=system, people=people, teams=spaces("fraud", "search", *teams)
    )
    return record_component(lambda opts: SharedVolumes("shared-home-volumes", args, opts))


def test_each_team_has_a_class_of_its_own() -> None:
    made = mounted().inputs("StorageClass", "shared-home-volumes-fraud")
    assert made["metadata"]["name"] == "home-fraud"
    assert made["provisioner"] == "efs.csi.aws.com"
    parameters = made["parameters"]
    assert parameters["provisioningMode"] == "efs-ap"
    assert parameters["basePath"] == "/teams/fraud"
    assert parameters["subPathPattern"] == "${.PVC.namespace}/${.PVC.name}"
    assert parameters["ensureUniqueDirectory"] == "false", "a claim made again finds its files again"
    assert parameters["uid"] == parameters["gid"] == str(shared_settings.team_id("fraud"))


def test_a_team_keeps_its_id_whichever_teams_come() -> None:
    alone, crowded = mounted(), mounted("aaa", "zzz")
    for team in ("fraud", "search"):
        name = f"shared-home-volumes-{team}"
        assert alone.inputs("StorageClass", name) == crowded.inputs("StorageClass", name)
    ids = {shared_settings.team_id(f"team-{n}") for n in range(1000)}
    assert len(ids) == 1000
    assert min(ids) > 60000
    assert max(ids) < 2**31


def test_homes_are_claimed_in_their_team_s_exploration_namespace() -> None:
    found = mounted()
    check_pairs(found)
    made = volumes(found)
    assert made.keys() == {"fraud-exploration/home-ada", "search-exploration/home-bob"}
    assert made["fraud-exploration/home-ada"]["csi"]["volumeHandle"] == "fs-1::fsap-a"
