"""Names, certificates and secrets: whether each has what it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import ABSENT, Problem


def _zone(environment: Environment) -> Iterator[Problem]:
    """A domain at AWS has a zone, and is the only one that external-dns writes in."""
    domain = environment.domain
    if domain is None or environment.platform != "aws":
        return
    if domain.hosted_zone is None:
        hint = "write the id of the Route 53 zone of this domain, such as Z0123456789ABCDEFGHIJ"
        yield Problem("domain.hosted_zone", ABSENT, "is missing, so no name could be written", hint)
    if environment.cluster is not None and environment.cluster.hosted_zones:
        zones = ", ".join(environment.cluster.hosted_zones)
        message = "is for an external-dns of your own, and domain brings one"
        yield Problem("cluster.hosted_zones", zones, message, "remove it, or remove domain")


def _reach(environment: Environment) -> Iterator[Problem]:
    """Route 53 and ACME authorities are on the internet; Route 53's endpoint is in one region alone.

    https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html
    """
    if environment.network is None or not environment.network.is_cut_off or environment.domain is None:
        return
    message = "needs Route 53, which cannot be reached without a way to the internet"
    hint = "write network.nat, or a network.transit that leads there, or remove domain"
    yield Problem("domain", environment.domain.name, message, hint)


def _certificates(environment: Environment) -> Iterator[Problem]:
    """Certificates are of names, and an ACME authority can see what it asks for."""
    certificates, domain = environment.certificates, environment.domain
    if certificates is None:
        return
    if domain is None:
        hint = "write domain, or remove certificates"
        yield Problem("certificates", ABSENT, "has no names to vouch for", hint)
        return
    if certificates.authority == "private":
        return
    path, authority, hint = "certificates.authority", certificates.authority, "write authority: private"
    if environment.platform != "aws":
        message = "has its questions answered in Route 53, which is only on platform aws"
        yield Problem(path, authority, message, hint)
    elif domain.private:
        message = "cannot see the records of a private zone (domain.private)"
        yield Problem(path, authority, message, hint)


def _login(environment: Environment) -> Iterator[Problem]:
    """The secret of a login has a way into the cluster."""
    login = None if environment.domain is None else environment.domain.login
    if login is not None and environment.secrets is None:
        message = "has no way into the cluster"
        hint = "write secrets: {}, which brings it from AWS Secrets Manager and makes the login's own key"
        yield Problem("domain.login.secret", login.secret, message, hint)


CHECKS: Final = (
    check(_zone, "platform", "domain", "cluster"),
    check(_reach, "network", "domain"),
    check(_certificates, "platform", "certificates", "domain"),
    check(_login, "domain", "secrets"),
)
