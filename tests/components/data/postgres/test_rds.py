"""Postgres at AWS: who reaches it, what is encrypted with what, and what stays when it goes."""

from __future__ import annotations

from typing import Any

import pytest

from components.data.postgres import rds_job
from components.data.postgres import rds_settings as settings
from infra.environment.postgres import Postgres
from tests.components.data.postgres.support import recorded
from tests.components.support import Found, statements

_BESIDE = {"instances", "storage", "version", "backups"}


def found(**managed: Any) -> Found:
    keep = managed.pop("keep", "destroy")
    more: dict[str, Any] = {name: managed.pop(name) for name in _BESIDE & managed.keys()}
    return recorded({"managed": managed, "keep": keep, **more})[0]


def instance(**managed: Any) -> Any:
    return found(**managed).inputs("Instance")


def test_it_is_what_the_file_asks_for() -> None:
    made = instance(instance="db.r7g.xlarge", storage="100GiB", version="17", instances=2, backups="30d")
    assert (made["engine"], made["engineVersion"], made["instanceClass"]) == (
        "postgres",
        "17",
        "db.r7g.xlarge",
    )
    assert (made["allocatedStorage"], made["maxAllocatedStorage"]) == (100, 400)
    assert (made["multiAz"], made["backupRetentionPeriod"]) == (True, 30)


def test_a_small_environment_has_one_instance_and_storage_that_grows() -> None:
    made = instance(max_storage="64GiB")
    assert (made["multiAz"], made["allocatedStorage"], made["maxAllocatedStorage"]) == (False, 20, 64)


def test_storage_grows_to_no_more_than_rds_has() -> None:
    postgres = Postgres.model_validate({"managed": {}, "storage": "40TiB"})
    assert postgres.grows_to.written() == "64TiB"


def test_all_of_it_is_encrypted_with_a_key_of_its_own_that_rotates() -> None:
    recording = found()
    made, key = recording.inputs("Instance"), recording.inputs("Key")
    arns = {made[name] for name in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId")}
    assert len(arns) == 1
    assert made["storageEncrypted"] is True
    assert key["enableKeyRotation"] is True
    assert {group["kmsKeyId"] for group in (one.inputs for one in recording.all("LogGroup"))} == arns


def test_nobody_knows_the_administrators_password_but_rds() -> None:
    made = instance()
    assert made["manageMasterUserPassword"] is True
    assert "password" not in made


def test_only_the_cluster_reaches_it_and_only_by_tls() -> None:
    recording = found()
    assert recording.inputs("Instance")["publiclyAccessible"] is False
    rule = recording.inputs("SecurityGroupIngressRule")
    assert (rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) == ("sg-cluster", 5432, 5432)
    assert recording.all("SecurityGroupEgressRule") == []
    group = recording.inputs("ParameterGroup")
    assert {"name": "rds.force_ssl", "value": "1"} in group["parameters"]
    assert group["family"] == "postgres18"
    assert recording.inputs("SubnetGroup")["subnetIds"] == [
        f"subnet-private-eu-west-1{zone}" for zone in "abc"
    ]


def test_its_logs_are_where_they_do_not_stay_for_ever() -> None:
    recording = found()
    made = recording.inputs("Instance")
    groups = {one.inputs["name"]: one.inputs["retentionInDays"] for one in recording.all("LogGroup")}
    assert groups == {
        f"/aws/rds/instance/{made['identifier']}/{log}": 90 for log in made["enabledCloudwatchLogsExports"]
    }
    assert {"LogGroup::postgres-postgresql", "LogGroup::postgres-upgrade"} <= recording.before(
        recording.one("Instance")
    )


@pytest.mark.parametrize(
    ("maintenance", "window"),
    [("sunday 04:00", "sun:04:00-sun:05:00"), ("saturday 23:30", "sat:23:30-sun:00:30")],
)
def test_maintenance_is_an_hour_in_the_words_of_rds(maintenance: str, window: str) -> None:
    assert settings.window(maintenance) == window
    assert instance(maintenance=maintenance)["maintenanceWindow"] == window


def test_what_is_retained_is_protected_here_and_at_aws() -> None:
    recording = found(keep="retain")
    assert recording.one("Instance").protect
    assert recording.one("Key").protect
    assert recording.inputs("Instance")["deletionProtection"] is True


def test_destroyed_it_leaves_nothing() -> None:
    recording = found(keep="destroy")
    made = recording.inputs("Instance")
    assert not recording.one("Instance").protect
    assert (made["deletionProtection"], made["skipFinalSnapshot"]) == (False, True)
    assert "finalSnapshotIdentifier" not in made


def test_a_last_backup_stays_with_its_key_under_a_name_that_is_never_used_again() -> None:
    recording = found(keep="backup")
    made, key = recording.inputs("Instance"), recording.one("Key")
    assert made["skipFinalSnapshot"] is False
    assert made["finalSnapshotIdentifier"].startswith("mlcluster-dev-postgres-")
    assert made["finalSnapshotIdentifier"][len("mlcluster-dev-postgres-") :] in made["kmsKeyId"]
    assert key.retain_on_delete
    assert not key.protect


def test_the_job_reads_the_administrators_secret_and_nothing_else() -> None:
    recording = found()
    (read, decrypt) = statements(recording.inputs("RolePolicy")["policy"])
    assert read["Resource"].startswith("arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-")
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == "secretsmanager.eu-west-1.amazonaws.com"
    association = recording.inputs("PodIdentityAssociation")
    account = recording.inputs("ServiceAccount", "postgres")["metadata"]
    assert (association["namespace"], association["serviceAccount"]) == (
        account["namespace"],
        account["name"],
    )
    pod = recording.inputs("Job")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == account["name"]
    env = {one["name"]: one.get("value") for one in pod["initContainers"][0]["env"]}
    assert env["SECRET"] == read["Resource"]


def test_the_job_is_held_to_what_its_namespace_demands() -> None:
    recording = found()
    job = recording.inputs("Job")
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]
    labels = recording.inputs("Namespace", "postgres")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == job["metadata"]["namespace"].replace(
        "postgres", "restricted"
    )
    before = recording.before(recording.one("Job"))
    assert {"Instance::postgres", "PodIdentityAssociation::postgres", "ServiceAccount::postgres"} <= before


def test_another_job_has_another_name_for_a_job_cannot_be_changed() -> None:
    first, again, other, rotated = (
        rds_job.Making(database=database, rotation=rotation, region="eu-west-1").name
        for database, rotation in (("one", 1), ("one", 1), ("two", 1), ("one", 2))
    )
    assert first == again
    assert len({first, other, rotated}) == 3
