"""FSx for Lustre, as CloudWatch knows it."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

PERIOD_S: Final = 300
"""Seconds that the exporter asks CloudWatch for at once: its sums are over as many."""


def _per_second(metric: str) -> str:
    return f"aws_fsx_{metric}_sum / {PERIOD_S}"


BOARD: Final = Board(
    name="lustre",
    title="Lustre",
    rows=(
        Row(
            title="Space",
            panels=(
                Panel(
                    title="Free",
                    unit="percentunit",
                    legend="{{tag_Name}}",
                    expr="aws_fsx_free_data_storage_capacity_sum "
                    "/ on (tag_Name) group_left () mlcluster:lustre_capacity:bytes",
                ),
                Panel(
                    title="Free",
                    unit="bytes",
                    legend="{{tag_Name}}",
                    expr="aws_fsx_free_data_storage_capacity_sum",
                ),
            ),
        ),
        Row(
            title="Traffic",
            panels=(
                Panel(title="Read", unit="Bps", legend="{{tag_Name}}", expr=_per_second("data_read_bytes")),
                Panel(
                    title="Written", unit="Bps", legend="{{tag_Name}}", expr=_per_second("data_write_bytes")
                ),
                Panel(
                    title="Metadata operations",
                    unit="ops",
                    legend="{{tag_Name}}",
                    expr=_per_second("metadata_operations"),
                ),
            ),
        ),
    ),
)
