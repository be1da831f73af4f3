"""Jobs that train: their queues, their pods."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

_TEAM = 'on (namespace) group_left (team) mlcluster:namespace_team:info{team=~"$team", phase="training"}'

BOARD: Final = Board(
    name="training",
    title="Training",
    by_team=True,
    rows=(
        Row(
            title="Queues",
            panels=(
                Panel(
                    title="Waiting",
                    legend="{{cluster_queue}} {{status}}",
                    expr="sum by (cluster_queue, status) (kueue_pending_workloads)",
                ),
                Panel(
                    title="Running",
                    legend="{{cluster_queue}}",
                    expr="sum by (cluster_queue) (kueue_admitted_active_workloads)",
                ),
                Panel(
                    title="Wait until let in, 95 of 100",
                    unit="s",
                    legend="{{cluster_queue}}",
                    expr="histogram_quantile(0.95, sum by (le, cluster_queue) "
                    "(rate(kueue_admission_wait_time_seconds_bucket[1h])))",
                ),
                Panel(
                    title="Put out again in the last hour",
                    legend="{{cluster_queue}} {{reason}}",
                    expr="sum by (cluster_queue, reason) (increase(kueue_evicted_workloads_total[1h]))",
                ),
            ),
        ),
        Row(
            title="Pods",
            panels=(
                Panel(
                    title="Pods by state",
                    legend="{{team}} {{phase}}",
                    expr="sum by (team, phase) (kube_pod_status_phase * on (namespace) group_left (team) "
                    "max by (namespace, team) "
                    '(mlcluster:namespace_team:info{team=~"$team", phase="training"}))',
                ),
                Panel(
                    title="Jobs that failed",
                    legend="{{team}}",
                    expr=f"sum by (team) ((kube_job_status_failed > 0) * {_TEAM})",
                ),
            ),
        ),
    ),
)
