"""Postgres in a whole environment: what it brings, what it needs, and who has a database on it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from infra.policies import judge
from operations.recorder import record_program
from stacks import platform
from tests.components.support import Found
from tests.infra.environment.samples import small

EDGE = {
    "secrets": {},
    "domain": {"name": "ml.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ"},
    "certificates": {"email": "ml-platform@example.com"},
    "monitoring": {},
}


@cache
def recorded(managed: bool | None) -> Found:
    """The environment with a server in the cluster, at AWS, or (None) nowhere."""
    section: dict[str, Any] = {"managed": {}} if managed else {}
    services = {} if managed is None else {"postgres": section, "pipelines": {"archive": "30d"}}
    env = small({**EDGE, **services})

    def program() -> None:
        platform.deploy(env)

    recording = record_program(program)
    assert recording.warnings == ()
    assert judge(recording.resources) == ()
    return Found(recording)


BOTH = pytest.mark.parametrize("managed", [False, True], ids=["cluster", "rds"])


def test_without_the_section_there_is_nothing_of_it() -> None:
    found = recorded(None)
    ours = ("mlcluster:data:", "aws:rds/", "kubernetes:postgresql.cnpg.io/")
    assert not [one for one in found.resources if one.type.startswith(ours)]
    assert "postgres" not in found.names("Namespace")


@BOTH
def test_pipelines_have_a_database_and_wait_for_it(managed: bool) -> None:
    found = recorded(managed)
    (database,) = [one for one in found.resources if one.type == "mlcluster:data:ServiceDatabase"]
    assert database.name == "database-argo"
    before = found.before(found.one("Release", "argo-workflows"))
    made = "Job::database-argo" if managed else "Database::database-argo-database"
    assert made in before
    assert "ExternalSecret::database-argo-externalsecret-1" in before


def test_the_plugin_comes_after_the_operator_and_certificates() -> None:
    found = recorded(False)
    before = found.before(found.one("Release", "plugin-barman-cloud"))
    assert {"Release::cert-manager", "Release::cloudnative-pg"} <= before
    assert "Release::external-secrets" in found.before(found.one("SecretStore", "database-argo-secretstore"))


def test_rds_does_not_wait_for_the_cluster_nor_the_cluster_for_it() -> None:
    """It takes as long as the control plane; its door alone needs the cluster's security group."""
    found = recorded(True)
    assert not any(one.startswith("Cluster::") for one in found.before(found.one("Instance")))
    for nodes in found.all("NodeGroup"):
        assert "Instance::postgres" not in found.before(nodes)
