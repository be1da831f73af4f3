"""Argo Workflows: what it is told, what it may do, and who may speak to it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.data.pipelines import argo_values, templates
from components.data.pipelines.argo import (
    ArgoWorkflows,
    ArgoWorkflowsArgs,
    PipelinesSpace,
    PipelinesSpaceArgs,
)
from components.data.pipelines.argo_values import Around
from infra.environment.pipelines import Pipelines
from infra.handles import Database
from infra.mesh import Membership
from tests.components.chart_values import unknown_paths
from tests.components.data.pipelines.support import complaints, needs_schemas
from tests.components.mesh.support import AMBIENT, SIDECAR
from tests.components.support import SCOPE, Found, known, record_component

DATABASE = Database(host=known("postgres.example"), port=5432, name="argo", secret="argo-database", ready=())
ARCHIVED = Pipelines.model_validate({"archive": "90d", "keep": {"succeeded": "2h", "failed": "3d"}})
HERE = Around(environment="test", account="workload")
WHOLE = Around(
    environment="test", account="workload", replicas=2, monitored=True, logs=True, database=DATABASE
)


def recorded(pipelines: Pipelines = ARCHIVED, around: Around = WHOLE, **place: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        space = PipelinesSpace("pipelines-space", PipelinesSpaceArgs(scope=SCOPE, **place), opts)
        args = ArgoWorkflowsArgs(
            scope=SCOPE,
            pipelines=pipelines,
            around=around,
            templates={templates.RUN_OBJECT: templates.run_object()},
            after=space.ready,
        )
        ArgoWorkflows("pipelines", args, opts)

    return record_component(build)


@pytest.fixture(scope="module")
def found() -> Found:
    return recorded(membership=AMBIENT, metrics="monitoring")


@pytest.mark.parametrize("around", [HERE, WHOLE], ids=["least", "most"])
def test_the_chart_has_the_values(around: Around) -> None:
    values = argo_values.values(ARCHIVED, around)
    assert unknown_paths("argo-workflows", values) == []
    wrong = {"controller": {"parallelisms": 1}, "server": {"authmodes": []}}
    assert unknown_paths("argo-workflows", wrong) == ["controller.parallelisms", "server.authmodes"]


@needs_schemas
def test_what_holds_for_all_workflows_is_what_a_workflow_may_say() -> None:
    spec = argo_values.defaults(ARCHIVED, "workload", logs=True)
    assert complaints(spec) == []
    assert complaints({**spec, "podgc": {}})


def test_people_come_with_a_token_of_their_own() -> None:
    server = argo_values.values(ARCHIVED, WHOLE)["server"]
    assert server["authModes"] == ["client"]
    assert server["sso"]["enabled"] is False


def test_the_server_does_nothing_in_its_own_name(found: Found) -> None:
    values = found.inputs("Release")["values"]
    assert values["server"]["rbac"]["create"] is False
    role = found.inputs("ClusterRole", "pipelines-server")
    (rule,) = role["rules"]
    assert rule["verbs"] == ["get", "list", "watch"]
    assert "secrets" not in rule["resources"]
    at_home = found.inputs("Role", "pipelines-server")
    assert at_home["metadata"]["namespace"] == "argo"
    (secrets,) = [one for one in at_home["rules"] if "secrets" in one["resources"]]
    assert (secrets["resourceNames"], secrets["verbs"]) == (["argo-database"], ["get"])
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        (who,) = found.inputs(kind, "pipelines-server")["subjects"]
        assert (who["kind"], who["name"], who["namespace"]) == (
            *("ServiceAccount", "argo-workflows-server"),
            "argo",
        )


def test_kinds_are_in_the_chart_and_nothing_is_loaded_from_elsewhere(found: Found) -> None:
    assert found.inputs("Release")["values"]["crds"] == {"install": True, "full": False, "keep": True}


def test_steps_are_the_teams_own_account_without_rights_on_the_node() -> None:
    values = argo_values.values(ARCHIVED, WHOLE)
    spec = values["controller"]["workflowDefaults"]["spec"]
    assert spec["serviceAccountName"] == "workload"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for part in ("mainContainer", "executor"):
        security = values[part]["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    assert values["executor"]["image"]["tag"].endswith("-nonroot")
    assert values["workflow"] == {"serviceAccount": {"create": False}, "rbac": {"create": False}}
    assert values["controller"]["workflowNamespaces"] == []


def test_what_is_done_goes_and_what_failed_goes_later() -> None:
    spec = argo_values.defaults(ARCHIVED, "workload", logs=False)
    assert spec["ttlStrategy"] == {"secondsAfterSuccess": 7200, "secondsAfterFailure": 259_200}
    assert spec["podGC"]["strategy"] == "OnPodSuccess"
    assert spec["archiveLogs"] is False


def test_records_are_kept_where_there_is_a_database() -> None:
    assert argo_values.values(ARCHIVED, HERE)["controller"]["persistence"] == {}
    kept = argo_values.values(ARCHIVED, WHOLE)["controller"]["persistence"]
    assert (kept["archive"], kept["archiveTTL"], kept["clusterName"]) == (True, "90d", "test")
    postgres = kept["postgresql"]
    assert (postgres["port"], postgres["database"], postgres["sslMode"]) == (5432, "argo", "require")
    assert postgres["passwordSecret"] == {"name": "argo-database", "key": "password"}


def test_limits_are_those_of_the_file() -> None:
    pipelines = Pipelines.model_validate({"parallelism": 30, "team_parallelism": 5})
    controller = argo_values.values(pipelines, HERE)["controller"]
    assert (controller["parallelism"], controller["namespaceParallelism"]) == (30, 5)


@pytest.mark.parametrize(("replicas", "disruptions"), [(1, False), (2, True)])
def test_two_where_one_must_always_be_there(replicas: int, disruptions: bool) -> None:
    around = Around(environment="test", account="workload", replicas=replicas)
    values = argo_values.values(ARCHIVED, around)
    for part in ("controller", "server"):
        assert values[part]["replicas"] == replicas
        assert values[part]["pdb"]["enabled"] is disruptions
        assert values[part]["resources"]["limits"]["memory"]
        assert values[part]["securityContext"]["readOnlyRootFilesystem"] is True


def test_metrics_are_told_only_where_somebody_reads_them() -> None:
    for around, there in ((HERE, False), (WHOLE, True)):
        controller = argo_values.values(ARCHIVED, around)["controller"]
        assert controller["metricsConfig"]["enabled"] is there
        assert controller["serviceMonitor"]["enabled"] is there


def ports(found: Found) -> dict[str, set[Any]]:
    policy = found.inputs("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    told: dict[str, set[Any]] = {}
    for rule in policy["ingress"]:
        for peer in rule["from"]:
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {"": "probes"})
            (namespace,) = labels.values()
            told.setdefault(namespace, set()).update(
                one["port"] for one in rule.get("ports", [{"port": None}])
            )
    return told


def test_only_the_gateway_and_prometheus_speak_to_it(found: Found) -> None:
    assert ports(found) == {"probes": {None}, "istio-ingress": {15008, 2746}, "monitoring": {9090}}
    assert ports(recorded()) == {}


def test_it_is_part_of_the_mesh_where_there_is_one(found: Found) -> None:
    def labels(given: Found) -> dict[str, str]:
        return dict(given.inputs("Namespace")["metadata"]["labels"])

    assert labels(found)["istio.io/dataplane-mode"] == "ambient"
    assert labels(recorded(membership=SIDECAR))["istio.io/rev"] == "stable"
    alone = labels(recorded())
    assert not [one for one in alone if "istio" in one]
    assert alone["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_mesh_without_a_gateway_lets_none_in() -> None:
    inside = Membership(mode="ambient", revision="stable", gateway=False)
    assert "istio-ingress" not in ports(recorded(membership=inside))


def test_templates_go_before_the_kinds_and_rights_after_what_uses_them(found: Found) -> None:
    assert "Release::argo-workflows" in found.before(found.one("ClusterWorkflowTemplate"))
    before = found.before(found.one("Release"))
    assert {
        "Namespace::pipelines-space",
        "NetworkPolicy::pipelines-space",
        "ClusterRoleBinding::pipelines-server",
        "RoleBinding::pipelines-server",
    } <= before


def test_rights_of_teams_count_nowhere_by_themselves(found: Found) -> None:
    roles = {one.inputs["metadata"]["name"]: one.inputs["rules"] for one in found.all("ClusterRole")}
    bound = {one.inputs["roleRef"]["name"] for one in found.all("ClusterRoleBinding")}
    assert bound == {"mlcluster-argo-workflows-server"}
    (steps,) = roles["mlcluster-pipeline-results"]
    assert (steps["resources"], steps["verbs"]) == (["workflowtaskresults"], ["create", "patch"])
    for name in ("mlcluster-pipeline-objects", "mlcluster-pipeline-deploy", "mlcluster-pipeline-members"):
        kinds = {one for rule in roles[name] for one in rule["resources"]}
        assert not kinds & {"pods", "secrets", "roles", "rolebindings", "networkpolicies", "resourcequotas"}
