"""What brings to a cluster what is in Git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from infra.environment.domain import SecretPath
from infra.environment.fields import Different, Form, TeamName
from infra.environment.section import Section
from infra.problems import Wrong

_HTTPS = r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?"
_SSH = r"(ssh://git@[A-Za-z0-9.-]+(:[0-9]{1,5})?|git@[A-Za-z0-9.-]+:[A-Za-z0-9._-]+)"
_OCI = r"oci://[A-Za-z0-9.-]+(:[0-9]{1,5})?"


def _one_repository(value: str) -> str:
    """Refuses what would let in more than one repository, or tell a password."""
    if "*" in value:
        raise Wrong("stands for many repositories", "write each repository by itself")
    if "@" in value and not value.startswith(("git@", "ssh://git@")):
        raise Wrong("has credentials in it", "write it without them, and name their secret in credentials")
    return value


Repository = Annotated[
    str,
    AfterValidator(_one_repository),
    Form(
        pattern=rf"({_HTTPS}|{_SSH}|{_OCI})(/[A-Za-z0-9._~-]+)+",
        wrong="is not the address of a repository that may be asked",
        hint="write https://, ssh://git@ or oci://, a host and a path, such as https://github.com/acme/fraud",
        example="https://github.com/acme/fraud",
        longest=512,
    ),
]
Group = Annotated[
    str,
    Form(
        pattern=r"[^\s,]+",
        wrong="is not the name of a group",
        hint="write it as the provider's tokens have it, without blanks and commas",
        example="platform-admins",
        longest=253,
    ),
]


class Delivery(Section):
    """Argo CD, with a project for each team: from its own repositories into its own namespaces.

    A team writes Applications in its namespaces, with `project:` and its name. They bring what members may
    make by themselves: no cluster-wide objects, no roles, quotas or network policies, no Secrets.
    """

    repositories: Mapping[TeamName, Annotated[tuple[Repository, ...], Different]] = {}
    """By team, the repositories that it may deliver from: Git by HTTPS or SSH, or charts in an OCI registry.
    Default: none, and so nothing is delivered."""
    credentials: Annotated[tuple[SecretPath, ...], Different] = ()
    """Names of secrets with the keys `url`, `username` and `password`, in AWS Secrets Manager below
    `mlcluster/<environment>/platform/`: how repositories are read whose addresses begin with that `url`.
    Needs `secrets`; only on platform `aws`. Default: none, so repositories have to be public."""
    admins: Annotated[tuple[Group, ...], Different] = ()
    """Groups of `domain.login`'s provider, as its tokens have them, who may do everything in Argo CD's
    console. Default: nobody; teams may see and sync what is their own."""
