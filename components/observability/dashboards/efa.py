"""The network between GPUs of different nodes."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row


def _rate(counter: str) -> str:
    return f"sum by (instance) (rate(node_amazonefa_{counter}[5m]))"


BOARD: Final = Board(
    name="efa",
    title="EFA",
    rows=(
        Row(
            title="Traffic by node",
            panels=(
                Panel(title="Sent", unit="Bps", legend="{{instance}}", expr=_rate("tx_bytes")),
                Panel(title="Received", unit="Bps", legend="{{instance}}", expr=_rate("rx_bytes")),
                Panel(title="Read by RDMA", unit="Bps", legend="{{instance}}", expr=_rate("rdma_read_bytes")),
                Panel(
                    title="Written by RDMA", unit="Bps", legend="{{instance}}", expr=_rate("rdma_write_bytes")
                ),
            ),
        ),
        Row(
            title="What goes wrong",
            panels=(
                Panel(title="Packets dropped", unit="pps", legend="{{instance}}", expr=_rate("rx_drops")),
                Panel(
                    title="Failed reads", unit="cps", legend="{{instance}}", expr=_rate("rdma_read_wr_err")
                ),
                Panel(
                    title="Failed writes", unit="cps", legend="{{instance}}", expr=_rate("rdma_write_wr_err")
                ),
            ),
        ),
    ),
)
