"""A domain's zone and its login's secret, as the account has them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment.domain import Domain
from operations.doctor import domain
from operations.doctor.finding import Finding
from tests.operations.doctor.conftest import Account, edited, patient

LOGIN = {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"}


def zone(account: Account, name: str, *, private: bool = False) -> str:
    vpc: dict[str, Any] = {}
    if private:
        made = account.connect("ec2", "us-east-1").create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
        vpc = {"VPC": {"VPCRegion": "us-east-1", "VPCId": made}}
    client = account.connect("route53", "us-east-1")
    settings = {"PrivateZone": private, "Comment": ""}
    found = client.create_hosted_zone(Name=name, CallerReference=name, HostedZoneConfig=settings, **vpc)
    return str(found["HostedZone"]["Id"]).rpartition("/")[2]


def examined(account: Account, hosted_zone: str, **more: Any) -> list[Finding]:
    section = Domain.model_validate({"name": "ml.example.com", **more})
    section = section.model_copy(update={"hosted_zone": hosted_zone})  # moto's do not begin with a Z
    return list(domain.check(patient(edited("prod", domain=section), account)))


@pytest.mark.parametrize("name", ["ml.example.com", "example.com", "prod.ml.example.com"])
def test_a_zone_that_the_names_are_in_will_do(account: Account, name: str) -> None:
    (found,) = examined(account, zone(account, name))
    assert (found.status, found.hint) == ("passed", "")


@pytest.mark.parametrize("name", ["example.org", "l.example.com", "other.ml.example.com"])
def test_a_zone_of_another_domain_fails(account: Account, name: str) -> None:
    (found,) = examined(account, zone(account, name))
    assert found.status == "failed"
    assert found.hint == "write a zone that prod.ml.example.com is in"


def test_a_zone_that_is_not_there_fails(account: Account) -> None:
    (found,) = examined(account, "Z0123456789ABCDEFGHIJ")
    assert found.status == "failed"
    assert "there is no zone Z0123456789ABCDEFGHIJ for ml.example.com" in found.words


@pytest.mark.parametrize("private", [True, False])
def test_a_zone_is_of_the_kind_that_is_said(account: Account, private: bool) -> None:
    id_ = zone(account, "ml.example.com", private=private)
    assert [one.status for one in examined(account, id_, private=private)] == ["passed"]
    (found,) = examined(account, id_, private=not private)
    assert found.status == "failed"
    assert f"write domain.private: {str(private).lower()}" in found.hint


@pytest.mark.parametrize(("made", "status"), [(True, "passed"), (False, "failed")])
def test_the_logins_secret_is_where_it_is_looked_for(account: Account, made: bool, status: str) -> None:
    if made:
        account.connect("secretsmanager", "us-east-1").create_secret(
            Name="mlcluster/prod/platform/login", SecretString='{"client-secret": "x"}'
        )
    _zone, found = examined(account, zone(account, "ml.example.com"), login=LOGIN)
    assert found.status == status
    assert "mlcluster/prod/platform/login" in found.words


def test_without_a_domain_there_is_nothing_to_look_at(account: Account) -> None:
    assert list(domain.check(patient(edited("dev"), account))) == []
