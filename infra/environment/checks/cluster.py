"""Who enters a cluster, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import Problem


def _members(environment: Environment) -> Iterator[tuple[str, str]]:
    """Every member of every team, with its path."""
    for name, team in environment.teams.items():
        for number, member in enumerate(team.members):
            yield dotted(("teams", name, "members", number)), member


def _principals(environment: Environment) -> Iterator[Problem]:
    """IAM lets people into clusters of AWS only, and each but once."""
    admins = () if environment.cluster is None else environment.cluster.admins
    for path, member in _members(environment):
        if not member.startswith("arn:"):
            continue
        if environment.platform != "aws":
            hint = "write a group that the cluster's own authentication gives"
            yield Problem(path, member, "is an ARN, which means nothing outside platform aws", hint)
        elif member in admins:
            hint = "remove it here, or from cluster.admins"
            yield Problem(path, member, "is among cluster.admins, who may do everything anyway", hint)


def _groups(environment: Environment) -> Iterator[Problem]:
    """The groups of a cluster's identity provider begin with its prefix: nobody is ever in another."""
    oidc = None if environment.cluster is None else environment.cluster.oidc
    if oidc is None:
        return
    for path, member in _members(environment):
        if not member.startswith(("arn:", oidc.groups_prefix)):
            message = f"does not begin with {oidc.groups_prefix}, so no group of the identity provider is it"
            yield Problem(path, member, message, f"write {oidc.groups_prefix}{member.rpartition(':')[2]}")


def _groups_have_a_provider(environment: Environment) -> Iterator[Problem]:
    """EKS knows IAM alone until it is given an identity provider: until then nobody is in its groups."""
    if environment.platform != "aws" or environment.cluster is None or environment.cluster.oidc is not None:
        return
    for path, member in _members(environment):
        if not member.startswith("arn:"):
            hint = "write cluster.oidc, the provider that it is a group of, or the ARNs of IAM roles"
            yield Problem(path, member, "is a group of an identity provider, and there is none", hint)


CHECKS: Final = (
    check(_principals, "platform", "cluster", "teams"),
    check(_groups, "cluster", "teams"),
    check(_groups_have_a_provider, "platform", "cluster", "teams"),
)
