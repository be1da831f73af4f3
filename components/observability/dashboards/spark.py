"""Spark, as its operator counts."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

BOARD: Final = Board(
    name="spark",
    title="Spark",
    rows=(
        Row(
            title="Applications",
            panels=(
                Panel(title="Running", expr="sum(spark_application_running_count)"),
                Panel(title="Executors running", expr="sum(spark_executor_running_count)"),
                Panel(
                    title="Finished in the last hour",
                    expr="sum(increase(spark_application_success_count[1h]))",
                ),
                Panel(
                    title="Failed in the last hour", expr="sum(increase(spark_application_failure_count[1h]))"
                ),
                Panel(
                    title="From handing in to start, 95 of 100",
                    unit="s",
                    expr="histogram_quantile(0.95, sum by (le) "
                    "(rate(spark_application_start_latency_seconds_histogram_bucket[30m])))",
                ),
                Panel(
                    title="Executors that failed in the last hour",
                    expr="sum(increase(spark_executor_failure_count[1h]))",
                ),
            ),
        ),
    ),
)
