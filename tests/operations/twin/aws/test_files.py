"""FSx for Lustre and EFS."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from operations.twin.aws.cloud import ApiError
from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, Network, network

LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
EFS = "aws:efs/fileSystem:FileSystem"
TARGET = "aws:efs/mountTarget:MountTarget"
POINT = "aws:efs/accessPoint:AccessPoint"
RULES = {
    "ingress": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "egress": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
}


def group(
    bench: Bench, at: Network, name: str = "files", *, lustre: bool = True, fabric: bool = False
) -> Made:
    made = bench.make(
        "aws:ec2/securityGroup:SecurityGroup", name, vpcId=at.vpc.id, description="files", tags=TAGS
    )
    if lustre:
        bench.make(
            RULES["ingress"],
            f"{name}-lustre",
            securityGroupId=made.id,
            referencedSecurityGroupId=made.id,
            ipProtocol="tcp",
            fromPort=988,
            toPort=988,
        )
    for way in RULES if fabric else ():
        bench.make(
            RULES[way],
            f"{name}-{way}",
            securityGroupId=made.id,
            referencedSecurityGroupId=made.id,
            ipProtocol="-1",
        )
    return made


def asked(at: Network, group_id: str, **more: Any) -> dict[str, Any]:
    given = {
        "subnetIds": at.subnet_ids[0],
        "securityGroupIds": [group_id],
        "deploymentType": "PERSISTENT_2",
        "storageCapacity": 2400,
        "perUnitStorageThroughput": 250,
        "automaticBackupRetentionDays": 0,
        "fileSystemTypeVersion": "2.15",
        "dataCompressionType": "LZ4",
        "metadataConfiguration": {"mode": "AUTOMATIC"},
        "weeklyMaintenanceStartTime": "7:03:00",
        "tags": TAGS,
    }
    return {key: value for key, value in {**given, **more}.items() if value is not None}


def kinds(bench: Bench) -> list[str]:
    return sorted(item.type for item in bench.package.inventory() if item.service in {"fsx", "efs"})


def test_a_lustre_file_system(bench: Bench) -> None:
    at = network(bench)
    door = group(bench, at)
    key = bench.make("aws:kms/key:Key")
    made = bench.make(LUSTRE, **asked(at, door.id, kmsKeyId=key["arn"]))
    assert made["dnsName"].startswith(f"{made.id}.fsx.us-east-1.")
    assert len(made["mountName"]) == 8
    assert len(made["networkInterfaceIds"]) == 2
    assert made["vpcId"] == at.vpc.id
    bigger = bench.change(made, storageCapacity=4800, perUnitStorageThroughput=500)
    bigger = bench.change(bigger, tags={"Name": "new"}, dataCompressionType="NONE")
    assert (bigger["mountName"], bigger["storageCapacity"]) == (made["mountName"], 4800)
    for resource in (at.subnets[0], door):
        with pytest.raises(Refused, match="DependencyViolation"):
            bench.drop(resource)
    bench.drop(bigger)
    bench.drop(at.subnets[0])
    assert kinds(bench) == []


FORCED: Final[tuple[tuple[dict[str, Any], tuple[str, ...]], ...]] = (
    ({"storageCapacity": 4800}, ()),
    ({"storageCapacity": 1200}, ("storageCapacity",)),
    ({"perUnitStorageThroughput": 125}, ()),
    ({"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 3000}}, ()),
    ({"deploymentType": "SCRATCH_2"}, ("deploymentType",)),
    ({"subnetIds": "another"}, ("subnetIds",)),
    ({"kmsKeyId": "another"}, ("kmsKeyId",)),
    ({"securityGroupIds": ["another"]}, ("securityGroupIds",)),
    ({"efaEnabled": True}, ("efaEnabled",)),
    ({"fileSystemTypeVersion": "2.12"}, ("fileSystemTypeVersion",)),
    ({"tags": {}}, ()),
)


def test_what_makes_another_lustre_file_system(bench: Bench) -> None:
    at = network(bench)
    made = bench.make(LUSTRE, **asked(at, group(bench, at).id))
    for changes, forced in FORCED:
        changed, replaces = bench.diff(made, **changes)
        assert set(changed) == set(changes)
        assert replaces == forced


REFUSED: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({"storageCapacity": 3000}, "StorageCapacity 3000 is not 1200 or a multiple of 2400 GiB"),
    ({"perUnitStorageThroughput": 200}, r"200 is not one of \(125, 250, 500, 1000\) for PERSISTENT_2"),
    ({"kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/none"}, "does not exist"),
    ({"efaEnabled": True, "metadataConfiguration": None}, "permissions to create an EFA-enabled"),
    (
        {"deploymentType": "SCRATCH_2", "perUnitStorageThroughput": None, "automaticBackupRetentionDays": 7},
        "Backups are not supported on scratch",
    ),
    (
        {"deploymentType": "SCRATCH_2", "perUnitStorageThroughput": None},
        "metadata configurations need the deployment type PERSISTENT_2",
    ),
    ({"storageType": "INTELLIGENT_TIERING"}, "StorageCapacity is not supported for Intelligent-Tiering"),
    ({"securityGroupIds": ["sg-0123456789abcdef0"]}, "does not exist in the VPC"),
    ({"subnetIds": "subnet-0123456789abcdef0"}, "does not exist"),
    ({"weeklyMaintenanceStartTime": "8:03:00"}, "WeeklyMaintenanceStartTime"),
)


def test_lustre_file_systems_that_fsx_refuses(bench: Bench) -> None:
    at = network(bench)
    door = group(bench, at)
    for changes, message in REFUSED:
        with pytest.raises(Refused, match=message):
            bench.make(LUSTRE, **asked(at, door.id, **changes))
    assert kinds(bench) == []


def test_lustre_needs_its_port_open(bench: Bench) -> None:
    at = network(bench)
    closed = group(bench, at, "closed", lustre=False)
    with pytest.raises(Refused, match="LNET network traffic on port 988"):
        bench.make(LUSTRE, **asked(at, closed.id))


@pytest.mark.parametrize(("throughput", "step"), [(125, 38400), (250, 19200), (500, 9600), (1000, 4800)])
def test_efa_wants_room_and_an_open_group(bench: Bench, throughput: int, step: int) -> None:
    at = network(bench)
    door = group(bench, at, fabric=True)
    fast = {"efaEnabled": True, "perUnitStorageThroughput": throughput}
    with pytest.raises(Refused, match=f"a multiple of {step} GiB"):
        bench.make(LUSTRE, **asked(at, door.id, **fast, storageCapacity=2400))
    made = bench.make(LUSTRE, **asked(at, door.id, **fast, storageCapacity=step))
    with pytest.raises(Refused, match="throughput of an EFA-enabled file system cannot be changed"):
        bench.change(made, perUnitStorageThroughput=250 if throughput == 125 else 125)


def test_metadata_only_grows(bench: Bench) -> None:
    at = network(bench)
    iops = {"mode": "USER_PROVISIONED", "iops": 6000}
    made = bench.make(LUSTRE, **asked(at, group(bench, at).id, metadataConfiguration=iops))
    made = bench.change(made, metadataConfiguration={**iops, "iops": 12000})
    assert bench.diff(made, metadataConfiguration=iops)[1] == ("metadataConfiguration",)


def test_intelligent_tiering(bench: Bench) -> None:
    at = network(bench)
    tiered = {
        "storageType": "INTELLIGENT_TIERING",
        "storageCapacity": None,
        "perUnitStorageThroughput": None,
        "throughputCapacity": 4000,
        "metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 6000},
        "dataReadCacheConfiguration": {"sizingMode": "PROPORTIONAL_TO_THROUGHPUT_CAPACITY"},
    }
    made = bench.make(LUSTRE, **asked(at, group(bench, at).id, **tiered))
    made = bench.change(made, throughputCapacity=8000)
    with pytest.raises(Refused, match="can only be increased"):
        bench.change(made, throughputCapacity=4000)


@pytest.mark.parametrize(("skip", "left"), [(True, []), (False, ["backup"])])
def test_a_last_backup_stays(bench: Bench, skip: bool, left: list[str]) -> None:
    at = network(bench)
    made = bench.make(LUSTRE, **asked(at, group(bench, at).id, skipFinalBackup=skip, finalBackupTags=TAGS))
    bench.drop(made)
    assert kinds(bench) == left
    assert all(item.environment == "dev" for item in bench.package.inventory() if item.type == "backup")


def linked(bench: Bench, **more: Any) -> Made:
    at = network(bench)
    bench.make("aws:s3/bucket:Bucket", "lake", bucket="a-lake")
    return bench.make(LUSTRE, **asked(at, group(bench, at).id, **more))


def link(system: Made, path: str = "/datasets", repository: str = "s3://a-lake/datasets/") -> dict[str, Any]:
    every = {"events": ["NEW", "CHANGED", "DELETED"]}
    return {
        "fileSystemId": system.id,
        "fileSystemPath": path,
        "dataRepositoryPath": repository,
        "batchImportMetaDataOnCreate": True,
        "s3": {"autoImportPolicy": every, "autoExportPolicy": every},
        "tags": TAGS,
    }


def test_links(bench: Bench) -> None:
    system = linked(bench)
    made = bench.make(LINK, **link(system))
    assert made["importedFileChunkSize"] == 1024
    made = bench.change(made, s3={"autoImportPolicy": {"events": ["NEW"]}}, tags={"Name": "new"})
    assert bench.diff(made, fileSystemPath="/x") == (("fileSystemPath",), ("fileSystemPath",))
    other = bench.make(LINK, "other", **link(system, "/models", "s3://a-lake/models/"))
    bench.drop(made)
    bench.drop(system)
    assert bench.read(other) is None, "links go with their file system"


@pytest.mark.parametrize(
    ("path", "repository", "message"),
    [
        ("/datasets/images", "s3://a-lake/images/", "FileSystemPath /datasets/images overlaps /datasets"),
        (
            "/images",
            "s3://a-lake/datasets/images/",
            "DataRepositoryPath s3://a-lake/datasets/images/ overlaps",
        ),
        ("/images", "s3://none/images/", "Cannot access the data repository"),
    ],
)
def test_links_that_fsx_refuses(bench: Bench, path: str, repository: str, message: str) -> None:
    system = linked(bench)
    bench.make(LINK, **link(system))
    with pytest.raises(Refused, match=message):
        bench.make(LINK, "other", **link(system, path, repository))


def test_a_file_system_has_eight_links(bench: Bench) -> None:
    system = linked(bench)
    for number in range(8):
        bench.make(LINK, f"link-{number}", **link(system, f"/d{number}", f"s3://a-lake/d{number}/"))
    with pytest.raises(Refused, match="at most 8"):
        bench.make(LINK, "ninth", **link(system, "/d8", "s3://a-lake/d8/"))


def test_backups_and_links_exclude_each_other(bench: Bench) -> None:
    system = linked(bench, automaticBackupRetentionDays=7)
    with pytest.raises(Refused, match="with automatic backups cannot be linked"):
        bench.make(LINK, **link(system))
    system = bench.change(system, automaticBackupRetentionDays=0)
    bench.make(LINK, **link(system))
    with pytest.raises(Refused, match="linked to a data repository"):
        bench.change(system, automaticBackupRetentionDays=7)


def test_shared_files(bench: Bench) -> None:
    at = network(bench)
    key = bench.make("aws:kms/key:Key")
    rules = [{"transitionToIa": "AFTER_30_DAYS"}, {"transitionToArchive": "AFTER_90_DAYS"}]
    made = bench.make(
        EFS,
        encrypted=True,
        kmsKeyId=key["arn"],
        throughputMode="elastic",
        performanceMode="generalPurpose",
        lifecyclePolicies=rules,
        tags=TAGS,
    )
    made = bench.change(made, lifecyclePolicies=rules[:1], tags={**TAGS, "Name": "new"})
    made = bench.change(made, throughputMode="provisioned", provisionedThroughputInMibps=128)
    for name, value in (("encrypted", False), ("kmsKeyId", "another"), ("performanceMode", "maxIO")):
        assert bench.diff(made, **{name: value})[1] == (name,)
    door = group(bench, at, lustre=False)
    target = bench.make(TARGET, fileSystemId=made.id, subnetId=at.subnet_ids[0], securityGroups=[door.id])
    with pytest.raises(Refused, match="FileSystemInUse"):
        bench.drop(made)
    for resource in (at.subnets[0], door):
        with pytest.raises(Refused, match="DependencyViolation"):
            bench.drop(resource)
    bench.drop(target)
    bench.drop(made)
    bench.drop(door)
    assert kinds(bench) == []


def test_a_zone_has_one_mount_target(bench: Bench) -> None:
    at = network(bench)
    system = bench.make(EFS)
    bench.make(TARGET, fileSystemId=system.id, subnetId=at.subnet_ids[0])
    with pytest.raises(Refused, match="mount target already exists in this AZ"):
        bench.make(TARGET, "again", fileSystemId=system.id, subnetId=at.subnet_ids[0])


def test_homes(bench: Bench) -> None:
    system = bench.make(EFS)
    home = {
        "fileSystemId": system.id,
        "posixUser": {"uid": 1001, "gid": 1001},
        "rootDirectory": {
            "path": "/home/ada",
            "creationInfo": {"ownerUid": 1001, "ownerGid": 1001, "permissions": "0700"},
        },
        "tags": TAGS,
    }
    made = bench.make(POINT, **home)
    made = bench.change(made, tags={"Name": "new"})
    assert bench.diff(made, posixUser={"uid": 1002, "gid": 1002})[1] == ("posixUser",)
    bench.drop(made)
    with pytest.raises(Refused, match="FileSystemNotFound"):
        bench.make(POINT, "lost", **{**home, "fileSystemId": "fs-12345678"})


def test_what_guards_shared_files(bench: Bench) -> None:
    system = bench.make(EFS)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = bench.make("aws:efs/fileSystemPolicy:FileSystemPolicy", fileSystemId=system.id, policy=policy)
    made = bench.change(made, policy=policy.replace("Deny", "Allow"))
    bench.drop(made)
    backups = bench.make(
        "aws:efs/backupPolicy:BackupPolicy", fileSystemId=system.id, backupPolicy={"status": "ENABLED"}
    )
    backups = bench.change(backups, backupPolicy={"status": "DISABLED"})
    bench.change(backups, backupPolicy={"status": "ENABLED"})
    with pytest.raises(Refused, match="BadRequest"):
        bench.make(EFS, "odd", throughputMode="provisioned")


def test_file_systems_survive_a_restart(bench: Bench, tmp_path: Any) -> None:
    from operations.twin.aws.package import AwsPackage

    system = linked(bench)
    made = bench.make(LINK, **link(system))
    bench.package.save()
    bench.package.close()
    again = AwsPackage(tmp_path)
    session = again.session()
    session.configure({"region": "us-east-1", "allowedAccountIds": f'["{ACCOUNT}"]'})
    assert session.read(LUSTRE, system.id, system.inputs, system.state) == (system.inputs, system.state)
    assert session.read(LINK, made.id, made.inputs, made.state) == (made.inputs, made.state)


def test_the_twin_speaks_of_what_is_gone(bench: Bench) -> None:
    with pytest.raises(ApiError) as gone:
        bench.package.cloud(ACCOUNT).call(
            "fsx", "us-east-1", "describe_file_systems", {"FileSystemIds": ["fs-0123456789abcdef0"]}
        )
    assert gone.value.gone
