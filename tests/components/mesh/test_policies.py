"""Who may speak to a team's pods."""

from __future__ import annotations

from typing import Any

import pulumi

from components.mesh.policies import TeamPolicies, TeamPoliciesArgs, only_from
from components.tenancy.manifests import network_policies
from infra.mesh import Membership
from tests.components.mesh.support import AMBIENT, SIDECAR, customs, judged, space
from tests.components.storage.judging import needs_upstream
from tests.components.support import SCOPE, Found, record_component


def recorded(*, gateway: bool = True) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = TeamPoliciesArgs(scope=SCOPE, team="fraud", space=space("fraud"), gateway=gateway)
        TeamPolicies("mesh-fraud", args, opts)

    return record_component(build)


@needs_upstream
def test_istios_own_definitions_have_nothing_against_it() -> None:
    made = customs(recorded())
    assert len(made) == 6
    assert judged(made) == []


@needs_upstream
def test_a_definition_does_complain() -> None:
    (one, *_) = customs(recorded())
    assert judged([{**one, "spec": {**one["spec"], "rules": [{"form": []}]}}])


def test_what_is_not_encrypted_is_refused_everywhere() -> None:
    found = recorded()
    strict = [one.inputs for one in found.all("PeerAuthentication")]
    assert {one["metadata"]["namespace"] for one in strict} == set(space("fraud").namespaces)
    assert all(one["spec"] == {"mtls": {"mode": "STRICT"}} for one in strict)
    assert not any("selector" in one["spec"] for one in strict)


def sources(found: Found) -> list[Any]:
    policy = found.all("AuthorizationPolicy")[0].inputs["spec"]
    assert policy["action"] == "ALLOW"
    return [source["source"] for rule in policy["rules"] for source in rule["from"]]


def test_the_team_and_the_gateway_come_in_and_nobody_else() -> None:
    own = {"namespaces": list(space("fraud").namespaces)}
    assert sources(recorded()) == [
        own,
        {"principals": ["cluster.local/ns/istio-ingress/sa/istio-ingress"]},
    ]
    assert sources(recorded(gateway=False)) == [own]


def test_prometheus_comes_in_by_name_where_it_is_part_of_the_mesh() -> None:
    assert "monitoring" not in str(only_from(["a"], gateway=True))
    *_, last = only_from(["a"], gateway=True, scraped=True)["rules"]
    assert last == {"from": [{"source": {"principals": ["cluster.local/ns/monitoring/sa/prometheus"]}}]}


def test_proxies_on_nodes_can_judge_by_it() -> None:
    for rule in only_from(["a"], gateway=True, scraped=True)["rules"]:
        assert set(rule) == {"from"}


def test_without_a_mesh_the_network_policies_are_what_they_were() -> None:
    assert network_policies("fraud", None) == network_policies("fraud")
    assert "mesh" not in network_policies("fraud")


def test_in_a_mesh_only_what_it_sends_is_let_through_besides() -> None:
    meshed = network_policies("fraud", AMBIENT)
    added = meshed.pop("mesh")
    assert meshed == network_policies("fraud")
    probes, gateway = added["ingress"]
    assert probes == {"from": [{"ipBlock": {"cidr": "169.254.7.127/32"}}]}
    assert gateway["ports"] == [{"protocol": "TCP", "port": 15008}]
    (peer,) = gateway["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "istio-ingress"}
    assert added["policyTypes"] == ["Ingress"]


def test_sidecars_reach_their_control_plane_and_the_gateway_reaches_their_ports() -> None:
    added = network_policies("fraud", SIDECAR)["mesh"]
    (control,) = added["egress"]
    assert control["ports"] == [{"protocol": "TCP", "port": 15012}]
    assert control["to"][0]["podSelector"]["matchLabels"] == {"app": "istiod"}
    (gateway,) = added["ingress"]
    assert "ports" not in gateway
    assert added["policyTypes"] == ["Ingress", "Egress"]


def test_without_a_gateway_nobody_comes_in_for_it() -> None:
    ambient = Membership(mode="ambient", revision="stable", gateway=False)
    (probes,) = network_policies("fraud", ambient)["mesh"]["ingress"]
    assert "ipBlock" in probes["from"][0]
    sidecar = Membership(mode="sidecar", revision="stable", gateway=False)
    assert network_policies("fraud", sidecar)["mesh"]["policyTypes"] == ["Egress"]


def test_pods_of_an_ambient_mesh_are_given_no_sidecars() -> None:
    assert AMBIENT.labels == {"istio.io/dataplane-mode": "ambient"}
    assert SIDECAR.labels == {"istio.io/rev": "stable"}
