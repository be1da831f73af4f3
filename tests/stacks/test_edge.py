"""Names, certificates and secrets in a stack: what exists, what comes first, and what goes last."""

from __future__ import annotations

from typing import Any

import pytest

from infra import environment
from operations.recorder import record
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import Found
from tests.stacks.test_platform import SETTINGS, parsed

EDGE: dict[str, Any] = {
    "domain": {"name": "ml.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ"},
    "certificates": {"email": "ml-platform@example.com"},
    "secrets": {},
}
RELEASES = {"load-balancers", "external-dns", "cert-manager", "external-secrets"}
CUSTOM = ("cert-manager.io", "external-secrets.io")


def releases(found: Found) -> set[str]:
    return RELEASES & set(found.names("Release"))


def on_premises(**more: Any) -> Found:
    settings = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "kind-lab"},
        "teams": SETTINGS["teams"],
        **more,
    }
    return Found(record(environment.parse("test", {"mlcluster:environment": settings})))


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(**EDGE)))


def test_sections_that_are_absent_bring_nothing() -> None:
    plain = Found(record(parsed()))
    assert releases(plain) == set()
    assert not [one for one in plain.resources if one.type.split(":")[1].startswith(CUSTOM)]
    assert "controllers-names" not in plain.names("PodIdentityAssociation")


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (("domain",), {"load-balancers", "external-dns"}),
        (("domain", "certificates"), {"load-balancers", "external-dns", "cert-manager"}),
        (("secrets",), {"external-secrets"}),
    ],
)
def test_each_section_brings_its_own(sections: tuple[str, ...], expected: set[str]) -> None:
    made = Found(record(parsed(**{name: EDGE[name] for name in sections})))
    assert releases(made) == expected


def test_controllers_have_nodes_and_rights_as_long_as_they_are_there(found: Found) -> None:
    rights = {
        "load-balancers": "controllers-balancers",
        "external-dns": "controllers-names",
        "cert-manager": "cert-manager",
        "external-secrets": "external-secrets",
    }
    for release, association in rights.items():
        before = found.before(found.one("Release", release))
        assert {f"PodIdentityAssociation::{association}", "NodeGroup::system"} <= before, release


def test_controllers_do_not_wait_for_each_other(found: Found) -> None:
    for name in RELEASES:
        before = found.before(found.one("Release", name))
        assert not {f"Release::{other}" for other in RELEASES - {name}} & before


def test_teams_go_before_what_looks_after_their_objects(found: Found) -> None:
    space = found.before(found.one("Namespace", "fraud-training"))
    assert {f"Release::{name}" for name in RELEASES} <= space


def test_a_teams_store_is_in_each_of_its_namespaces(found: Found) -> None:
    stores = {one.inputs["metadata"]["namespace"] for one in found.all("SecretStore")}
    assert stores == {"fraud-exploration", "fraud-training", "fraud-serving"}
    store = found.before(found.one("SecretStore", "secrets-fraud-fraud-training"))
    assert {"Namespace::fraud-training", "Release::external-secrets"} <= store


def test_names_and_certificates_are_of_the_environments_own_domain(found: Found) -> None:
    assert found.inputs("Release", "external-dns")["values"]["domainFilters"] == ["test.ml.example.com"]
    (solver,) = found.inputs("ClusterIssuer")["spec"]["acme"]["solvers"]
    assert solver["selector"]["dnsZones"] == ["test.ml.example.com"]
    for role in ("controllers-names", "cert-manager"):
        policy = found.inputs("RolePolicy", role)["policy"]
        assert "hostedzone/Z0123456789ABCDEFGHIJ" in policy
        assert "test.ml.example.com" in policy


def test_two_of_each_where_there_are_three_zones() -> None:
    for zones, replicas in ((2, 1), (3, 2)):
        made = Found(record(parsed(**EDGE, network={**SETTINGS["network"], "zones": zones})))
        assert made.inputs("Release", "cert-manager")["values"]["replicaCount"] == replicas
        assert made.inputs("Release", "load-balancers")["values"]["replicaCount"] == replicas


@needs_upstream
def test_every_custom_object_is_as_its_project_wants_it(found: Found) -> None:
    custom = [one for one in found.resources if one.type.split(":")[1].startswith(CUSTOM)]
    assert {one.type.rpartition(":")[2] for one in custom} == {
        "ClusterIssuer",
        "ClusterSecretStore",
        "SecretStore",
    }
    for one in custom:
        assert complaints(one.inputs) == [], one.urn


def test_charts_come_from_the_environments_mirror() -> None:
    made = Found(record(parsed(**EDGE, mirror="oci://mirror.example.com/charts")))
    for name in RELEASES:
        assert made.inputs("Release", name)["chart"].startswith("oci://mirror.example.com/charts"), name


def test_an_existing_cluster_has_certificates_and_passwords_without_aws() -> None:
    made = on_premises(domain={"name": "ml.example.com"}, certificates={"authority": "private"}, secrets={})
    assert releases(made) == {"cert-manager", "external-secrets"}
    assert not made.all("SecretStore")
    assert not [one for one in made.resources if one.type.startswith("aws:")]
    assert {"Release::external-secrets", "Namespace::fraud-training"} <= made.before(
        made.one("RoleBinding", "secrets-fraud-fraud-training")
    )
