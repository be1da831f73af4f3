"""How GPUs are used, and which are not."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

_TEAM = 'on (namespace) group_left (team) mlcluster:namespace_team:info{team=~"$team"}'
_IDLE = "avg by (namespace, pod) (avg_over_time(mlcluster:gpu_busy:ratio[1h])) < 0.02"
_ALLOCATED = f"sum by (team) (mlcluster:gpu_allocated:count * {_TEAM})"
_BUSY = f'avg by (team) (mlcluster:gpu_busy:ratio{{pod!=""}} * {_TEAM})'

BOARD: Final = Board(
    name="gpu",
    title="GPUs by team",
    by_team=True,
    rows=(
        Row(
            title="Use",
            panels=(
                Panel(title="GPUs allocated", legend="{{team}}", expr=_ALLOCATED),
                Panel(title="How busy they are", legend="{{team}}", unit="percentunit", expr=_BUSY),
                Panel(
                    title="Idle GPUs",
                    legend="{{team}}",
                    expr="sum by (team) ((mlcluster:gpu_allocated:count and on (namespace, pod) "
                    f"{_IDLE}) * {_TEAM})",
                    about="Allocated, and used for less than 2 % of the last hour",
                ),
                Panel(
                    title="GPUs that nobody has",
                    expr='sum(kube_node_status_allocatable{resource="nvidia_com_gpu"}) '
                    "- sum(mlcluster:gpu_allocated:count)",
                ),
                Panel(
                    title="Pods with idle GPUs",
                    kind="table",
                    expr=f"({_IDLE}) * {_TEAM}",
                ),
            ),
        ),
        Row(
            title="How hard they work",
            panels=(
                Panel(title="Tensor cores", unit="percentunit", expr="avg(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE)"),
                Panel(
                    title="Memory in use",
                    unit="percentunit",
                    legend="{{Hostname}} {{gpu}}",
                    expr="topk(20, DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE))",
                ),
                Panel(
                    title="Power",
                    unit="watt",
                    legend="{{modelName}}",
                    expr="sum by (modelName) (DCGM_FI_DEV_POWER_USAGE)",
                ),
                Panel(
                    title="Temperature",
                    unit="celsius",
                    legend="{{Hostname}} {{gpu}}",
                    expr="topk(10, DCGM_FI_DEV_GPU_TEMP)",
                ),
            ),
        ),
        Row(
            title="Health",
            panels=(
                Panel(
                    title="Last XID",
                    kind="table",
                    expr="mlcluster:gpu_xid:last > 0",
                    about="Which one means what: https://docs.nvidia.com/deploy/xid-errors/",
                ),
                Panel(
                    title="Remapped rows after errors that ECC could not correct",
                    legend="{{Hostname}} {{gpu}}",
                    expr="DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS > 0",
                ),
            ),
        ),
    ),
)
