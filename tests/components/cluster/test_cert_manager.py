"""Certificates: who is asked, how questions are answered, and what comes first."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.cluster import cert_manager_manifests as manifests
from components.cluster import edge_policies
from components.cluster.cert_manager import CertManager, CertManagerArgs, Challenges
from infra.environment.certificates import Certificates
from tests.components.chart_values import unknown_paths
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

BASE = "test.ml.example.com"
EMAIL = "somebody@example.com"


def recorded(**settings: Any) -> Found:
    certificates = Certificates.model_validate(settings)
    challenges = (
        None
        if certificates.authority == "private"
        else Challenges(place=PLACE, cluster=cluster(), zone="Z1", base=BASE)
    )

    def build(opts: pulumi.ResourceOptions) -> None:
        args = CertManagerArgs(scope=SCOPE, certificates=certificates, challenges=challenges, replicas=2)
        pulumi.export("issuer", CertManager("cert-manager", args, opts).issuer)

    return record_component(build)


def issuer(found: Found) -> dict[str, Any]:
    (made,) = (
        one.inputs
        for one in found.all("ClusterIssuer")
        if one.inputs["metadata"]["name"] == found.recording.outputs["issuer"]
    )
    return dict(made["spec"])


AUTHORITIES = pytest.mark.parametrize(
    "settings",
    [
        {"email": EMAIL},
        {"email": EMAIL, "authority": "acme-staging"},
        {"authority": "private"},
        {"authority": "private", "secret": "corporate-ca"},
    ],
    ids=["acme", "staging", "own", "given"],
)


@AUTHORITIES
@needs_upstream
def test_cert_managers_own_definitions_have_nothing_against_it(settings: dict[str, Any]) -> None:
    found = recorded(**settings)
    for one in (*found.all("ClusterIssuer"), *found.all("Certificate")):
        assert complaints(one.inputs) == []


@needs_upstream
def test_a_definition_does_complain() -> None:
    inputs = recorded(email=EMAIL).inputs("ClusterIssuer")
    assert complaints({**inputs, "spec": {"acme": {"server": "x", "solvers": []}}})


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_chart_has_the_values(replicas: int) -> None:
    assert unknown_paths("cert-manager", manifests.values(replicas)) == []
    assert unknown_paths("cert-manager", {"crd": {"enabled": True}}) == ["crd"]


@AUTHORITIES
def test_the_issuer_has_one_name_and_waits_for_the_webhook(settings: dict[str, Any]) -> None:
    found = recorded(**settings)
    assert found.recording.outputs["issuer"] == "mlcluster"
    for one in found.all("ClusterIssuer"):
        assert "Release::cert-manager" in found.before(one)
    assert manifests.values(1).get("startupapicheck", {}).get("enabled", True)


def test_kinds_come_with_the_chart() -> None:
    assert manifests.values(1)["crds"] == {"enabled": True, "keep": True}


@pytest.mark.parametrize(
    ("authority", "server"), [("acme", "acme-v02"), ("acme-staging", "acme-staging-v02")]
)
def test_the_authority_is_the_one_that_is_named(authority: str, server: str) -> None:
    acme = issuer(recorded(email=EMAIL, authority=authority))["acme"]
    assert acme["server"] == f"https://{server}.api.letsencrypt.org/directory"
    assert acme["email"] == EMAIL
    assert acme["privateKeySecretRef"]["name"] == f"{authority}-account"


def test_questions_are_answered_in_the_zone_by_pod_identity_without_keys() -> None:
    (solver,) = issuer(recorded(email=EMAIL))["acme"]["solvers"]
    assert solver["selector"] == {"dnsZones": [BASE]}
    assert solver["dns01"]["route53"] == {"region": PLACE.region, "hostedZoneID": "Z1"}


def test_the_rights_are_those_of_cert_managers_pods_alone_and_outlive_them() -> None:
    found = recorded(email=EMAIL)
    association = found.inputs("PodIdentityAssociation")
    values = found.inputs("Release")["values"]
    assert (association["namespace"], association["serviceAccount"]) == (
        found.inputs("Release")["namespace"],
        values["serviceAccount"]["name"],
    )
    assert "PodIdentityAssociation::cert-manager" in found.before(found.one("Release"))


def test_it_may_answer_challenges_below_its_name_and_write_nothing_else() -> None:
    change, read, write = statements(edge_policies.challenges(PLACE, "Z1", BASE))
    assert change["Resource"] == "arn:aws:route53:::change/*"
    assert read["Resource"] == write["Resource"] == "arn:aws:route53:::hostedzone/Z1"
    equals, like = (write["Condition"][f"ForAllValues:{one}"] for one in ("StringEquals", "StringLike"))
    assert equals == {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}
    (patterns,) = like.values()
    assert patterns == [f"_acme-challenge.{BASE}", f"_acme-challenge.*.{BASE}"]


def test_a_private_authority_has_no_rights_at_aws() -> None:
    assert not recorded(authority="private").all("Role")


def test_an_authority_of_its_own_signs_itself_and_keeps_its_key() -> None:
    found = recorded(authority="private")
    root = found.inputs("Certificate")
    assert root["spec"]["isCA"] is True
    assert root["spec"]["privateKey"]["rotationPolicy"] == "Never"
    assert root["metadata"]["namespace"] == found.inputs("Release")["namespace"]
    assert issuer(found) == {"ca": {"secretName": root["spec"]["secretName"]}}
    last = found.one("ClusterIssuer", "cert-manager-clusterissuer-mlcluster")
    assert "Certificate::cert-manager-certificate-mlcluster-root" in found.before(last)


def test_a_given_authority_signs_with_its_secret() -> None:
    found = recorded(authority="private", secret="corporate-ca")
    assert issuer(found) == {"ca": {"secretName": "corporate-ca"}}
    assert not found.all("Certificate")


def test_no_key_passes_through_the_program() -> None:
    assert not recorded(authority="private").all("Secret")


@pytest.mark.parametrize("part", [None, "webhook", "cainjector"])
def test_every_part_is_placed_and_sized(part: str | None) -> None:
    values = manifests.values(2) if part is None else manifests.values(2)[part]
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert values["topologySpreadConstraints"]
    assert values["resources"]["limits"]["memory"]
