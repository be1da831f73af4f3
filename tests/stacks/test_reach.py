"""Who may speak to whom in a cluster, as network policies have it; and in the mesh, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from infra import mesh, prometheus
from operations.recorder import Recording
from tests.components.support import Found
from tests.stacks import everything
from tests.stacks.golden import recorded as ours

OPEN = {
    "node-exporter": "its pods are in the network of their nodes, where no policy is asked",
    "rook-ceph": "kernels of all nodes speak to Ceph, from the nodes' own addresses",
}
"""Namespaces of services that let everybody in, and why."""

PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}


@dataclass(frozen=True)
class Peer:
    """Pods that speak, or are spoken to; or an address beyond the cluster."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None


class Network:
    """What network policies of a recording let through, by the rules of networking.k8s.io/v1."""

    def __init__(self, recording: Recording) -> None:
        found = Found(recording)
        self.spaces = {
            one.inputs["metadata"]["name"]: one.inputs["metadata"].get("labels", {})
            for one in found.all("Namespace")
        }
        self.policies = [
            (one.inputs["metadata"]["namespace"], one.inputs["spec"]) for one in found.all("NetworkPolicy")
        ]

    def lets(self, speaker: Peer, to: Peer, port: int) -> bool:
        """Whether somebody gets at a port."""
        asked = list(self.about(to))
        rules = [rule for spec in asked for rule in spec.get("ingress", [])]
        return not asked or any(self._admits(rule, speaker, to, port) for rule in rules)

    def about(self, pod: Peer) -> Iterator[Mapping[str, Any]]:
        """The policies that a pod's visitors are held to."""
        for namespace, spec in self.policies:
            here = namespace == pod.namespace and "Ingress" in spec["policyTypes"]
            if here and _matches(spec["podSelector"], pod.labels):
                yield spec

    def _admits(self, rule: Mapping[str, Any], speaker: Peer, to: Peer, port: int) -> bool:
        ports = rule.get("ports")
        if ports is not None and port not in [one["port"] for one in ports]:
            return False
        return "from" not in rule or any(self._is(one, speaker, to) for one in rule["from"])

    def _is(self, peer: Mapping[str, Any], speaker: Peer, to: Peer) -> bool:
        if "ipBlock" in peer:
            block = ip_network(peer["ipBlock"]["cidr"])
            return speaker.address is not None and ip_address(speaker.address) in block
        if speaker.address is not None:
            return False
        labels = {
            "kubernetes.io/metadata.name": speaker.namespace,
            **self.spaces.get(speaker.namespace, {}),
        }
        if "namespaceSelector" in peer:
            same = _matches(peer["namespaceSelector"], labels)
        else:
            same = speaker.namespace == to.namespace
        return same and _matches(peer.get("podSelector", {}), speaker.labels)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


STRANGER = Peer("default")
TEAM = Peer("search-training")
SCRAPER = Peer(prometheus.NAMESPACE, PROMETHEUS)
GATEWAY = Peer(mesh.GATEWAYS, mesh.GATEWAY_LABELS)
API_SERVER = Peer(address="10.50.0.10")
GRAFANA = Peer("monitoring", {"app.kubernetes.io/name": "grafana"})
ALERTMANAGER = Peer("monitoring", {"app.kubernetes.io/name": "alertmanager"})

WEBHOOKS = {"monitoring": 10250, "cert-manager": 10250, "external-secrets": 10250, "istio-system": 15017}
METRICS = {
    "cert-manager": 9402,
    "external-secrets": 8080,
    "istio-system": 15014,
    "istio-ingress": 15020,
    "logging": 2020,
    "opencost": 9003,
    "velero": 8085,
}


@pytest.fixture(scope="module", params=[everything.AT_AWS, everything.ON_PREMISES])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(everything.recorded(request.param))


@pytest.mark.parametrize("name", ["staging", "prod", everything.AT_AWS, everything.ON_PREMISES])
def test_every_namespace_is_closed_or_says_why_not(name: str) -> None:
    network = Network(ours(name) if name in ("staging", "prod") else everything.recorded(name))
    assert {space for space in network.spaces if network.lets(STRANGER, Peer(space), 12345)} <= set(OPEN)


def test_what_is_said_to_be_open_is() -> None:
    networks = [Network(everything.recorded(name)) for name in (everything.AT_AWS, everything.ON_PREMISES)]
    for space in OPEN:
        assert any(space in one.spaces and one.lets(STRANGER, Peer(space), 12345) for one in networks), space


@pytest.mark.parametrize(("pod", "port"), [(GRAFANA, 3000), (ALERTMANAGER, 9093), (SCRAPER, 9090)])
def test_only_the_gateway_and_its_own_namespace_get_at_what_watches(
    network: Network, pod: Peer, port: int
) -> None:
    assert network.lets(GATEWAY, pod, port)
    assert network.lets(ALERTMANAGER, pod, port)
    for other in (STRANGER, TEAM, Peer("fraud-serving"), Peer("logging"), API_SERVER):
        assert not network.lets(other, pod, port), other
        assert not network.lets(other, pod, mesh.TUNNEL), other


def test_the_mesh_gets_at_what_is_part_of_it(network: Network) -> None:
    assert network.lets(GATEWAY, SCRAPER, mesh.TUNNEL)
    assert network.lets(Peer("opencost"), SCRAPER, mesh.TUNNEL)
    assert network.lets(Peer(address=mesh.PROBES.partition("/")[0]), SCRAPER, prometheus.PORT)
    assert network.lets(TEAM, Peer(mesh.NAMESPACE), mesh.CONTROL_PLANE)


def test_everybody_gets_at_the_gateway(network: Network) -> None:
    for port in (80, 443, 15021):
        assert network.lets(Peer(address="203.0.113.7"), GATEWAY, port)
    assert not network.lets(Peer(address="203.0.113.7"), GATEWAY, 15000)


def test_who_reckons_costs_asks_prometheus_and_nothing_else(network: Network) -> None:
    assert network.lets(Peer("opencost"), SCRAPER, prometheus.PORT)
    assert not network.lets(Peer("opencost"), GRAFANA, 3000)
    assert not network.lets(Peer("opencost"), ALERTMANAGER, 9093)


def test_the_api_server_gets_at_webhooks(network: Network) -> None:
    for space, port in WEBHOOKS.items():
        assert network.lets(API_SERVER, Peer(space), port), space


def test_prometheus_sees_all_that_has_metrics(network: Network) -> None:
    for space, port in METRICS.items():
        if space in network.spaces:
            assert network.lets(SCRAPER, Peer(space), port), space
            assert not network.lets(Peer("monitoring"), Peer(space), port), space
    for port in (8080, 15020, mesh.TUNNEL):
        assert network.lets(SCRAPER, Peer("fraud-serving"), port)


def test_teams_and_strangers_get_at_no_service(network: Network) -> None:
    for space, port in METRICS.items():
        if space in network.spaces:
            assert not network.lets(TEAM, Peer(space), port), space


def authorization(found: Found, namespace: str) -> list[Mapping[str, Any]]:
    (one,) = (
        one for one in found.all("AuthorizationPolicy") if one.inputs["metadata"]["namespace"] == namespace
    )
    return [source["source"] for rule in one.inputs["spec"]["rules"] for source in rule["from"]]


def prometheus_pods(found: Found) -> dict[str, str]:
    spec = found.inputs("Release", "monitoring")["values"]["prometheus"]["prometheusSpec"]
    labels: dict[str, str] = spec.get("podMetadata", {}).get("labels", {})
    return labels


def test_in_an_ambient_mesh_prometheus_has_a_name_and_teams_let_it_in() -> None:
    found = everything.found(everything.ON_PREMISES)
    assert prometheus_pods(found) == {"istio.io/dataplane-mode": "ambient"}
    assert {"principals": [prometheus.PRINCIPAL]} in authorization(found, "fraud-serving")
    release = found.inputs("Release", "monitoring")
    account = release["values"]["prometheus"]["serviceAccount"]["name"]
    assert f"cluster.local/ns/{release['namespace']}/sa/{account}" == prometheus.PRINCIPAL
    modes = {one.inputs["spec"]["mtls"]["mode"] for one in found.all("PeerAuthentication")}
    assert modes == {"STRICT"}  # it is let in by name, and not by taking in what is plain


def test_no_other_pod_of_its_namespace_has_that_name() -> None:
    found = everything.found(everything.ON_PREMISES)
    labels = found.inputs("Namespace", "monitoring")["metadata"]["labels"]
    assert not [key for key in labels if key.startswith("istio.io/")]


def test_beside_sidecars_it_reads_the_port_that_they_keep_plain() -> None:
    found = everything.found(everything.AT_AWS)
    assert prometheus_pods(found) == {}
    assert {"principals": [prometheus.PRINCIPAL]} not in authorization(found, "fraud-serving")
    (endpoint,) = found.inputs("PodMonitor", "monitoring-mesh")["spec"]["podMetricsEndpoints"]
    assert endpoint["path"] == "/stats/prometheus"
    kept = [one for one in endpoint["relabelings"] if one["action"] == "keep"]
    assert {"istio-proxy", r"\d+"} == {one["regex"] for one in kept}


def test_without_what_watches_nobody_is_let_in_for_it() -> None:
    found = Found(ours("dev"))
    assert not [one for one in found.all("NetworkPolicy") if one.name.startswith("metrics-")]
