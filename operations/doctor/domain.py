"""Whether the domain's zone is there and is what the file says, and the login's secret too."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from infra import hostnames, naming
from infra.environment.domain import Domain
from operations.doctor.finding import Finding, failed, passed
from operations.doctor.patient import Patient


def check(patient: Patient) -> Iterator[Finding]:
    """The zone exists, has room for the environment's names, and is public or private as the file says."""
    domain = patient.environment.domain
    if domain is None or domain.hosted_zone is None:
        return
    yield _zone(patient, domain, domain.hosted_zone)
    if domain.login is not None:
        yield _secret(patient, naming.secret(patient.environment.name, "platform", domain.login.secret))


def _zone(patient: Patient, domain: Domain, id_: str) -> Finding:
    try:
        zone = patient.aws("route53").get_hosted_zone(Id=id_)["HostedZone"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchHostedZone":
            raise
        words = f"there is no zone {id_} for {domain.name}"
        return failed("domain", words, "look at its id, and at the account that it is in")
    name, private = zone["Name"].rstrip("."), bool(zone["Config"]["PrivateZone"])
    base = hostnames.base(patient.environment.name, domain.name)
    if base != name and not base.endswith(f".{name}"):
        return failed("domain", f"{id_} is the zone of {name}", f"write a zone that {base} is in")
    if private != domain.private:
        kinds = {True: "private", False: "public"}
        words = f"{id_}, the zone of {name}, is {kinds[private]}, and the file says {kinds[domain.private]}"
        return failed("domain", words, f"write domain.private: {str(private).lower()}, or another zone")
    return passed("domain", f"{base} is in {id_}, the zone of {name}")


def _secret(patient: Patient, name: str) -> Finding:
    try:
        patient.aws("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        hint = 'create it in AWS Secrets Manager, as {"client-secret": "…"}'
        return failed("domain", f"there is no secret {name}, which the login needs", hint)
    return passed("domain", f"the login's secret {name} is there")
