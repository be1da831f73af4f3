"""Metrics, alerts, logs and costs, against the rest of the environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment import dashboards, files
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, BadInput, Problem, did_you_mean

_SECTIONS: Final = ("monitoring", "logs", "costs")


def _of_a_cluster(environment: Environment) -> Iterator[Problem]:
    """Nothing is watched where nothing runs."""
    if environment.cluster is not None:
        return
    for name in _SECTIONS:
        if getattr(environment, name) is not None:
            yield Problem(name, ABSENT, "needs a cluster", f"write the cluster, or remove {name}")


def _teams(environment: Environment) -> Iterator[Problem]:
    """Alerts are routed to teams that there are."""
    monitoring = environment.monitoring
    if monitoring is None or monitoring.alerts is None:
        return
    for team in monitoring.alerts.teams:
        if team not in environment.all_teams:
            path = dotted(("monitoring", "alerts", "teams", team))
            yield Problem(path, team, "is not a team", did_you_mean(team, environment.all_teams))


def _folder(environment: Environment) -> Iterator[Problem]:
    """Dashboards can be read."""
    monitoring = environment.monitoring
    if monitoring is None or monitoring.dashboards is None:
        return
    try:
        dashboards.read(files.project_root() / monitoring.dashboards)
    except BadInput as bad:
        yield from bad.problems


def _logs(environment: Environment) -> Iterator[Problem]:
    """CloudWatch is AWS's."""
    logs = environment.logs
    if logs is not None and logs.to == "cloudwatch" and environment.platform != "aws":
        hint = "write to: loki and loki: with its URL"
        yield Problem("logs.to", logs.to, "is only for platform aws", hint)


def _costs(environment: Environment) -> Iterator[Problem]:
    """Costs are reckoned from metrics, and from prices of somebody's."""
    costs = environment.costs
    if costs is None:
        return
    if environment.monitoring is None:
        hint = "write monitoring: {} beside it, or remove costs"
        yield Problem("costs", ABSENT, "are reckoned from metrics, and there are none", hint)
    if environment.platform == "kubernetes" and costs.rates is None:
        hint = "write cpu, memory, gpu and storage below it, in USD an hour"
        yield Problem("costs.rates", ABSENT, "is missing, which platform kubernetes needs", hint)


CHECKS: Final = (
    check(_of_a_cluster, "cluster", *_SECTIONS),
    check(_teams, "monitoring", "teams"),
    check(_folder, "monitoring"),
    check(_logs, "logs", "platform"),
    check(_costs, "costs", "monitoring", "platform"),
)
