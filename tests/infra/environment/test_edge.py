"""Domains, certificates and secrets, and what is said of mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest

from infra import hostnames
from infra.environment.endpoints import needed
from infra.problems import BadInput
from tests.infra.environment.samples import on_premises, problems_of, small

ZONE = "Z0123456789ABCDEFGHIJ"
DOMAIN = {"name": "ml.example.com", "hosted_zone": ZONE}
ACME = {"email": "ml-platform@example.com"}
LOGIN = {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"}
GATEWAY = {"gateway": {"sources": ["10.0.0.0/8"]}}
CUT_OFF = {"cidr": "10.10.0.0/16", "zones": 2, "nat": "none"}


def lab_problems(changes: dict[str, Any]) -> list[str]:
    try:
        on_premises(changes)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


def test_all_of_it_is_absent_by_default() -> None:
    env = small()
    assert (env.domain, env.certificates, env.secrets) == (None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": DOMAIN},
        {"domain": {**DOMAIN, "private": True}, "certificates": {"authority": "private"}},
        {"domain": DOMAIN, "certificates": ACME},
        {"domain": DOMAIN, "certificates": {**ACME, "authority": "acme-staging"}},
        {"domain": DOMAIN, "certificates": {"authority": "private", "secret": "corporate-ca"}},
        {"secrets": {}},
        {"secrets": {"refresh": "10m"}},
        {"domain": {**DOMAIN, "login": LOGIN}, "certificates": ACME, "secrets": {}, "mesh": GATEWAY},
    ],
)
def test_what_is_right_is_taken(changes: dict[str, Any]) -> None:
    assert problems_of(changes) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": {"name": "ml.example.com"}, "certificates": {"authority": "private"}},
        {"secrets": {}},
    ],
)
def test_on_an_existing_cluster_names_are_written_by_others(changes: dict[str, Any]) -> None:
    assert lab_problems(changes) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"domain": {"name": "ml.example.com"}},
            "domain.hosted_zone: is missing, so no name could be written; write the id of the Route 53 zone",
        ),
        (
            {"domain": {**DOMAIN, "hosted_zone": "ml.example.com"}},
            "domain.hosted_zone: ml.example.com is not the id of a hosted zone; write what Route 53 shows",
        ),
        ({"domain": {"hosted_zone": ZONE}}, "domain.name: is missing; write it: The domain, at most"),
        *(
            ({"domain": {**DOMAIN, "name": name}}, f"domain.name: {name} is not the name of a domain; write")
            for name in ("example", "Example.com", "*.example.com", "example.com.", "a..com", "10.0.0.1")
        ),
        (
            {"domain": {**DOMAIN, "name": f"{'a' * 64}.com"}},
            "has a label of 64 characters; write at most 63 between two dots",
        ),
        (
            {"domain": {**DOMAIN, "name": f"{'a.' * 80}com"}},
            "is 163 characters long; write at most 150",
        ),
        (
            {"domain": DOMAIN, "cluster.hosted_zones": ["Z1", "Z2"]},
            "cluster.hosted_zones: Z1, Z2 is for an external-dns of your own, and domain brings one; remove",
        ),
        (
            {"domain": DOMAIN, "network": CUT_OFF},
            "domain: ml.example.com needs Route 53, which cannot be reached without a way to the internet",
        ),
        ({"certificates": ACME}, "certificates: has no names to vouch for; write domain, or remove"),
        (
            {"domain": DOMAIN, "certificates": {}},
            "certificates: {} has no email, which ACME authorities ask for; write email: somebody@",
        ),
        (
            {"domain": DOMAIN, "certificates": {**ACME, "authority": "letsencrypt"}},
            "certificates.authority: letsencrypt is not among what can be chosen; write",
        ),
        (
            {"domain": DOMAIN, "certificates": {"email": "nobody"}},
            "certificates.email: nobody is not an e-mail address",
        ),
        (
            {"domain": DOMAIN, "certificates": {**ACME, "secret": "corporate-ca"}},
            "has a secret, which only authority private has; remove secret",
        ),
        (
            {"domain": DOMAIN, "certificates": {**ACME, "authority": "private"}},
            "has an email, which only ACME authorities are told; remove email",
        ),
        (
            {"domain": {**DOMAIN, "private": True}, "certificates": ACME},
            "certificates.authority: acme cannot see the records of a private zone (domain.private); write",
        ),
        (
            {"domain": {**DOMAIN, "login": {"issuer": LOGIN["issuer"], "client_id": "consoles"}}},
            "domain.login.secret: is missing; write it: Name of the secret that has the client's secret",
        ),
        (
            {"domain": {**DOMAIN, "login": {**LOGIN, "secret": "arn:aws:x"}}},
            "domain.login.secret: arn:aws:x is not the name of a secret; write small letters",
        ),
        (
            {"domain": {**DOMAIN, "login": LOGIN}, "certificates": ACME, "mesh": GATEWAY},
            "domain.login.secret: login has no way into the cluster; write secrets: {}, which brings it",
        ),
        ({"secrets": {"refresh": "10s"}}, "secrets.refresh: 10s is below 1m; write at least 1m"),
        (
            {"secrets": {"prefix": "x"}},
            "secrets.prefix: is not a key that is known here; write one of refresh",
        ),
    ],
)
def test_a_mistake_at_aws_is_one_problem(changes: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(changes)
    assert said in problem


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"domain": DOMAIN}, "domain.hosted_zone: is only for platform aws; remove it"),
        (
            {"domain": {"name": "example.com"}, "certificates": ACME},
            "certificates.authority: acme has its questions answered in Route 53, which is only on platform",
        ),
    ],
)
def test_a_mistake_on_an_existing_cluster_is_one_problem(changes: dict[str, Any], said: str) -> None:
    (problem,) = lab_problems(changes)
    assert said in problem


def test_the_longest_domain_leaves_room_for_every_service() -> None:
    domain = ".".join(["a" * 49] * 2 + ["a" * 46, "com"])
    assert len(domain) == 150
    assert len(hostnames.host("e" * 24, domain, "s" * 63)) <= hostnames.LONGEST


def test_secrets_are_reached_by_an_endpoint_where_there_is_no_other_way() -> None:
    assert "secretsmanager" in needed(small({"secrets": {}}))
    assert "secretsmanager" not in needed(small())
