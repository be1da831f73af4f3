"""Where an environment's services are found by name, and how people log in to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from infra.environment.cluster import HostedZone
from infra.environment.fields import Flag, Form
from infra.environment.oidc import Claim, Client, Issuer
from infra.environment.section import Section
from infra.problems import Wrong

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"


def _labels(value: str) -> str:
    for label in value.split("."):
        if len(label) > 63:
            raise Wrong(f"has a label of {len(label)} characters", "write at most 63 between two dots")
    return value


DomainName = Annotated[
    str,
    Form(
        pattern=rf"({_LABEL}\.)+[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not the name of a domain",
        hint="write small letters, digits and hyphens between dots, such as ml.example.com",
        example="ml.example.com",
        longest=150,
    ),
    AfterValidator(_labels),
]
SecretPath = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        wrong="is not the name of a secret",
        hint="write small letters, digits and hyphens, such as login",
        example="login",
    ),
]


class Login(Section):
    """The OpenID Connect provider that people log in to web consoles by.

    The provider has to let them return to `https://login.<environment>.<domain>/oauth2/callback`.
    """

    issuer: Issuer
    """Its address, as the claim `iss` of its tokens has it."""
    client_id: Client
    """What it calls the web consoles."""
    secret: SecretPath
    """Name of the secret that has the client's secret under the key `client-secret`: on platform `aws` in AWS
    Secrets Manager, below `mlcluster/<environment>/platform/`, which `secrets` brings into the cluster; on
    platform `kubernetes` a Secret that is in the login's namespace. The value itself never stands in this
    file."""
    groups_claim: Claim = "groups"
    """The claim of its tokens that lists a person's groups."""


class Domain(Section):
    """The domain that host names are in: each is `<service>.<environment>.<name>`."""

    name: DomainName
    """The domain, at most 150 characters: `ml.example.com` gives `grafana.dev.ml.example.com`."""
    hosted_zone: HostedZone | None = None
    """Id of the Route 53 zone that records are written in: the one of `name`, of a domain above it, or of
    `<environment>.<name>`. Required on, and only for, platform `aws`; elsewhere whoever runs the domain
    points the names at the cluster's gateway."""
    private: Flag = False
    """Whether the names are only for those inside: the zone is a private one, attached to the VPCs that may
    ask it, and load balancers get no public addresses. Default: the zone is public."""
    login: Login | None = None
    """How people log in to web consoles. Default: there is no login, and no console is let out."""
