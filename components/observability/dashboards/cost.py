"""What teams cost, as OpenCost reckons it."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

_TEAM = 'on (namespace) group_left (team) mlcluster:namespace_team:info{team=~"$team"}'


def _asked(allocation: str, price: str, divisor: str = "") -> str:
    """What containers have of something, at the price that it has on their node."""
    has = f"sum by (namespace, node) ({allocation}{divisor})"
    return f"({has} * on (node) group_left () max by (node) ({price}))"


_CPU = _asked("container_cpu_allocation", "node_cpu_hourly_cost")
_MEMORY = _asked("container_memory_allocation_bytes", "node_ram_hourly_cost", " / 1024 ^ 3")
_GPU = _asked("container_gpu_allocation", "node_gpu_hourly_cost")

BOARD: Final = Board(
    name="cost",
    title="Cost",
    by_team=True,
    rows=(
        Row(
            title="The whole",
            panels=(
                Panel(
                    title="Nodes, an hour",
                    kind="figure",
                    unit="currencyUSD",
                    expr="sum(node_total_hourly_cost)",
                ),
                Panel(
                    title="Nodes, a month",
                    kind="figure",
                    unit="currencyUSD",
                    expr="sum(node_total_hourly_cost) * 730",
                ),
                Panel(
                    title="By type of node, an hour",
                    unit="currencyUSD",
                    legend="{{instance_type}}",
                    expr="sum by (instance_type) (node_total_hourly_cost)",
                ),
            ),
        ),
        Row(
            title="Teams, an hour",
            panels=(
                Panel(
                    title="Processors",
                    unit="currencyUSD",
                    legend="{{team}}",
                    expr=f"sum by (team) ({_CPU} * {_TEAM})",
                ),
                Panel(
                    title="Memory",
                    unit="currencyUSD",
                    legend="{{team}}",
                    expr=f"sum by (team) ({_MEMORY} * {_TEAM})",
                ),
                Panel(
                    title="GPUs",
                    unit="currencyUSD",
                    legend="{{team}}",
                    expr=f"sum by (team) ({_GPU} * {_TEAM})",
                ),
            ),
        ),
    ),
)
