"""RDS in the twin: instances, subnet groups and parameter groups."""

from __future__ import annotations

from typing import Any, Final

import pytest

from operations.twin.aws.cloud import ApiError
from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, network, urn

INSTANCE = "aws:rds/instance:Instance"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"


def made(bench: Bench, **more: Any) -> Made:
    at = network(bench)
    door = bench.make(
        "aws:ec2/securityGroup:SecurityGroup", "door", vpcId=at.vpc.id, description="db", tags=TAGS
    )
    subnets = bench.make(
        SUBNETS, name="mlcluster-dev-postgres", description="db", subnetIds=at.subnet_ids, tags=TAGS
    )
    parameters = bench.make(
        PARAMETERS,
        name="mlcluster-dev-postgres-18",
        family="postgres18",
        description="db",
        parameters=[{"name": "rds.force_ssl", "value": "1"}],
        tags=TAGS,
    )
    key = bench.make("aws:kms/key:Key")
    given = {
        "identifier": "mlcluster-dev-postgres",
        "engine": "postgres",
        "engineVersion": "18",
        "allowMajorVersionUpgrade": True,
        "instanceClass": "db.m7g.large",
        "allocatedStorage": 20,
        "maxAllocatedStorage": 80,
        "storageType": "gp3",
        "storageEncrypted": True,
        "kmsKeyId": key["arn"],
        "masterUserSecretKmsKeyId": key["arn"],
        "username": "administrator",
        "manageMasterUserPassword": True,
        "multiAz": True,
        "dbSubnetGroupName": subnets["name"],
        "parameterGroupName": parameters["name"],
        "vpcSecurityGroupIds": [door.id],
        "backupRetentionPeriod": 14,
        "deletionProtection": False,
        "skipFinalSnapshot": True,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "tags": TAGS,
    }
    return bench.make(INSTANCE, **{**given, **more})


def words(bench: Bench) -> list[str]:
    return sorted(item.type for item in bench.package.inventory() if item.service == "rds")


def test_an_instance_from_its_making_to_its_end(bench: Bench) -> None:
    db = made(bench)
    assert db["arn"] == f"arn:aws:rds:us-east-1:{ACCOUNT}:db:mlcluster-dev-postgres"
    assert db["endpoint"] == f"{db['address']}:5432"
    (secret,) = db["masterUserSecrets"]
    assert secret["secretArn"].startswith(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-")
    changed = bench.change(
        db,
        allocatedStorage=40,
        multiAz=False,
        enabledCloudwatchLogsExports=["postgresql", "upgrade"],
        tags={"Name": "new"},
    )
    assert changed.id == db.id
    assert (changed["allocatedStorage"], changed["multiAz"], changed["tags"]) == (40, False, {"Name": "new"})
    assert sorted(changed["enabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    assert words(bench) == ["db", "parameter-group", "subnet-group"]
    bench.drop(changed)
    assert words(bench) == ["parameter-group", "subnet-group"]


FORCED: Final[tuple[tuple[dict[str, Any], tuple[str, ...]], ...]] = (
    ({"allocatedStorage": 40}, ()),
    ({"instanceClass": "db.r7g.large"}, ()),
    ({"engineVersion": "19"}, ()),
    ({"multiAz": False}, ()),
    ({"deletionProtection": True}, ()),
    ({"kmsKeyId": "another"}, ("kmsKeyId",)),
    ({"storageEncrypted": False}, ("storageEncrypted",)),
    ({"username": "another"}, ("username",)),
    ({"engine": "mysql"}, ("engine",)),
)


def test_what_makes_another_instance(bench: Bench) -> None:
    db = made(bench)
    for changes, forced in FORCED:
        changed, replaces = bench.diff(db, **changes)
        assert (set(changed), replaces) == (set(changes), forced)


def test_storage_does_not_shrink_and_versions_do_not_go_back(bench: Bench) -> None:
    db = made(bench)
    for changes, message in (
        ({"allocatedStorage": 20 - 1, "maxAllocatedStorage": 80}, "must be greater than or equal"),
        ({"engineVersion": "17"}, "Cannot upgrade postgres from 18 to 17"),
        ({"engineVersion": "19", "allowMajorVersionUpgrade": False}, "AllowMajorVersionUpgrade flag"),
    ):
        with pytest.raises((ApiError, Refused), match=message):
            bench.change(db, **changes)


def test_a_protected_instance_does_not_go(bench: Bench) -> None:
    db = made(bench, deletionProtection=True)
    with pytest.raises((ApiError, Refused), match="protected"):
        bench.drop(db)
    bench.drop(bench.change(db, deletionProtection=False))


def test_a_last_snapshot_stays(bench: Bench) -> None:
    bench.drop(made(bench, skipFinalSnapshot=False, finalSnapshotIdentifier="the-last"))
    (snapshot,) = [item for item in bench.package.inventory() if item.type == "snapshot"]
    assert snapshot.id == "the-last"


def test_without_a_name_for_the_last_snapshot_it_does_not_go(bench: Bench) -> None:
    with pytest.raises((ApiError, Refused), match="FinalDBSnapshotIdentifier is required"):
        bench.drop(made(bench, skipFinalSnapshot=False))


def test_what_is_in_use_does_not_go(bench: Bench) -> None:
    db = made(bench)
    assert db.id
    groups = (
        {"type": SUBNETS, "name": "mlcluster-dev-postgres"},
        {"type": PARAMETERS, "name": db["parameterGroupName"]},
    )
    for group in groups:
        with pytest.raises((ApiError, Refused), match="still"):
            bench.session.delete(urn(group["type"], "x"), group["type"], group["name"], {}, 0)


def test_subnets_in_one_zone_are_refused(bench: Bench) -> None:
    at = network(bench)
    with pytest.raises((ApiError, Refused), match="coverage requirement"):
        bench.make(SUBNETS, name="one", description="one", subnetIds=at.subnet_ids[:1])


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"backupRetentionPeriod": 36}, "backupRetentionPeriod"),
        ({"allocatedStorage": 100, "maxAllocatedStorage": 50}, "maxAllocatedStorage"),
        ({"password": "secret"}, "password"),
    ],
)
def test_bad_inputs_are_found_before_anything_is_made(
    bench: Bench, given: dict[str, Any], wrong: str
) -> None:
    least = {"identifier": "db", "engine": "postgres", "instanceClass": "db.m7g.large"}
    _, failures = bench.session.check(urn(INSTANCE, "x"), INSTANCE, {}, {**least, **given}, b"")
    assert [name for name, _ in failures] == [wrong]
