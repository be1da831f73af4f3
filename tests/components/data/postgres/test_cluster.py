"""Postgres in the cluster: what it asks of CloudNativePG, who gets in, and what goes first."""

from __future__ import annotations

from typing import Any

import pytest

from components.data.postgres import cluster_manifests as manifests
from components.data.postgres import names
from infra.environment.postgres import Postgres
from tests.components.chart_values import unknown_paths
from tests.components.data.postgres.support import recorded
from tests.components.storage.judging import complaints, needs_upstream, unknown_values
from tests.components.support import PLACE, statements

OURS = ("Cluster", "ScheduledBackup", "ObjectStore", "Database", "DatabaseRole")


def cluster(**section: Any) -> Any:
    found, _ = recorded(section)
    return found.inputs("Cluster")["spec"]


@needs_upstream
def test_the_projects_definitions_have_nothing_against_it() -> None:
    found, _ = recorded({"keep": "destroy", "storage_class": "gp3", "instances": 3}, watched=True)
    made = [one for kind in (*OURS, "PodMonitor") for one in found.all(kind)]
    assert len(made) == len(OURS) + 1
    for one in made:
        assert complaints(one.inputs) == []
    wrong = {**found.inputs("Cluster"), "spec": {"instances": 3, "storageSize": "1Gi"}}
    assert complaints(wrong)


@pytest.mark.parametrize(("replicas", "monitored"), [(1, False), (2, True)])
def test_the_charts_have_the_values(replicas: int, monitored: bool) -> None:
    values = manifests.operator_values(replicas, monitored=monitored)
    assert unknown_paths("cloudnative-pg", values) == []
    assert unknown_values("plugin-barman-cloud", manifests.plugin_values(replicas)) == []
    assert unknown_values("plugin-barman-cloud", {"replicas": 1}) == ["replicas"]


def test_a_small_environment_has_one_copy_whose_node_can_be_drained() -> None:
    spec = cluster()
    assert (spec["instances"], spec["enablePDB"], spec["primaryUpdateMethod"]) == (1, False, "restart")
    assert "synchronous" not in spec["postgresql"]


def test_several_copies_are_apart_and_what_is_committed_is_on_two() -> None:
    spec = cluster(instances=3)
    assert (spec["instances"], spec["enablePDB"], spec["primaryUpdateMethod"]) == (3, True, "switchover")
    assert spec["affinity"]["topologyKey"] == "topology.kubernetes.io/zone"
    assert spec["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "preferred",
    }


@pytest.mark.parametrize(
    ("safe", "managed", "copies"), [(False, False, 1), (True, False, 3), (True, True, 2)]
)
def test_an_environment_that_is_to_last_has_copies_without_asking(
    safe: bool, managed: bool, copies: int
) -> None:
    section: dict[str, Any] = {"managed": {}} if managed else {}
    assert Postgres.model_validate(section).copies(safe=safe) == copies


def test_size_version_and_memory_are_those_of_the_file() -> None:
    spec = cluster(storage="50GiB", version="17", cpu=2, memory="8GiB", storage_class="gp3")
    assert spec["storage"] == {"size": "50Gi", "resizeInUseVolumes": True, "storageClass": "gp3"}
    assert spec["imageName"].partition(":")[2].startswith("17.")
    assert spec["resources"] == {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}
    assert spec["postgresql"]["parameters"]["shared_buffers"] == "2048MB"


def test_nobody_comes_in_without_tls_or_without_a_password() -> None:
    assert cluster()["postgresql"]["pg_hba"] == [
        "hostnossl all all all reject",
        "hostssl all all all scram-sha-256",
    ]


def test_backups_go_to_the_lake_under_the_environments_prefix_for_as_long_as_asked() -> None:
    found, _ = recorded({"backups": "30d"})
    store = found.inputs("ObjectStore")["spec"]
    assert store["retentionPolicy"] == "30d"
    assert store["configuration"]["destinationPath"] == "s3://a-raw/postgres/dev"
    assert store["configuration"]["s3Credentials"] == {"inheritFromIAMRole": True}
    (plugin,) = found.inputs("Cluster")["spec"]["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"]["barmanObjectName"] == found.inputs("ObjectStore")["metadata"]["name"]
    assert found.inputs("ScheduledBackup")["spec"]["pluginConfiguration"]["name"] == plugin["name"]


def test_a_server_that_is_made_anew_writes_where_none_has_written() -> None:
    """Barman refuses an archive that has something in it, so its name is drawn from what is there once."""
    found, _ = recorded({})
    (plugin,) = found.inputs("Cluster")["spec"]["plugins"]
    assert len(plugin["parameters"]["serverName"]) == 36
    assert "Namespace::postgres" in found.before(found.one("Cluster"))


def test_without_backups_there_is_no_plugin_and_no_right() -> None:
    found, _ = recorded({"backups": None}, without_lake=True)
    assert found.names("Release") == ["cloudnative-pg"]
    assert "plugins" not in found.inputs("Cluster")["spec"]
    assert found.all("ObjectStore") + found.all("ScheduledBackup") == []
    assert not [one for one in found.all("Role") if one.type.startswith("aws:")]


def test_its_pods_may_keep_the_archive_and_nothing_else() -> None:
    found, _ = recorded({})
    listing, objects, key = statements(found.inputs("RolePolicy")["policy"])
    assert listing["Condition"]["StringLikeIfExists"]["s3:prefix"] == ["postgres/dev", "postgres/dev/*"]
    assert objects["Resource"] == "arn:aws:s3:::a-raw/postgres/dev/*"
    assert key["Condition"]["StringEquals"] == {"kms:ViaService": f"s3.{PLACE.region}.amazonaws.com"}
    association = found.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("postgres", "postgres")


def test_services_are_let_in_one_by_one() -> None:
    found, _ = recorded({}, watched=True)
    own = found.inputs("NetworkPolicy", "postgres")["spec"]
    peers = [entry["from"][0] for entry in own["ingress"]]
    assert {"podSelector": {"matchLabels": {"cnpg.io/cluster": "postgres"}}} in peers
    assert len(peers) == 3
    (service,) = found.inputs("NetworkPolicy", "database-pipelines")["spec"]["ingress"]
    named = service["from"][0]["namespaceSelector"]["matchLabels"]
    assert named == {"kubernetes.io/metadata.name": "pipelines"}
    assert [port["port"] for port in service["ports"]] == [names.PORT]


def test_namespaces_are_restricted() -> None:
    found, _ = recorded({})
    for name in ("postgres", "postgres-operator"):
        labels = found.inputs("Namespace", name)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_keeps_it_goes_after_it() -> None:
    """The operator and the rights still work while the server goes, and the server while databases go."""
    found, _ = recorded({})
    before = found.before(found.one("Cluster"))
    assert {
        "Release::plugin-barman-cloud",
        "Release::cloudnative-pg",
        "ObjectStore::postgres-objectstore",
    } <= before
    assert {"RolePolicy::postgres", "PodIdentityAssociation::postgres"} <= before
    assert "Cluster::postgres-cluster" in found.before(found.one("DatabaseRole"))
    assert "DatabaseRole::database-pipelines-databaserole" in found.before(found.one("Database"))


@pytest.mark.parametrize(("keep", "protected"), [("retain", True), ("destroy", False)])
def test_what_is_retained_is_protected(keep: str, protected: bool) -> None:
    found, _ = recorded({"keep": keep})
    assert found.one("Cluster").protect is protected
    assert found.one("Database").protect is protected
    policy = "retain" if protected else "delete"
    assert found.inputs("Database")["spec"]["databaseReclaimPolicy"] == policy
    assert found.inputs("DatabaseRole")["spec"]["databaseRoleReclaimPolicy"] == policy


def test_controllers_of_two_pods_are_never_away_together() -> None:
    """The small environment has one of each, which must not keep its node from being drained."""
    found, _ = recorded({})
    assert found.all("PodDisruptionBudget") == []
    safe, _ = recorded({}, protected=True)
    selectors = {
        one.inputs["metadata"]["name"]: one.inputs["spec"]["selector"]["matchLabels"]
        for one in safe.all("PodDisruptionBudget")
    }
    assert selectors == {
        name: {"app.kubernetes.io/name": name} for name in ("cloudnative-pg", "plugin-barman-cloud")
    }
    assert safe.inputs("Cluster")["spec"]["instances"] == 3


def test_services_start_when_their_database_is_there() -> None:
    found, _ = recorded({})
    for kind in ("Cluster", "Database", "DatabaseRole"):
        assert "pulumi.com/waitFor" in found.inputs(kind)["metadata"]["annotations"]
