"""The login: whom it believes, where its secrets are, and what it is told to do."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.mesh import login_manifests as manifests
from components.mesh.login import Login, LoginArgs
from infra.environment.domain import Login as Settings
from infra.mesh import Membership
from tests.components.mesh.support import AMBIENT, SIDECAR, customs, gateway, judged, values
from tests.components.storage.judging import needs_upstream
from tests.components.support import SCOPE, Found, record_component

LOGIN = Settings.model_validate(
    {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"}
)
BASE = "test.ml.example.com"
CHART = json.loads((Path(__file__).parent / "oauth2_proxy_values.json").read_text())


def recorded(membership: Membership = AMBIENT, *, stored: bool = True, replicas: int = 1) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        where: dict[str, Any] = (
            {"key": "mlcluster/test/platform/login", "store": "platform"} if stored else {}
        )
        args = LoginArgs(
            scope=SCOPE,
            login=LOGIN,
            gateway=gateway(),
            membership=membership,
            refresh_s=600,
            replicas=replicas,
            **where,
        )
        Login("login", args, opts)

    return record_component(build)


def settings() -> dict[str, Any]:
    return tomllib.loads(manifests.configuration(LOGIN, BASE))


@needs_upstream
@pytest.mark.parametrize("stored", [False, True])
def test_the_projects_own_definitions_have_nothing_against_it(stored: bool) -> None:
    made = customs(recorded(stored=stored))
    assert len(made) == 3 + stored
    assert judged(made) == []


def unknown(known: Any, given: dict[str, Any], path: str = "") -> list[str]:
    found: list[str] = []
    for key, value in given.items():
        if key not in known:
            found.append(f"{path}{key}")
        elif isinstance(value, dict) and known[key]:
            found += unknown(known[key], value, f"{path}{key}.")
    return found


def test_the_chart_has_the_values() -> None:
    assert unknown(CHART["keys"], manifests.values(LOGIN, BASE, "login", 2)) == []
    assert unknown(CHART["keys"], {"config": {"existingSecrets": ""}}) == ["config.existingSecrets"]


def test_people_come_back_to_its_own_host() -> None:
    assert settings()["redirect_url"] == f"https://login.{BASE}/oauth2/callback"
    assert recorded().inputs("HTTPRoute")["spec"]["hostnames"] == [f"login.{BASE}"]


def test_one_cookie_is_for_all_hosts_of_the_environment_and_for_no_others() -> None:
    given = settings()
    assert given["cookie_domains"] == given["whitelist_domains"] == [f".{BASE}"]
    assert given["cookie_secure"]
    assert given["cookie_httponly"]


def test_it_says_who_somebody_is_and_nothing_more() -> None:
    given = settings()
    assert given["set_xauthrequest"]
    assert given["upstreams"] == ["static://200"]
    assert not [key for key in given if key.startswith("skip_auth")]
    assert (given["oidc_issuer_url"], given["client_id"]) == ("https://login.example.com", "consoles")


def test_no_secret_is_among_its_values() -> None:
    text = json.dumps(manifests.values(LOGIN, BASE, "oauth2-proxy", 1))
    assert "client_secret" not in text
    assert "cookie_secret" not in text
    given = values(recorded(), "oauth2-proxy")
    assert given["config"]["existingSecret"] == "oauth2-proxy"
    assert given["config"]["requiredSecretKeys"] == ["client-secret"]
    (cookie,) = given["extraEnv"]
    assert cookie["valueFrom"]["secretKeyRef"] == {"name": "oauth2-proxy-cookie", "key": "password"}
    assert not recorded().all("Secret")


def test_the_clients_secret_comes_from_the_store() -> None:
    (external,) = [one.inputs for one in recorded().all("ExternalSecret") if "data" in one.inputs["spec"]]
    (entry,) = external["spec"]["data"]
    assert entry["secretKey"] == "client-secret"
    assert entry["remoteRef"]["key"] == "mlcluster/test/platform/login"
    assert external["spec"]["refreshInterval"] == "600s"


def test_or_it_is_there_already() -> None:
    found = recorded(stored=False)
    assert values(found, "oauth2-proxy")["config"]["existingSecret"] == "login"
    assert len(found.all("ExternalSecret")) == 1


def test_the_cookies_key_has_a_length_that_aes_takes() -> None:
    assert recorded().inputs("Password")["spec"]["length"] in {16, 24, 32}


def test_secrets_and_policies_are_there_before_it() -> None:
    found = recorded()
    before = found.before(found.one("Release", "oauth2-proxy"))
    assert {
        "Namespace::login",
        "NetworkPolicy::login",
        "PeerAuthentication::login-strict",
        "ExternalSecret::login-client",
    } <= before


@pytest.mark.parametrize("membership", [AMBIENT, SIDECAR])
def test_only_the_gateway_asks_it(membership: Membership) -> None:
    found = recorded(membership)
    spec = found.inputs("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    names = [
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in spec["ingress"]
        for peer in rule["from"]
        if "namespaceSelector" in peer
    ]
    assert set(names) == {"istio-ingress"}
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert membership.labels.items() <= labels.items()
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_budget_only_where_a_pod_can_be_spared(replicas: int) -> None:
    given = values(recorded(replicas=replicas), "oauth2-proxy")
    assert given["replicaCount"] == replicas
    assert given["podDisruptionBudget"]["enabled"] is (replicas > 1)
