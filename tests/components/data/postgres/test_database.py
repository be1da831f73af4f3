"""A service's database: how its password gets to it, and what another rotation changes."""

from __future__ import annotations

import json

import pytest

from components.data.postgres import sharing
from tests.components.data.postgres.support import HOME, recorded
from tests.components.storage.judging import complaints, needs_upstream

BOTH = pytest.mark.parametrize("section", [{}, {"managed": {}}], ids=["cluster", "rds"])


@BOTH
def test_the_service_finds_all_that_it_needs_in_its_secret(section: dict[str, object]) -> None:
    found, handle = recorded(section)
    copy = found.inputs("ExternalSecret", "database-pipelines-externalsecret-1")
    assert copy["metadata"]["namespace"] == HOME
    assert copy["spec"]["target"]["name"] == handle.secret == "pipelines-postgres-1"
    entries = copy["spec"]["target"]["template"]["data"]
    assert entries.keys() == {"username", "password", "host", "port", "database", "uri"}
    assert entries["port"] == str(handle.port) == "5432"
    assert entries["database"] == handle.name == "pipelines"
    assert entries["uri"].endswith(f"@{entries['host']}:5432/pipelines?sslmode=require")


def test_the_server_in_the_cluster_is_found_by_the_service_that_takes_writes() -> None:
    _, handle = recorded({})
    assert handle.host == "postgres-rw.postgres.svc"


@needs_upstream
@BOTH
def test_external_secrets_own_definitions_have_nothing_against_it(section: dict[str, object]) -> None:
    found, _ = recorded(section)
    made = [*found.all("SecretStore"), *found.all("ExternalSecret"), *found.all("Password")]
    assert len(made) == 4
    for one in made:
        assert complaints(one.inputs) == []


@BOTH
def test_no_value_of_a_password_is_known_to_the_stack(section: dict[str, object]) -> None:
    found, _ = recorded(section)
    assert not [one for one in found.resources if one.custom and one.type.endswith(":Secret")]
    for one in found.all("ExternalSecret"):
        for value in one.inputs["spec"]["target"]["template"]["data"].values():
            assert "password" not in value or "{{ .password }}" in value


def test_the_password_is_made_where_the_server_is_and_copied_as_somebody_who_reads_it_alone() -> None:
    found, _ = recorded({})
    source = found.inputs("ExternalSecret", "database-pipelines-1-secret")
    assert source["metadata"]["namespace"] == "postgres"
    made = source["spec"]["target"]["name"]
    copied = {
        one["remoteRef"]["key"]
        for one in found.inputs("ExternalSecret", "database-pipelines-externalsecret-1")["spec"]["data"]
    }
    assert copied == {made}
    (reading,) = found.inputs("Role", "database-pipelines-postgres")["rules"]
    assert (reading["resourceNames"], reading["verbs"]) == ([made], ["get"])
    (reader,) = found.inputs("RoleBinding", "database-pipelines-postgres")["subjects"]
    assert (reader["name"], reader["namespace"]) == (sharing.account("pipelines"), HOME)


def test_external_secrets_may_be_that_account_and_no_other() -> None:
    found, _ = recorded({})
    (being,) = found.inputs("Role", "database-pipelines-pipelines")["rules"]
    assert being["resources"] == ["serviceaccounts/token"]
    assert being["resourceNames"] == [sharing.account("pipelines")]
    store = found.inputs("SecretStore")["spec"]["provider"]["kubernetes"]
    assert store["auth"]["serviceAccount"]["name"] == sharing.account("pipelines")
    assert store["remoteNamespace"] == "postgres"


@BOTH
def test_another_rotation_is_another_secret_for_server_and_service_alike(section: dict[str, object]) -> None:
    found, handle = recorded({**section, "rotation": 7})
    assert handle.secret == "pipelines-postgres-7"
    assert found.names("Password") == ["database-pipelines-7"]
    copy = found.inputs("ExternalSecret", "database-pipelines-externalsecret-7")
    assert {one["remoteRef"]["key"] for one in copy["spec"]["data"]} == {"pipelines-7"}
    (reading,) = found.inputs("Role", "database-pipelines-postgres")["rules"]
    assert reading["resourceNames"] == ["pipelines-7"]
    users = found.all("Job") or found.all("DatabaseRole")
    assert "pipelines-7" in json.dumps(users[0].inputs["spec"])


@BOTH
def test_the_service_waits_for_the_database_and_its_secret(section: dict[str, object]) -> None:
    found, handle = recorded(section)
    (copy,) = [one for one in found.all("ExternalSecret") if one.inputs["metadata"]["namespace"] == HOME]
    assert "Namespace::home" in found.before(copy)
    assert len(handle.ready) == 2
