"""An identity provider whose people enter a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from infra.environment.fields import Form
from infra.environment.section import Section
from infra.problems import Wrong

TEAM_PREFIX = "mlcluster:"
"""Beginning of the groups that IAM's people are in; no provider may hand such groups out."""

_TAKEN = re.compile(r"(system|eks|aws|amazon|iam|mlcluster):")


def _harmless(prefix: str) -> str:
    if _TAKEN.match(prefix):
        raise Wrong("is a prefix of groups that have rights of their own", 'choose another, such as "oidc:"')
    return prefix


Issuer = Annotated[
    str,
    Form(
        pattern=r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?",
        wrong="is not the address of an issuer",
        hint="write it as its tokens have it: https, without a query, such as https://login.example.com",
        example="https://login.example.com",
        longest=2048,
    ),
]
Client = Annotated[
    str,
    Form(
        pattern=r"\S+",
        wrong="is not the id of a client",
        hint="write the audience that the provider gives tokens for",
        example="kubernetes",
        longest=1024,
    ),
]
Claim = Annotated[
    str,
    Form(
        pattern=r"\S+",
        wrong="is not the name of a claim",
        hint="write one of the token's, such as groups",
        example="groups",
        longest=63,
    ),
]
Prefix = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?:",
        wrong="is not a prefix",
        hint='write small letters and digits and a colon, such as "oidc:"',
        example="oidc:",
    ),
    AfterValidator(_harmless),
]


class Oidc(Section):
    """An OpenID Connect provider. EKS takes one, beside IAM; its keys must be readable over the internet.

    https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
    """

    issuer: Issuer
    """Its address, as the claim `iss` of its tokens has it."""
    client_id: Client
    """The audience that its tokens for this cluster are for."""
    groups_claim: Claim = "groups"
    """The claim of its tokens that lists a person's groups."""
    groups_prefix: Prefix = "oidc:"
    """What is put before its groups, in `teams.*.members` too: its group `fraud` is `oidc:fraud`."""
    username_claim: Claim = "sub"
    """The claim that names a person, in the audit log above all."""
    username_prefix: Prefix = "oidc:"
    """What is put before the names of its people."""
    required_claims: Mapping[Claim, Annotated[str, Field(min_length=1, max_length=253)]] = {}
    """Claims that a token must have with just these values, to be let in. Default: any token will do."""
