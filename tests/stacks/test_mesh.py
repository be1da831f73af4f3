"""The mesh in a stack: what exists, what comes first and goes last, and that without it nothing is there."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.mesh import istio_values
from infra import environment
from infra.handles import Edge
from operations.cost import cost
from operations.recorder import record, record_program
from stacks import mesh
from tests.components.mesh.support import customs, judged, values
from tests.components.storage.judging import needs_upstream
from tests.components.support import Found
from tests.stacks.test_platform import SETTINGS, parsed

WHOLE: dict[str, Any] = {
    "domain": {
        "name": "ml.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
        "login": {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"},
    },
    "certificates": {"email": "ml-platform@example.com"},
    "secrets": {},
    "mesh": {"gateway": {"sources": ["198.51.100.0/24"]}},
}
ISTIO = {"istio-base", "istio-cni", "istiod-stable", "ztunnel"}
GROUPS = ("istio.io", "gateway.networking.k8s.io", "apiextensions.k8s.io")


def of_the_mesh(found: Found) -> list[str]:
    kinds = [one.urn for one in found.resources if any(group in one.type for group in GROUPS)]
    return kinds + [
        name for name in found.names("Release") if name.startswith(("istio", "ztunnel", "oauth2"))
    ]


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(**WHOLE)))


def without(*sections: str) -> Found:
    """A stack that has the other sections, and no login."""
    kept: dict[str, Any] = {name: dict(one) for name, one in WHOLE.items() if name not in sections}
    kept.get("domain", {}).pop("login", None)
    return Found(record(parsed(**kept)))


def test_without_the_section_there_is_nothing_of_it() -> None:
    assert of_the_mesh(Found(record(parsed()))) == []
    plain = Found(record(parsed()))
    for one in plain.all("Namespace"):
        assert not [label for label in one.inputs["metadata"]["labels"] if "istio" in label]
    assert not [name for name in plain.names("NetworkPolicy") if name.endswith("-mesh")]


def test_a_mesh_alone_has_no_way_in() -> None:
    alone = Found(record(parsed(mesh={})))
    assert set(alone.names("Release")) >= ISTIO
    assert alone.all("Gateway") == []
    policy = alone.all("AuthorizationPolicy")[0].inputs["spec"]
    assert len(policy["rules"]) == 1


@needs_upstream
def test_the_projects_own_definitions_have_nothing_against_it(found: Found) -> None:
    assert judged(customs(found)) == []


def test_teams_are_part_of_it(found: Found) -> None:
    teams = {
        f"{team}-{phase}" for team in SETTINGS["teams"] for phase in ("exploration", "training", "serving")
    }
    for kind in ("PeerAuthentication", "AuthorizationPolicy"):
        made = {one.inputs["metadata"]["namespace"] for one in found.all(kind)}
        assert teams <= made
    for name in teams:
        (space,) = [one for one in found.all("Namespace") if one.inputs["metadata"]["name"] == name]
        assert space.inputs["metadata"]["labels"]["istio.io/dataplane-mode"] == "ambient"


def test_teams_go_before_it_and_it_goes_before_what_it_stands_on(found: Found) -> None:
    team = found.before(found.all("PeerAuthentication")[0])
    assert {"Release::istiod-stable", "Release::istio-cni"} <= team
    gateway = found.before(found.one("Release", "istio-ingress"))
    assert {f"Release::{name}" for name in ISTIO} <= gateway
    # Its Service has a load balancer, which only the controller can take away again.
    assert {"Release::load-balancers", "Release::external-dns", "Release::cert-manager"} <= gateway
    assert "NodeGroup::system" in found.before(found.one("Release", "istio-base"))


def test_the_mesh_does_not_wait_for_what_leads_in(found: Found) -> None:
    control = found.before(found.one("Release", "istiod-stable"))
    assert not {"Release::load-balancers", "Release::cert-manager"} & control


def test_the_login_has_its_secret_from_the_platforms_store(found: Found) -> None:
    stored = [one.inputs for one in found.all("ExternalSecret") if "secretStoreRef" in one.inputs["spec"]]
    (login,) = [one for one in stored if one["metadata"]["namespace"] == "login"]
    (entry,) = login["spec"]["data"]
    assert entry["remoteRef"]["key"] == "mlcluster/test/platform/login"
    assert "Release::external-secrets" in found.before(found.one("Release", "oauth2-proxy"))


def test_who_people_are_is_asked_only_where_there_is_a_login(found: Found) -> None:
    assert "extensionProviders" in values(found, "istiod-stable")["meshConfig"]
    plain = without("secrets")
    assert "extensionProviders" not in values(plain, "istiod-stable")["meshConfig"]
    assert "oauth2-proxy" not in plain.names("Release")
    assert plain.all("Gateway")


def test_public_or_private_is_what_the_domain_is(found: Found) -> None:
    def scheme(recorded: Found) -> str:
        annotations = values(recorded, "istio-ingress")["service"]["annotations"]
        return str(annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"])

    assert scheme(found) == "internet-facing"
    private = {
        **WHOLE,
        "domain": {**WHOLE["domain"], "private": True},
        "certificates": {"authority": "private"},
        "mesh": {"gateway": {}},
    }
    assert scheme(Found(record(parsed(**private)))) == "internal"


def test_its_load_balancer_is_in_the_bill(found: Found) -> None:
    lines = cost(found.resources, parsed(**WHOLE)).lines
    (balancer,) = [one for one in lines if "load balancer" in one.item]
    assert round(balancer.month, 2) == round(0.0225 * 730, 2)
    alone = parsed(mesh={})
    assert not [one for one in cost(record(alone).resources, alone).lines if "load balancer" in one.item]


def test_an_existing_cluster_can_have_it_too() -> None:
    settings = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "kind-lab"},
        "teams": SETTINGS["teams"],
        **WHOLE,
        "domain": {"name": "ml.example.com", "login": WHOLE["domain"]["login"]},
        "certificates": {"authority": "private"},
    }
    found = Found(record(environment.parse("test", {"mlcluster:environment": settings})))
    assert "loadBalancerClass" not in values(found, "istio-ingress")["service"]
    assert values(found, "oauth2-proxy")["config"]["existingSecret"] == "login"
    assert found.all("AuthorizationPolicy")


def published(*, login: bool) -> tuple[Found, list[str | None]]:
    hosts: list[str | None] = []
    sections = dict(WHOLE) if login else {**WHOLE, "domain": {**WHOLE["domain"], "login": None}}
    env = parsed(**sections)

    def program() -> None:
        reach = kubernetes.Provider("kubernetes", context="test")
        opts = pulumi.ResourceOptions(providers=[reach])
        made = mesh.deploy(env, Edge(issuer="mlcluster", store="platform", passwords=True), (), opts)
        space = kubernetes.core.v1.Namespace("monitoring", metadata={"name": "monitoring"}, opts=opts)
        console = mesh.Console(
            namespace="monitoring", service="grafana", port=80, component="monitoring", ready=(space,)
        )
        hosts.append(mesh.publish(env, made, "grafana", console, opts))

    return Found(record_program(program)), hosts


def test_a_console_is_let_out_behind_the_login() -> None:
    found, hosts = published(login=True)
    assert hosts == ["grafana.test.ml.example.com"]
    route = found.one("HTTPRoute", "route-grafana")
    assert route.inputs["spec"]["hostnames"] == hosts
    assert {
        "Namespace::monitoring",
        "AuthorizationPolicy::gateway-authorizationpolicy-login",
    } <= found.before(route)


def test_grafana_believes_the_gateway_and_nobody_else() -> None:
    console = mesh.grafana(parsed(**WHOLE))
    assert console is not None
    assert console.url == "https://grafana.test.ml.example.com"
    proxy = console.settings["auth.proxy"]
    assert str(proxy["header_name"]).lower() in istio_values.KNOWN
    assert mesh.grafana(parsed(mesh={})) is None
    assert mesh.grafana(parsed()) is None


def test_what_watches_has_consoles_behind_the_login() -> None:
    watched = Found(record(parsed(**WHOLE, monitoring={})))
    routes = {one.inputs["metadata"]["name"]: one for one in watched.all("HTTPRoute")}
    assert {"grafana", "login"} <= set(routes)
    assert "NetworkPolicy::route-grafana" in watched.before(routes["grafana"])
    inner = Found(record(parsed(monitoring={})))
    assert inner.all("HTTPRoute") == []


def test_no_console_is_let_out_without_a_login() -> None:
    found, hosts = published(login=False)
    assert hosts == [None]
    assert "route-grafana" not in found.names("HTTPRoute")
