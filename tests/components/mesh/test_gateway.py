"""The gateway: who reaches it, by which name, and what every request has to pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.mesh import gateway_manifests as manifests
from components.mesh import istio_values
from components.mesh.gateway import Gateway, GatewayArgs
from components.mesh.route import Route, RouteArgs
from infra.environment.mesh import Gateway as Settings
from infra.mesh import GATEWAY_LABELS
from tests.components.chart_values import unknown_paths
from tests.components.mesh.support import customs, judged, values
from tests.components.storage.judging import needs_upstream
from tests.components.support import SCOPE, Found, record_component

HOSTS = "*.test.ml.example.com"
BALANCER = "service.beta.kubernetes.io/aws-load-balancer"


def recorded(settings: Mapping[str, Any] | None = None, **changes: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        given: dict[str, Any] = {"at_aws": True, "login": True, **changes}
        args = GatewayArgs(
            scope=SCOPE,
            gateway=Settings.model_validate(settings or {}),
            revision="stable",
            domain="ml.example.com",
            issuer="mlcluster",
            **given,
        )
        made = Gateway("gateway", args, opts)
        route = RouteArgs(
            scope=SCOPE,
            gateway=made.handle,
            host="grafana",
            namespace="monitoring",
            service="kube-prometheus-stack-grafana",
            port=80,
            component="monitoring",
            pods={"app.kubernetes.io/name": "grafana"},
        )
        Route("route-grafana", route, opts)

    return record_component(build)


def service(found: Found) -> Any:
    return values(found, "istio-ingress")["service"]


@needs_upstream
@pytest.mark.parametrize("login", [False, True])
def test_the_projects_own_definitions_have_nothing_against_it(login: bool) -> None:
    made = customs(recorded(login=login))
    assert len(made) == 5 + login
    assert judged(made) == []


@needs_upstream
def test_a_definition_does_complain() -> None:
    spec = manifests.gateway(HOSTS)
    (plain, *_) = spec["listeners"]
    wrong = {**spec, "listeners": [{**plain, "protocol": "!"}]}
    assert judged([{"apiVersion": manifests.API, "kind": "Gateway", "spec": wrong}])


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("replicas", [1, 2])
def test_the_chart_has_the_values(public: bool, replicas: int) -> None:
    for tags in (None, {"a": "b"}):
        made = manifests.values(
            "stable", replicas=replicas, hosts=HOSTS, sources=["10.0.0.0/8"], at_aws=tags, public=public
        )
        assert unknown_paths("gateway", made) == []


def test_its_load_balancer_is_private_unless_it_is_said_to_be_public() -> None:
    assert service(recorded())["annotations"][f"{BALANCER}-scheme"] == "internal"
    assert service(recorded(public=True))["annotations"][f"{BALANCER}-scheme"] == "internet-facing"


def test_its_load_balancer_goes_straight_to_pods_and_keeps_clients_addresses() -> None:
    given = service(recorded())
    assert given["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert given["annotations"][f"{BALANCER}-nlb-target-type"] == "ip"
    assert "preserve_client_ip.enabled=true" in given["annotations"][f"{BALANCER}-target-group-attributes"]
    assert all(isinstance(one, str) for one in given["annotations"].values())


def test_its_load_balancer_is_found_again_by_its_tags() -> None:
    tags = service(recorded())["annotations"][f"{BALANCER}-additional-resource-tags"]
    assert "mlcluster:environment=test" in tags.split(",")


def test_elsewhere_it_is_whatever_makes_load_balancers_there() -> None:
    given = service(recorded(at_aws=False))
    assert "loadBalancerClass" not in given
    assert not [key for key in given["annotations"] if key.startswith(BALANCER)]


def test_only_the_given_ranges_reach_it() -> None:
    ranges = ["198.51.100.0/24", "203.0.113.0/24"]
    assert service(recorded({"sources": ranges}))["loadBalancerSourceRanges"] == ranges
    assert "loadBalancerSourceRanges" not in service(recorded())


def test_all_hosts_have_one_name_in_dns_and_one_certificate() -> None:
    found = recorded()
    assert service(found)["annotations"]["external-dns.alpha.kubernetes.io/hostname"] == HOSTS
    certificate = found.inputs("Certificate")["spec"]
    assert certificate["dnsNames"] == [HOSTS]
    (_, encrypted) = found.inputs("Gateway")["spec"]["listeners"]
    assert encrypted["hostname"] == HOSTS
    (reference,) = encrypted["tls"]["certificateRefs"]
    assert reference["name"] == certificate["secretName"]


def test_the_gateway_is_the_pods_of_the_chart() -> None:
    """Istio takes an address that is a host name for such; otherwise it makes pods of its own."""
    (address,) = recorded().inputs("Gateway")["spec"]["addresses"]
    assert address == {"type": "Hostname", "value": "istio-ingress.istio-ingress.svc.cluster.local"}


def test_http_only_leads_to_https() -> None:
    found = recorded()
    spec = found.inputs("HTTPRoute", "gateway-httproute-to-https")["spec"]
    assert spec["parentRefs"][0]["sectionName"] == "http"
    ((redirect,),) = [rule["filters"] for rule in spec["rules"]]
    assert redirect["requestRedirect"]["scheme"] == "https"
    (plain, _) = found.inputs("Gateway")["spec"]["listeners"]
    assert plain["allowedRoutes"]["namespaces"]["from"] == "Same"


def test_routes_come_from_the_environments_own_namespaces() -> None:
    (_, encrypted) = recorded().inputs("Gateway")["spec"]["listeners"]
    (rule,) = encrypted["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
    assert rule["operator"] == "Exists"
    assert rule["key"] in SCOPE.labels("anything")


def test_nothing_is_open_before_it_is_asked_for() -> None:
    found = recorded()
    before = found.before(found.one("Gateway"))
    assert {
        "EnvoyFilter::gateway-envoyfilter-limits",
        "AuthorizationPolicy::gateway-authorizationpolicy-login",
        "Release::istio-ingress",
        "Certificate::gateway-certificate-gateway",
    } <= before
    assert "Gateway::gateway-gateway-istio-ingress" in found.before(found.one("HTTPRoute", "route-grafana"))


def test_all_hosts_are_asked_for_but_the_logins_own() -> None:
    spec = recorded().inputs("AuthorizationPolicy")["spec"]
    assert spec["action"] == "CUSTOM"
    assert spec["provider"] == {"name": istio_values.LOGIN_PROVIDER}
    assert spec["selector"]["matchLabels"] == dict(GATEWAY_LABELS)
    assert spec["rules"] == [{"to": [{"operation": {"notHosts": ["login.test.ml.example.com"]}}]}]
    assert recorded(login=False).all("AuthorizationPolicy") == []


def filters(found: Found) -> dict[str, Any]:
    spec = found.inputs("EnvoyFilter")["spec"]
    assert spec["workloadSelector"]["labels"] == dict(GATEWAY_LABELS)
    patches = [patch["patch"] for patch in spec["configPatches"]]
    assert all(patch["operation"] == "INSERT_FIRST" for patch in patches)
    return {patch["value"]["name"]: patch["value"]["typed_config"] for patch in patches}


def test_each_client_has_a_bucket_of_its_own_and_all_have_one() -> None:
    found = recorded({"limits": {"per_client": 5, "burst": 20, "in_all": 100}})
    limits = filters(found)["envoy.filters.http.local_ratelimit"]
    (client,) = limits["descriptors"]
    assert client["entries"] == [{"key": "remote_address"}]
    assert (client["token_bucket"]["tokens_per_fill"], client["token_bucket"]["max_tokens"]) == (5, 20)
    assert limits["token_bucket"]["tokens_per_fill"] == 100
    for switch in ("filter_enabled", "filter_enforced"):
        assert limits[switch]["default_value"]["numerator"] == 100
    assert limits["max_dynamic_descriptors"] > 1000


def test_nobody_brings_the_logins_answer_along() -> None:
    code = filters(recorded())["envoy.filters.http.lua"]["default_source_code"]["inline_string"]
    for name in istio_values.KNOWN:
        assert f'remove("{name}")' in code


@pytest.mark.parametrize(("replicas", "budget"), [(1, {}), (2, {"maxUnavailable": 1})])
def test_a_budget_only_where_a_pod_can_be_spared(replicas: int, budget: dict[str, int]) -> None:
    given = values(recorded(replicas=replicas), "istio-ingress")
    assert given["podDisruptionBudget"] == budget
    assert given["autoscaling"]["minReplicas"] == replicas
    assert given["autoscaling"]["maxReplicas"] > replicas


def test_its_pods_have_no_rights_beyond_what_they_need() -> None:
    labels = recorded().inputs("Namespace", "gateway")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert (
        values(recorded(), "istio-ingress")["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    )


def test_only_the_gateway_tells_a_console_who_people_are() -> None:
    found = recorded()
    policy = found.inputs("NetworkPolicy", "route-grafana")
    assert policy["metadata"]["namespace"] == "monitoring"
    assert policy["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "grafana"}
    ((gateway, own),) = [rule["from"] for rule in policy["spec"]["ingress"]]
    assert "istio-ingress" in gateway["namespaceSelector"]["matchLabels"].values()
    assert own == {"podSelector": {}}
    assert "NetworkPolicy::route-grafana" in found.before(found.one("HTTPRoute", "route-grafana"))


def test_a_route_leads_from_a_host_to_a_service() -> None:
    route = recorded().inputs("HTTPRoute", "route-grafana")
    assert route["metadata"]["namespace"] == "monitoring"
    assert route["spec"]["hostnames"] == ["grafana.test.ml.example.com"]
    (rule,) = route["spec"]["rules"]
    (backend,) = rule["backendRefs"]
    assert (backend["name"], backend["port"]) == ("kube-prometheus-stack-grafana", 80)
    (parent,) = route["spec"]["parentRefs"]
    assert (parent["name"], parent["namespace"], parent["sectionName"]) == (
        "istio-ingress",
        "istio-ingress",
        "https",
    )
