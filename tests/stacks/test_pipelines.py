"""Pipelines and delivery as parts of a stack: what they stand on, and what is left out with what."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from infra.environment.teams import PHASES
from operations.recorder import record
from tests.components.data.pipelines.support import complaints as workflow_complaints
from tests.components.data.pipelines.support import needs_schemas
from tests.components.storage.judging import complaints
from tests.components.support import Found
from tests.stacks.test_edge import on_premises
from tests.stacks.test_mesh import WHOLE as MESH
from tests.stacks.test_platform import parsed

SECTIONS: dict[str, Any] = {
    **MESH,
    "monitoring": {},
    "postgres": {},
    "pipelines": {
        "archive": "90d",
        "semaphores": {"fraud": {"train": 6}},
        "delivery": {
            "repositories": {"fraud": ["https://github.com/acme/fraud"]},
            "credentials": ["git"],
            "admins": ["platform-admins"],
        },
    },
}
HOMES = {f"fraud-{phase}" for phase in PHASES}


def whole() -> dict[str, Any]:
    return copy.deepcopy(SECTIONS)


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(**whole())))


@pytest.fixture(scope="module")
def alone() -> Found:
    return Found(record(parsed(pipelines={})))


def test_alone_it_needs_nothing_but_a_cluster(alone: Found) -> None:
    values = alone.inputs("Release", "argo-workflows")["values"]
    assert values["controller"]["persistence"] == {}
    assert values["controller"]["metricsConfig"]["enabled"] is False
    assert not [name for name in alone.names("Release") if name == "argocd"]
    assert not alone.all("HTTPRoute")
    assert not alone.all("AppProject")


def test_teams_come_after_it_and_go_before_it(found: Found) -> None:
    """What still runs is stopped by the controller: it holds its pods, and Argo CD its Applications."""
    namespace = found.before(found.one("Namespace", "fraud-training"))
    assert {"Release::argo-workflows", "Release::argocd", "AppProject::project-fraud"} <= namespace
    for kind in ("ConfigMap", "RoleBinding"):
        for one in found.all(kind):
            if one.name.startswith(("pipelines-fraud", "delivery-fraud")):
                home = one.inputs["metadata"]["namespace"]
                assert f"Namespace::{home}" in found.before(one), one.name


def test_it_comes_after_what_it_stands_on(found: Found) -> None:
    before = found.before(found.one("Release", "argo-workflows"))
    assert {"Namespace::pipelines-space", "NodeGroup::system", "Release::monitoring"} <= before
    assert "Release::istiod-stable" in before
    assert "Namespace::pipelines-space" in found.before(found.one("ExternalSecret", "database-argo-1-secret"))


def test_records_are_in_a_database_of_its_own(found: Found) -> None:
    kept = found.inputs("Release", "argo-workflows")["values"]["controller"]["persistence"]
    assert (kept["archiveTTL"], kept["clusterName"]) == ("90d", "test")
    secret = kept["postgresql"]["passwordSecret"]["name"]
    role = found.inputs("Role", "pipelines-server")
    assert secret in str(role["rules"])


def test_artifacts_are_in_the_teams_part_of_the_lake(found: Found) -> None:
    made = [one.inputs for one in found.all("ConfigMap") if one.name.endswith("artifact-repositories")]
    assert {one["metadata"]["namespace"] for one in made} == HOMES
    s3 = yaml.safe_load(made[0]["data"]["lake"])["s3"]
    assert s3["endpoint"] == "s3.eu-west-1.amazonaws.com"
    assert s3["keyFormat"].startswith("teams/fraud/artifacts/")
    # The account that steps run as is the one that the team's role is for.
    (role,) = [one for one in found.all("Role") if one.name == "fraud" and one.type.startswith("aws:")]
    account = found.inputs("Release", "argo-workflows")["values"]["controller"]["workflowDefaults"]["spec"]
    associations = [
        one.inputs for one in found.all("PodIdentityAssociation") if one.inputs["namespace"] in HOMES
    ]
    assert role.inputs["name"]
    assert {one["serviceAccount"] for one in associations} == {account["serviceAccountName"]}


def test_semaphores_are_those_of_the_file(found: Found) -> None:
    made = [one.inputs for one in found.all("ConfigMap") if one.name.endswith("semaphores")]
    assert {one["metadata"]["namespace"]: one["data"] for one in made} == {
        home: {"train": "6"} for home in HOMES
    }


def test_consoles_are_let_out_behind_the_login(found: Found) -> None:
    routes = {one.inputs["metadata"]["name"]: one.inputs for one in found.all("HTTPRoute")}
    for name, (namespace, service, port) in {
        "pipelines": ("argo", "argo-workflows-server", 2746),
        "delivery": ("argocd", "argocd-server", 80),
    }.items():
        route = routes[name]
        assert route["metadata"]["namespace"] == namespace
        assert route["spec"]["hostnames"] == [f"{name}.test.ml.example.com"]
        (backend,) = route["spec"]["rules"][0]["backendRefs"]
        assert (backend["name"], backend["port"]) == (service, port)


def test_groups_are_as_the_provider_calls_them(found: Found) -> None:
    (role,) = found.inputs("AppProject")["spec"]["roles"]
    assert role["groups"] == ["fraud"]
    bindings = [one for one in found.all("RoleBinding") if one.name.startswith("delivery-fraud")]
    assert {who["name"] for one in bindings for who in one.inputs["subjects"]} == {"oidc:fraud"}


def test_without_a_login_nobody_has_a_console_and_without_repositories_nothing_is_delivered() -> None:
    sections = whole()
    del sections["domain"]["login"], sections["postgres"], sections["monitoring"]
    sections["pipelines"] = {"delivery": {}}
    plain = Found(record(parsed(**sections)))
    assert plain.inputs("Release", "argocd")["values"]["server"]["replicas"] == 0
    assert not [one for one in plain.all("HTTPRoute") if one.inputs["metadata"]["name"] == "delivery"]
    project = plain.inputs("AppProject")
    assert (project["metadata"]["name"], project["spec"]["sourceRepos"]) == ("fraud", [])


def test_on_a_cluster_of_somebody_elses_it_works_without_a_lake() -> None:
    delivery = {"repositories": {"fraud": ["https://github.com/acme/fraud"]}}
    plain = on_premises(pipelines={"delivery": delivery})
    assert {"argo-workflows", "argocd"} <= set(plain.names("Release"))
    assert not [one for one in plain.names("ConfigMap") if one.endswith("artifact-repositories")]
    spec = plain.inputs("Release", "argo-workflows")["values"]["controller"]["workflowDefaults"]["spec"]
    assert spec["archiveLogs"] is False


def test_argo_cds_own_definition_has_nothing_against_it(found: Found) -> None:
    assert [complaints(one.inputs) for one in found.all("AppProject")] == [[]]


@needs_schemas
def test_argos_own_schema_has_nothing_against_templates(found: Found) -> None:
    made = {
        one.inputs["metadata"]["name"]: one.inputs["spec"] for one in found.all("ClusterWorkflowTemplate")
    }
    assert set(made) >= {"model-ci", "run-object"}
    for spec in made.values():
        assert workflow_complaints(spec) == []


def test_templates_that_are_named_are_there(found: Found) -> None:
    made = {
        one.inputs["metadata"]["name"]: one.inputs["spec"] for one in found.all("ClusterWorkflowTemplate")
    }
    for spec in made.values():
        for template in spec["templates"]:
            for task in template.get("dag", {}).get("tasks", []):
                other = task.get("templateRef")
                if other is not None:
                    within = {one["name"]: one for one in made[other["name"]]["templates"]}
                    inputs = within[other["template"]].get("inputs", {}).get("parameters", [])
                    given = {one["name"] for one in task["arguments"]["parameters"]}
                    assert given <= {one["name"] for one in inputs}
                    assert {one["name"] for one in inputs if "value" not in one} <= given
