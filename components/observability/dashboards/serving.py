"""Models that answer requests."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row
from components.observability.rules import OBJECTIVE

_TEAM = 'on (namespace) group_left (team) mlcluster:namespace_team:info{team=~"$team"}'

BOARD: Final = Board(
    name="serving",
    title="Serving",
    by_team=True,
    rows=(
        Row(
            title="Requests",
            panels=(
                Panel(
                    title="Rate",
                    unit="reqps",
                    legend="{{destination_service_name}}",
                    expr="sum by (destination_service_name) "
                    '(rate(istio_requests_total{reporter=~"destination|waypoint"}[5m]))',
                ),
                Panel(
                    title="Time, 99 of 100",
                    unit="s",
                    legend="{{namespace}} {{service}}",
                    expr=f"mlcluster:serving_latency:p99_seconds * {_TEAM}",
                ),
                Panel(
                    title="Share that failed",
                    unit="percentunit",
                    legend="{{namespace}} {{service}}",
                    expr=f"mlcluster:serving_errors:ratio_5m * {_TEAM}",
                ),
                Panel(
                    title="How many times too fast the error budget goes",
                    legend="{{namespace}} {{service}}",
                    expr=f"mlcluster:serving_errors:ratio_1h / {OBJECTIVE} * {_TEAM}",
                    about="Above 1 the budget of 30 days does not last for 30 days",
                ),
            ),
        ),
        Row(
            title="Pods",
            panels=(
                Panel(
                    title="Copies that answer",
                    legend="{{namespace}} {{deployment}}",
                    expr=f"kube_deployment_status_replicas_available * {_TEAM}",
                ),
            ),
        ),
    ),
)
