"""Pipelines and delivery, really applied; and what members and steps may do, as the API server sees it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from infra.resources import RecordedResource
from operations.recorder import record
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.kubernetes.types import RELEASE, resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import Person, present
from tests.acceptance.manifests import UPSTREAM
from tests.components.support import Found
from tests.stacks.test_pipelines import HOMES, whole
from tests.stacks.test_platform import parsed

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

OURS = ("pipelines", "delivery", "pipeline-", "project-", "argo")
WORKFLOWS = "/apis/argoproj.io/v1alpha1/namespaces/{}/workflows"
RESULTS = "/apis/argoproj.io/v1alpha1/namespaces/{}/workflowtaskresults"
JOBS = "/apis/batch/v1/namespaces/{}/jobs"


def workflow() -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "a-"},
        "spec": {"workflowTemplateRef": {"name": "model-ci", "clusterScope": True}},
    }


def manifest(one: RecordedResource) -> Manifest:
    kind = resolve(one.type, one.inputs)
    return {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}


@pytest.fixture(scope="module")
def wanted() -> list[Manifest]:
    """All objects of pipelines and delivery, with the namespaces that they are in before them."""
    found = Found(record(parsed(**whole())))
    made = [
        manifest(one)
        for one in found.resources
        if one.type.startswith("kubernetes:") and one.type != RELEASE and one.name.startswith(OURS)
    ]
    spaces = {one["metadata"]["name"] for one in made if one["kind"] == "Namespace"}
    others = {one["metadata"].get("namespace") for one in made} - spaces - {None}
    bare = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(others)]
    submitted = {**workflow(), "metadata": {"name": "a-workflow", "namespace": "fraud-training"}}
    return sorted([*bare, *made, submitted], key=lambda one: one["kind"] != "Namespace")


@pytest.fixture(scope="module")
def there(client: Client, wanted: list[Manifest]) -> Iterator[list[Manifest]]:
    with present(client, wanted) as applied:
        yield applied


def test_they_are_accepted_and_kept_as_given(
    client: Client, wanted: list[Manifest], there: list[Manifest]
) -> None:
    assert len(there) == len(wanted)
    assert {one["kind"] for one in wanted} >= {
        *("ClusterWorkflowTemplate", "AppProject", "ClusterRole", "RoleBinding", "NetworkPolicy", "ConfigMap")
    }
    for one in wanted:
        live = client.get(Ref.of(one))
        assert live is not None, one
        assert as_given(one, live) == one


@pytest.mark.usefixtures("there")
def test_members_submit_in_their_own_namespaces_alone(plane: ControlPlane) -> None:
    member, stranger = Person(plane.ensure, "oidc:fraud"), Person(plane.ensure, "oidc:search")
    for home in HOMES:
        assert member.ask("POST", WORKFLOWS.format(home), workflow())[0] == 201
        assert stranger.ask("POST", WORKFLOWS.format(home), workflow())[0] == 403
    assert member.ask("POST", WORKFLOWS.format("argo"), workflow())[0] == 403
    assert member.ask("GET", "/apis/argoproj.io/v1alpha1/clusterworkflowtemplates")[0] == 200
    assert member.ask("DELETE", "/apis/argoproj.io/v1alpha1/clusterworkflowtemplates/model-ci")[0] == 403
    assert member.ask("GET", "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects")[0] == 403


def may(who: Person, account: str, verb: str, group: str, resource: str, namespace: str) -> bool:
    """Whether a service account may do something; who asks has to be an administrator."""
    home, _, name = account.partition("/")
    wanted = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": f"system:serviceaccount:{home}:{name}", "resourceAttributes": wanted},
    }
    status, answer = who.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    assert status == 201, answer
    return bool(answer["status"]["allowed"])


@pytest.mark.usefixtures("there")
def test_steps_may_what_they_are_for(plane: ControlPlane) -> None:
    admin = Person(plane.ensure, None)
    steps, makers = "fraud-training/workload", "fraud-training/pipeline"
    argo, batch, apps = "argoproj.io", "batch", "apps"
    for account in (steps, makers):
        assert may(admin, account, "create", argo, "workflowtaskresults", "fraud-training")
        assert not may(admin, account, "create", argo, "workflows", "fraud-training")
        assert not may(admin, account, "get", "", "secrets", "fraud-training")
    assert may(admin, makers, "create", batch, "jobs", "fraud-training")
    assert may(admin, makers, "create", apps, "deployments", "fraud-serving")
    assert not may(admin, steps, "create", batch, "jobs", "fraud-training")
    assert not may(admin, makers, "create", batch, "jobs", "fraud-serving")
    assert not may(admin, makers, "create", apps, "deployments", "fraud-training")
    assert not may(admin, makers, "create", apps, "deployments", "argo")
    server = "argo/argo-workflows-server"
    assert may(admin, server, "list", argo, "workflows", "fraud-training")
    assert not may(admin, server, "create", argo, "workflows", "fraud-training")
    assert not may(admin, server, "get", "", "secrets", "fraud-training")


@pytest.mark.usefixtures("there")
def test_a_project_that_is_wrong_is_refused(plane: ControlPlane, wanted: list[Manifest]) -> None:
    admin = Person(plane.ensure, None)
    (project,) = [one for one in wanted if one["kind"] == "AppProject"]
    other = {**project, "metadata": {"name": "other", "namespace": "argocd"}}
    broken = {**other, "spec": {**other["spec"], "destinations": ["fraud-training"]}}
    status, said = admin.ask("POST", "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects", broken)
    assert status == 422, said
