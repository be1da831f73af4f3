"""Pipelines and delivery, and what they need of other sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import Problem, did_you_mean


def _teams(environment: Environment) -> Iterator[Problem]:
    """Whoever is named is a team."""
    pipelines = environment.pipelines
    if pipelines is None:
        return
    named = {"semaphores": list(pipelines.semaphores)}
    if pipelines.delivery is not None:
        named["delivery.repositories"] = list(pipelines.delivery.repositories)
    for field, teams in named.items():
        for team in teams:
            if team not in environment.all_teams:
                path = dotted(["pipelines", *field.split("."), team])
                yield Problem(path, team, "is not a team", did_you_mean(team, environment.all_teams))


def _at_once(environment: Environment) -> Iterator[Problem]:
    """One namespace has no more than all have."""
    pipelines = environment.pipelines
    if pipelines is not None and pipelines.team_parallelism > pipelines.parallelism:
        yield Problem(
            "pipelines.team_parallelism",
            pipelines.team_parallelism,
            f"is above parallelism, {pipelines.parallelism}",
            f"write at most {pipelines.parallelism}, or a larger pipelines.parallelism",
        )


def _archive(environment: Environment) -> Iterator[Problem]:
    """Records are kept in a database."""
    pipelines = environment.pipelines
    if pipelines is not None and pipelines.archive is not None and environment.postgres is None:
        hint = "write postgres: {}, or remove pipelines.archive"
        yield Problem("pipelines.archive", pipelines.archive.written(), "has no database to be kept in", hint)


def _credentials(environment: Environment) -> Iterator[Problem]:
    """Secrets have a way into the cluster."""
    delivery = None if environment.pipelines is None else environment.pipelines.delivery
    if delivery is None or not delivery.credentials:
        return
    path, given = "pipelines.delivery.credentials", list(delivery.credentials)
    if environment.platform != "aws":
        hint = "remove it, and make Secrets with the label argocd.argoproj.io/secret-type: repo-creds"
        yield Problem(path, given, "come from AWS Secrets Manager, which is only on platform aws", hint)
    elif environment.secrets is None:
        yield Problem(path, given, "have no way into the cluster", "write secrets: {}, or remove it")


def _admins(environment: Environment) -> Iterator[Problem]:
    """Whoever administers is asked who they are."""
    delivery = None if environment.pipelines is None else environment.pipelines.delivery
    login = None if environment.domain is None else environment.domain.login
    if delivery is not None and delivery.admins and login is None:
        hint = "write domain.login, or remove it"
        yield Problem("pipelines.delivery.admins", list(delivery.admins), "have no way to log in", hint)


def _reach(environment: Environment) -> Iterator[Problem]:
    """Repositories are somewhere outside."""
    delivery = None if environment.pipelines is None else environment.pipelines.delivery
    if delivery is None or environment.network is None or not environment.network.is_cut_off:
        return
    for team, repositories in delivery.repositories.items():
        path = dotted(["pipelines", "delivery", "repositories", team])
        message = "cannot be reached without a way out"
        hint = "write network.nat, or a network.transit that leads there, or remove it"
        yield Problem(path, list(repositories), message, hint)


CHECKS: Final = (
    check(_teams, "pipelines", "teams"),
    check(_at_once, "pipelines"),
    check(_archive, "pipelines", "postgres"),
    check(_credentials, "pipelines", "platform", "secrets"),
    check(_admins, "pipelines", "domain"),
    check(_reach, "pipelines", "network"),
)
