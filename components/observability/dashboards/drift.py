"""How far the world has moved from what models were trained on."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

_TEAM = 'on (namespace) group_left (team) mlcluster:namespace_team:info{team=~"$team"}'

BOARD: Final = Board(
    name="drift",
    title="Drift",
    by_team=True,
    rows=(
        Row(
            title="Features",
            panels=(
                Panel(
                    title="Score",
                    legend="{{model}} {{feature}}",
                    expr=f"mlcluster_drift_score * {_TEAM}",
                    about="Whatever the drift job measures; each has a threshold of its own",
                ),
                Panel(
                    title="Score over its threshold",
                    unit="percentunit",
                    legend="{{model}} {{feature}}",
                    expr="max by (namespace, model, feature) (mlcluster_drift_score) "
                    "/ max by (namespace, model, feature) (mlcluster_drift_threshold)",
                ),
                Panel(
                    title="Since the last look",
                    unit="s",
                    kind="table",
                    expr="time() - max by (namespace, model) (mlcluster_drift_checked_timestamp_seconds)",
                ),
            ),
        ),
    ),
)
