"""Postgres at AWS with a database on it, from nothing to nothing, by the real engine on a twin."""

from __future__ import annotations

from typing import Any

import pytest

from operations.guards import Refusal
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

SERVICES = """\
    postgres: {managed: {instance: db.t4g.medium}, instances: 2}
    pipelines: {archive: 30d}
"""
LAB = f"""\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
    network: {{cidr: 10.30.0.0/16, zones: 2}}
    cluster: {{version: "1.35", oidc: {{issuer: "https://login.example.com", client_id: kubernetes}}}}
    pools:
      system: {{instances: [m7i.2xlarge], min: 3, max: 4}}
    storage:
      lake: {{keep: destroy}}
    secrets: {{}}
{SERVICES}"""


def ops(project: Project, what: str = "up") -> dict[str, int]:
    """What a run did, by operation, resources that stayed the same left out."""
    result = project.run(what, "lab")
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def server(project: Project) -> Any:
    (found,) = project.aws("rds").describe_db_instances()["DBInstances"]
    return found


def test_up_makes_the_server_and_a_database_by_a_job(lab: Project) -> None:
    assert set(ops(lab)) == {"create"}
    made = server(lab)
    assert (made["MultiAZ"], made["AllocatedStorage"], made["DeletionProtection"]) == (True, 20, True)
    (job,) = lab.kubernetes().list("batch/v1", "Job", "postgres")
    assert job["status"]["succeeded"] == 1
    assert ops(lab) == {}


def test_storage_grows_and_passwords_change_without_another_server(lab: Project) -> None:
    lab.edit("lab", "instances: 2}", "instances: 2, storage: 100GiB, rotation: 2}")
    ops(lab)
    assert server(lab)["AllocatedStorage"] == 100
    (job,) = lab.kubernetes().list("batch/v1", "Job", "postgres")
    assert job["status"]["succeeded"] == 1
    asked = lab.kubernetes().list("external-secrets.io/v1", "ExternalSecret", "postgres")
    assert {one["metadata"]["name"] for one in asked} == {"argo-2"}


def test_storage_does_not_shrink(lab: Project) -> None:
    lab.edit("lab", "storage: 100GiB", "storage: 50GiB")
    with pytest.raises(Refusal, match="has 100 GiB, which cannot become 50"):
        lab.run("up", "lab")
    lab.edit("lab", "storage: 50GiB", "storage: 100GiB")


def test_what_is_retained_is_not_removed(lab: Project) -> None:
    text = lab.file("lab").read_text()
    lab.file("lab").write_text(
        "".join(
            line for line in text.splitlines(True) if "postgres:" not in line and "pipelines:" not in line
        )
    )
    with pytest.raises(Refusal, match="Instance postgres would be deleted"):
        lab.run("up", "lab")
    lab.file("lab").write_text(text)


def test_given_up_it_leaves_nothing(lab: Project) -> None:
    lab.edit("lab", "instances: 2,", "instances: 2, keep: destroy,")
    assert set(ops(lab)) <= {"update"}
    assert server(lab)["DeletionProtection"] is False
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
