"""Who vouches for the names that services answer to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import model_validator

from infra.environment.fields import Email, Form
from infra.environment.section import Section
from infra.problems import Wrong

ACME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acme": "https://acme-v02.api.letsencrypt.org/directory",
        "acme-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
    }
)
"""Directories of the ACME authorities by what the environment file calls them:
https://letsencrypt.org/getting-started/ and https://letsencrypt.org/docs/staging-environment/"""

SecretName = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        wrong="is not the name of a Secret",
        hint="write small letters, digits and hyphens, such as corporate-ca",
        example="corporate-ca",
    ),
]


class Certificates(Section):
    """Certificates of the domain's names, which cert-manager asks for and renews."""

    authority: Literal["acme", "acme-staging", "private"] = "acme"
    """Who signs. `acme`: Let's Encrypt, which browsers trust; it asks for a record in the domain's public
    zone, so it is only for platform `aws`. `acme-staging`: its rehearsal with generous limits, which browsers
    do not trust: for environments that come and go. `private`: an authority of one's own, for private names
    and sites without internet."""
    email: Email | None = None
    """Who is told by the authority when something is wrong with the account. Required with `acme` and
    `acme-staging`, and only for them."""
    secret: SecretName | None = None
    """With `private`: a TLS Secret in the namespace `cert-manager` that has the authority's certificate and
    key, which you put there; certificates wait for it. Default: cert-manager makes an authority that lives as
    long as the environment."""

    @model_validator(mode="after")
    def _whole(self) -> Certificates:
        private = self.authority == "private"
        if not private and self.email is None:
            raise Wrong("has no email, which ACME authorities ask for", "write email: somebody@example.com")
        if not private and self.secret is not None:
            raise Wrong("has a secret, which only authority private has", "remove secret")
        if private and self.email is not None:
            raise Wrong("has an email, which only ACME authorities are told", "remove email")
        return self
