from typing import Any

import pytest

from components.storage import lustre_settings
from components.storage.lustre import LustreArgs, LustreFileSystem
from components.storage.lustre_volumes import LustreVolumes, LustreVolumesArgs, folders_of, job_spec
from infra.environment.storage.lustre import Link, Lustre
from infra.handles import LustreHandle
from tests.components.storage.support import PHASES, check_pairs, spaces, volumes
from tests.components.support import (
    PLACE,
    SCOPE,
    Found,
    cluster,
    known,
    lake,
    network,
    record_component,
    statements,
)

ZONE = "eu-west-1b"


def section(**fields: Any) -> Lustre:
    return Lustre.model_validate({"capacity": "2400GiB", **fields})


def recorded(fabrics: dict[str, Any] | None = None, **fields: Any) -> Found:
    args = LustreArgs(
        scope=SCOPE,
        place=PLACE,
        name="scratch",
        lustre=section(**fields),
        zone=ZONE,
        network=network(),
        cluster=cluster(),
        lake=lake(),
        fabrics=fabrics or {},
    )
    return record_component(lambda opts: LustreFileSystem("lustre-scratch", args, opts))


def test_a_file_system_is_what_its_section_says() -> None:
    made = recorded(throughput=500, capacity="48000GiB").inputs("LustreFileSystem")
    assert made["deploymentType"] == "PERSISTENT_2"
    assert (made["storageType"], made["storageCapacity"], made["perUnitStorageThroughput"]) == (
        "SSD",
        48000,
        500,
    )
    assert made["dataCompressionType"] == "LZ4"
    assert made["fileSystemTypeVersion"] == "2.15"
    assert made["subnetIds"] == f"subnet-private-{ZONE}"
    assert made["weeklyMaintenanceStartTime"] == "7:03:00"
    assert made["metadataConfiguration"] == {"mode": "AUTOMATIC"}
    assert made["automaticBackupRetentionDays"] == 0, "FSx would keep 30 days of them"
    assert made["skipFinalBackup"] is True
    assert "efaEnabled" not in made


def test_scratch_has_nothing_of_what_only_persistent_ones_have() -> None:
    found = recorded(deployment="scratch")
    made = found.inputs("LustreFileSystem")
    assert made["deploymentType"] == "SCRATCH_2"
    for absent in (
        "perUnitStorageThroughput",
        "metadataConfiguration",
        "kmsKeyId",
        "automaticBackupRetentionDays",
        "logConfiguration",
    ):
        assert absent not in made
    assert found.all("Key") == []


def test_intelligent_tiering() -> None:
    made = recorded(media="tiered", capacity=None, throughput=8000).inputs("LustreFileSystem")
    assert (made["storageType"], made["throughputCapacity"]) == ("INTELLIGENT_TIERING", 8000)
    assert made["dataReadCacheConfiguration"] == {"sizingMode": "PROPORTIONAL_TO_THROUGHPUT_CAPACITY"}
    assert made["metadataConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 6000}
    assert "storageCapacity" not in made
    assert "perUnitStorageThroughput" not in made


def test_backups() -> None:
    made = recorded(backups="14d", keep="backup").inputs("LustreFileSystem")
    assert (made["automaticBackupRetentionDays"], made["dailyAutomaticBackupStartTime"]) == (14, "01:00")
    assert made["copyTagsToBackups"] is True
    assert made["skipFinalBackup"] is False
    assert made["finalBackupTags"]["mlcluster:environment"] == "test"


def test_what_is_retained_is_protected_with_its_key() -> None:
    found = recorded(keep="retain")
    assert found.one("LustreFileSystem").protect
    assert found.one("Key").protect
    gone = recorded(keep="destroy")
    assert not any(one.protect for one in gone.resources)


def test_only_nodes_come_in_and_only_by_lustre_s_ports() -> None:
    found = recorded()
    rules = [one.inputs for one in found.all("SecurityGroupIngressRule")]
    assert {rule["ipProtocol"] for rule in rules} == {"tcp"}
    assert {(rule["fromPort"], rule["toPort"]) for rule in rules} == {(988, 988), (1018, 1023)}
    own = found.one("SecurityGroup")
    peers = {rule["referencedSecurityGroupId"] for rule in rules}
    assert peers == {"sg-cluster", rules[0]["securityGroupId"]}
    before = found.before(found.one("LustreFileSystem"))
    assert f"SecurityGroup::{own.name}" in before
    for one in found.all("SecurityGroupIngressRule"):
        waits = f"SecurityGroupIngressRule::{one.name}" in before
        among_servers = one.inputs["referencedSecurityGroupId"] == one.inputs["securityGroupId"]
        assert waits == among_servers, "it is made beside the cluster, whose group the nodes are in"


def test_efa_opens_its_group_to_itself_and_to_the_fabrics_of_pools() -> None:
    found = recorded(efa=True, capacity="38400GiB", fabrics={"train": known("sg-train")})
    assert found.inputs("LustreFileSystem")["efaEnabled"] is True
    for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        everything = [one.inputs for one in found.all(kind) if one.inputs["ipProtocol"] == "-1"]
        own = next(rule["securityGroupId"] for rule in everything if rule["securityGroupId"] != "sg-train")
        assert {(rule["securityGroupId"], rule["referencedSecurityGroupId"]) for rule in everything} == {
            (own, own),
            (own, "sg-train"),
            ("sg-train", own),
        }


def test_without_efa_pools_leave_no_trace() -> None:
    assert recorded(fabrics={"train": known("sg-train")}).resources == recorded().resources


def test_links_go_both_ways_unless_they_are_only_read() -> None:
    found = recorded(link=["datasets", {"path": "models/base", "read_only": True}])
    both = found.inputs("DataRepositoryAssociation", "lustre-scratch-datasets")
    assert both["dataRepositoryPath"] == "s3://a-curated/datasets/"
    assert both["fileSystemPath"] == "/datasets"
    assert both["batchImportMetaDataOnCreate"] is True
    every = ["NEW", "CHANGED", "DELETED"]
    assert both["s3"] == {"autoImportPolicy": {"events": every}, "autoExportPolicy": {"events": every}}
    one_way = found.inputs("DataRepositoryAssociation", "lustre-scratch-models-base")
    assert one_way["dataRepositoryPath"] == "s3://a-models/base/"
    assert one_way["s3"] == {"autoImportPolicy": {"events": every}}


def test_a_whole_zone_can_be_linked() -> None:
    assert recorded(link="raw").inputs("DataRepositoryAssociation")["dataRepositoryPath"] == "s3://a-raw/"


def test_what_fails_on_a_link_is_logged_under_a_key_of_ours() -> None:
    found = recorded(link="datasets")
    group = found.inputs("LogGroup")
    assert group["name"] == "/aws/fsx/lustre/mlcluster-test-scratch"
    assert found.inputs("LustreFileSystem")["logConfiguration"]["level"] == "WARN_ERROR"
    (_, logs) = statements(found.inputs("Key")["policy"])
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    context = logs["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert context.endswith(f"log-group:{group['name']}")


def test_the_lake_s_key_lets_file_systems_of_this_account_in_and_nobody_else() -> None:
    statement = lustre_settings.lake_key(PLACE)
    condition = statement["Condition"]
    assert condition["StringEquals"]["kms:CallerAccount"] == PLACE.account
    assert condition["StringEquals"]["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    assert "AWSServiceRoleForFSxS3Access_fs-*" in condition["ArnLike"]["aws:PrincipalArn"]


@pytest.mark.parametrize(
    ("written", "fsx"),
    [("monday 00:30", "1:00:30"), ("wednesday 23:59", "3:23:59"), ("sunday 03:00", "7:03:00")],
)
def test_maintenance_windows(written: str, fsx: str) -> None:
    assert lustre_settings.window(written) == fsx


def mounted(*links: Link, teams: tuple[str, ...] = ("fraud", "search")) -> Found:
    system = LustreHandle(
        id=known("fs-1"),
        dns_name=known("fs-1.fsx.eu-west-1.amazonaws.com"),
        mount_name=known("abcdefgh"),
        capacity="2400Gi",
        ready=(),
    )
    args = LustreVolumesArgs(scope=SCOPE, name="scratch", system=system, links=links, teams=spaces(*teams))
    return record_component(lambda opts: LustreVolumes("lustre-scratch-volumes", args, opts))


def test_each_team_mounts_its_own_folder_in_each_namespace() -> None:
    found = mounted()
    check_pairs(found)
    for team in ("fraud", "search"):
        for phase in PHASES:
            csi = volumes(found)[f"{team}-{phase}/scratch"]["csi"]
            assert csi["driver"] == "fsx.csi.aws.com"
            assert csi["volumeAttributes"] == {
                "dnsname": "fs-1.fsx.eu-west-1.amazonaws.com",
                "mountname": f"abcdefgh/teams/{team}",
            }
    assert all(one["capacity"] == {"storage": "2400Gi"} for one in volumes(found).values())


def test_links_are_claims_of_their_own_and_read_only_ones_are() -> None:
    found = mounted(Link(path="datasets"), Link(path="models/base", read_only=True))
    check_pairs(found)
    made = volumes(found)
    assert made["fraud-training/scratch-datasets"]["accessModes"] == ["ReadWriteMany"]
    read = made["fraud-training/scratch-models-base"]
    assert (read["accessModes"], read["csi"]["readOnly"]) == (["ReadOnlyMany"], True)
    assert read["csi"]["volumeAttributes"]["mountname"] == "abcdefgh/models/base"


def test_nobody_but_the_job_sees_the_whole_file_system() -> None:
    whole = [
        key
        for key, one in volumes(mounted()).items()
        if one["csi"]["volumeAttributes"]["mountname"] == "abcdefgh"
    ]
    assert whole == ["kube-system/lustre-scratch"]


def test_folders_are_made_before_they_are_claimed() -> None:
    found = mounted(Link(path="datasets"), Link(path="models/base", read_only=True))
    job = found.one("Job")
    assert job.inputs["spec"]["template"]["spec"]["containers"][0]["args"] == [
        "teams/fraud",
        "teams/search",
        "datasets",
    ]
    for claim in found.all("PersistentVolumeClaim"):
        if claim.inputs["metadata"]["namespace"] != "kube-system":
            assert f"Job::{job.name}" in found.before(claim)


def test_other_folders_are_another_job() -> None:
    names = {
        mounted(teams=teams).inputs("Job")["metadata"]["name"] for teams in (("fraud",), ("fraud", "search"))
    }
    assert len(names) == 2


def test_folders_never_become_part_of_a_script() -> None:
    container = job_spec("c", ["a; rm -rf /"], {})["template"]["spec"]["containers"][0]
    assert "rm -rf" not in " ".join(container["command"])
    assert folders_of(spaces("b", "a"), ()) == ["teams/a", "teams/b"]


def test_a_larger_file_system_changes_no_claim() -> None:
    """A claim on a volume that was not made for it cannot grow."""
    requests = {
        one.inputs["spec"]["resources"]["requests"]["storage"]
        for one in mounted().all("PersistentVolumeClaim")
    }
    assert requests == {"1Gi"}
