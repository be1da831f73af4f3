"""Istio's charts: their values, their order, and what an upgrade leaves alone."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.mesh import istio_values
from components.mesh.istio import Istio, IstioArgs
from infra.environment.mesh import Mesh
from tests.components.chart_values import unknown_paths
from tests.components.mesh.support import values
from tests.components.support import SCOPE, Found, record_component


def recorded(*, login: bool = False, replicas: int = 1, **settings: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        mesh = Mesh.model_validate(settings)
        Istio("istio", IstioArgs(scope=SCOPE, mesh=mesh, login=login, replicas=replicas), opts)

    return record_component(build)


@pytest.mark.parametrize("mode", ["ambient", "sidecar"])
@pytest.mark.parametrize("login", [False, True])
def test_the_charts_have_the_values(mode: Any, login: bool) -> None:
    made = {
        "base": istio_values.base("stable"),
        "istiod": istio_values.istiod(mode, "stable", replicas=2, login=login),
        "cni": istio_values.cni(mode),
        "ztunnel": istio_values.ztunnel("stable"),
    }
    for chart, given in made.items():
        assert unknown_paths(chart, given) == [], chart


def test_a_wrong_value_would_be_seen() -> None:
    assert unknown_paths("istiod", {"autoscaleMinimum": 2}) == ["autoscaleMinimum"]


def test_an_ambient_mesh_has_a_proxy_on_each_node_and_a_sidecar_mesh_has_none() -> None:
    ambient, sidecar = recorded(), recorded(mode="sidecar")
    both = ["istio-base", "istio-cni", "istiod-stable"]
    assert ambient.names("Release") == [*both, "ztunnel"]
    assert sidecar.names("Release") == both
    assert values(ambient, "istiod-stable")["env"] == {"PILOT_ENABLE_AMBIENT": "true"}
    assert values(ambient, "istio-cni")["ambient"] == {"enabled": True}
    assert "env" not in values(sidecar, "istiod-stable")
    assert values(sidecar, "istio-cni")["ambient"] == {"enabled": False}


def test_kinds_come_first_and_proxies_last() -> None:
    found = recorded()
    kinds = {f"CustomResourceDefinition::{name}" for name in found.names("CustomResourceDefinition")}
    assert len(kinds) == 6
    control = found.before(found.one("Release", "istiod-stable"))
    assert {"Namespace::istio", "Release::istio-base", *kinds} <= control
    assert {"Release::istiod-stable", "Release::istio-cni"} <= found.before(found.one("Release", "ztunnel"))


def test_a_cluster_that_has_the_gateway_api_keeps_its_own() -> None:
    assert recorded(gateway_api=False).all("CustomResourceDefinition") == []


def test_all_belong_to_the_revision() -> None:
    found = recorded(revision="v1-29")
    assert values(found, "istio-base") == {"defaultRevision": "v1-29"}
    assert values(found, "istiod-v1-29")["revision"] == "v1-29"
    assert values(found, "ztunnel")["revision"] == "v1-29"


def test_the_revision_before_stays_as_it_is() -> None:
    found = recorded(revision="v1-30", previous="v1-29")
    assert {"istiod-v1-29", "istiod-v1-30"} <= set(found.names("Release"))
    ignored = {
        name: set(found.options("Release", name).ignore_changes or ()) for name in found.names("Release")
    }
    assert {"version", "values", "chart"} <= ignored.pop("istiod-v1-29")
    assert all(not any(one) for one in ignored.values())
    assert "Release::istiod-v1-29" not in found.before(found.one("Release", "istiod-v1-30"))


def test_a_control_plane_of_more_than_one_pod_is_spread() -> None:
    given = values(recorded(replicas=2), "istiod-stable")
    assert given["autoscaleMin"] == 2
    assert {one["topologyKey"] for one in given["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    (labels,) = {
        tuple(one["labelSelector"]["matchLabels"].items()) for one in given["topologySpreadConstraints"]
    }
    assert dict(labels) == {"app": "istiod", "istio.io/rev": "stable"}


@pytest.mark.parametrize("chart", ["istio-cni", "istiod-stable", "ztunnel"])
def test_every_container_has_requests_and_a_limit(chart: str) -> None:
    resources = values(recorded(), chart)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert "memory" in resources["limits"]


def test_nodes_own_plugins_are_allowed_what_they_need() -> None:
    labels = recorded().inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"


def test_who_people_are_is_asked_of_the_login() -> None:
    (provider,) = values(recorded(login=True), "istiod-stable")["meshConfig"]["extensionProviders"]
    asked = provider["envoyExtAuthzHttp"]
    assert provider["name"] == istio_values.LOGIN_PROVIDER
    assert asked["service"] == "oauth2-proxy.login.svc.cluster.local"
    # Without a prefix its own /ping, which needs no login, would open every console's /ping.
    assert asked["pathPrefix"].startswith("/")
    assert "cookie" in asked["includeRequestHeadersInCheck"]
    assert not asked.get("failOpen")
    assert "extensionProviders" not in values(recorded(), "istiod-stable")["meshConfig"]
