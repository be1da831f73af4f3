"""Argo CD: what it is told, what it may do, and what projects let teams bring."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml

from components.data.pipelines import delivery_values as delivery
from components.data.pipelines.delivery import (
    ContinuousDelivery,
    ContinuousDeliveryArgs,
    TeamDelivery,
    TeamDeliveryArgs,
    TeamProject,
    TeamProjectArgs,
    Vault,
)
from components.data.pipelines.delivery_values import Front
from components.tenancy import manifests
from infra.environment.domain import Login
from tests.components.data.pipelines.support import space
from tests.components.storage.judging import complaints, unknown_values
from tests.components.support import SCOPE, Found, record_component

LOGIN = Login.model_validate(
    {
        "issuer": "https://login.example.com",
        "client_id": "consoles",
        "secret": "login",
        "groups_claim": "roles",
    }
)
FRONT = Front(host="delivery.test.ml.example.com", login=LOGIN, admins=("platform-admins",))
VAULT = Vault(store="platform", folder="mlcluster/test/platform/", refresh_s=600)
REPOSITORY = "https://github.com/acme/fraud"
FREE = ("cm", "params")
"""Parts of `configs` that go into Argo CD's own configuration as they are."""


def recorded(front: Front | None = FRONT, vault: Vault | None = VAULT, **changes: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = ContinuousDeliveryArgs(scope=SCOPE, front=front, vault=vault, **changes)
        made = ContinuousDelivery("delivery", args, opts)
        home = space("fraud")
        project = TeamProjectArgs(
            scope=SCOPE,
            team="fraud",
            namespaces=home.namespaces,
            repositories=(REPOSITORY,),
            groups=("fraud-people",),
            after=made.ready,
        )
        TeamProject("project-fraud", project, opts)
        team = TeamDeliveryArgs(
            scope=SCOPE,
            team="fraud",
            space=home,
            members=("oidc:fraud-people", "mlcluster:fraud"),
            after=made.ready,
        )
        TeamDelivery("delivery-fraud", team, opts)

    return record_component(build)


@pytest.fixture(scope="module")
def found() -> Found:
    return recorded(credentials=("git",), metrics="monitoring", replicas=2)


def project(found: Found) -> dict[str, Any]:
    return dict(found.inputs("AppProject")["spec"])


def test_argo_cds_own_definition_has_nothing_against_a_project(found: Found) -> None:
    given = found.inputs("AppProject")
    assert complaints(given) == []
    assert complaints({**given, "spec": {**given["spec"], "sourceRepositories": []}})
    assert complaints({**given, "spec": {**given["spec"], "destinations": ["fraud-training"]}})


@pytest.mark.parametrize("front", [None, FRONT], ids=["nobody", "login"])
@pytest.mark.parametrize("replicas", [1, 2])
def test_the_chart_has_the_values(front: Front | None, replicas: int) -> None:
    values = delivery.values(front, replicas, monitored=True)
    judged = {**values, "configs": {key: one for key, one in values["configs"].items() if key not in FREE}}
    assert unknown_values("argo-cd", judged) == []
    assert unknown_values("argo-cd", {"controller": {"replica": 1}}) == ["controller.replica"]


def test_a_project_reaches_its_teams_namespaces_from_its_teams_repositories(found: Found) -> None:
    spec = project(found)
    homes = ["fraud-exploration", "fraud-training", "fraud-serving"]
    assert spec["sourceRepos"] == [REPOSITORY]
    assert [one["namespace"] for one in spec["destinations"]] == homes
    assert {one["server"] for one in spec["destinations"]} == {"https://kubernetes.default.svc"}
    assert spec["sourceNamespaces"] == homes
    assert "*" not in str({key: one for key, one in spec.items() if key != "roles"})


def test_nothing_is_brought_that_lifts_a_limit(found: Found) -> None:
    spec = project(found)
    assert spec["clusterResourceWhitelist"] == []
    kinds = {one["kind"] for one in spec["namespaceResourceWhitelist"]}
    assert kinds >= {"Deployment", "Service", "ConfigMap", "WorkflowTemplate"}
    limits = {
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "NetworkPolicy",
        "ResourceQuota",
        "LimitRange",
        "Secret",
    }
    assert not kinds & {*limits, "Namespace", "Application", "AppProject"}


def test_what_is_brought_is_what_members_may_make_by_themselves() -> None:
    """Of Kubernetes' own kinds; the others have rights of their own, where they are made."""
    members = {
        (group, kind)
        for rule in manifests.member_rules()
        if "create" in rule["verbs"]
        for group in rule["apiGroups"]
        for kind in rule["resources"]
    }
    own = {group: kinds for group, kinds in delivery.DELIVERED.items() if "." not in group}
    assert {(group, plural) for group, kinds in own.items() for plural in kinds.values()} <= members


def test_members_see_and_sync_what_is_theirs(found: Found) -> None:
    (role,) = project(found)["roles"]
    assert role["groups"] == ["fraud-people"]
    for policy in role["policies"]:
        kind, subject, _, action, object_, effect = (part.strip() for part in policy.split(","))
        assert (kind, subject, object_, effect) == ("p", "proj:fraud:member", "fraud/*", "allow")
        assert action in {"get", "sync", "action/*"}
    bindings = found.all("RoleBinding")
    assert {one.inputs["metadata"]["namespace"] for one in bindings} == {
        *("fraud-exploration", "fraud-training", "fraud-serving")
    }
    for one in bindings:
        assert [who["name"] for who in one.inputs["subjects"]] == ["oidc:fraud-people", "mlcluster:fraud"]
    (rule,) = delivery.member_rules()
    assert rule["resources"] == ["applications"]


def test_groups_with_a_comma_are_in_quotes() -> None:
    spec = delivery.project("fraud", ["fraud-training"], [], ["cn=fraud,dc=example", "fraud"])
    assert spec["roles"][0]["groups"] == ['"cn=fraud,dc=example"', "fraud"]


def test_projects_go_before_argo_cd(found: Found) -> None:
    assert {"Release::argocd", "Namespace::delivery"} <= found.before(found.one("AppProject"))


def test_it_may_do_no_more_than_projects_let_it() -> None:
    values = delivery.values(FRONT, 1, monitored=False)
    delivered = {(group, plural) for group, kinds in delivery.DELIVERED.items() for plural in kinds.values()}
    for part in ("controller", "server"):
        given = values[part]["clusterRoleRules"]
        assert given["enabled"] is True
        for rule in given["rules"]:
            assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
            (group,) = rule["apiGroups"]
            changed = {(group, kind) for kind in rule["resources"] if {"create", "patch"} & {*rule["verbs"]}}
            assert changed <= {*delivered, ("argoproj.io", "applications"), ("", "events")}


def test_it_knows_of_nothing_else() -> None:
    included = yaml.safe_load(delivery.settings(None)["resource.inclusions"])
    known = {(one["apiGroups"][0], kind) for one in included for kind in one["kinds"]}
    assert {(group, kind) for group, kinds in delivery.DELIVERED.items() for kind in kinds} <= known
    assert ("", "Pod") in known
    assert ("", "Secret") not in known


def test_people_log_in_at_the_environments_provider(found: Found) -> None:
    values = found.inputs("Release")["values"]
    told = values["configs"]["cm"]
    provider = yaml.safe_load(told["oidc.config"])
    assert told["admin.enabled"] is False
    assert (provider["issuer"], provider["clientID"]) == ("https://login.example.com", "consoles")
    assert provider["clientSecret"] == "$argocd-login:client-secret"
    assert values["configs"]["rbac"] == {
        "policy.default": "",
        "policy.csv": "g, platform-admins, role:admin\n",
        "scopes": "[roles]",
    }
    assert values["global"]["domain"] == "delivery.test.ml.example.com"


def test_without_a_login_there_is_no_console() -> None:
    without = recorded(None)
    values = without.inputs("Release")["values"]
    assert values["server"]["replicas"] == 0
    assert values["server"]["pdb"]["enabled"] is False
    assert "oidc.config" not in values["configs"]["cm"]
    assert values["configs"]["cm"]["admin.enabled"] is False
    assert without.all("ExternalSecret") == []


def test_secrets_are_found_by_their_labels(found: Found) -> None:
    stored = {one.inputs["metadata"]["name"]: one.inputs for one in found.all("ExternalSecret")}
    assert set(stored) == {"argocd-login", "repository-git"}
    login, git = stored["argocd-login"], stored["repository-git"]
    assert login["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd"
    assert git["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "repo-creds"
    assert "argocd.argoproj.io/secret-type" not in login["metadata"]["labels"]
    assert {one["secretKey"] for one in git["spec"]["data"]} == {"url", "username", "password"}
    keys = {one["remoteRef"]["key"] for one in (*login["spec"]["data"], *git["spec"]["data"])}
    assert keys == {"mlcluster/test/platform/login", "mlcluster/test/platform/git"}
    before = found.before(found.one("Release"))
    assert {"ExternalSecret::delivery-argocd-login", "ExternalSecret::delivery-repository-git"} <= before


def test_where_there_is_no_store_secrets_are_there_already() -> None:
    assert recorded(vault=None).all("ExternalSecret") == []


def test_applications_are_in_teams_namespaces() -> None:
    params = delivery.values(None, 1, monitored=False)["configs"]["params"]
    assert params["application.namespaces"] == "*-exploration,*-training,*-serving"
    assert params["server.insecure"] is True


def peers(found: Found) -> list[tuple[str, list[int]]]:
    policy = found.inputs("NetworkPolicy")["spec"]
    return [
        (
            "".join(one["from"][0].get("namespaceSelector", {}).get("matchLabels", {}).values()),
            [port["port"] for port in one.get("ports", [])],
        )
        for one in policy["ingress"]
    ]


def test_only_its_own_pods_the_gateway_and_prometheus_speak_to_it(found: Found) -> None:
    assert peers(found) == [("", []), ("istio-ingress", [8080]), ("monitoring", [8082, 8083, 8084])]
    assert peers(recorded(None)) == [("", [])]
    assert found.inputs("Release")["values"]["global"]["networkPolicy"] == {"create": False}
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
