"""The quality check of a day: ``python -m events_to_lake.quality [YYYY-MM-DD]``, yesterday unless said.

What must be true of the table is said once, as expectations of Great Expectations. Ends with 1 if one does
not hold; the report goes to the log, and to the file that ``REPORT`` names.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # tells nobody that it ran

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations import Expectation
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from events_to_lake.events import KINDS
from events_to_lake.session import opened
from events_to_lake.settings import Tables
from events_to_lake.transform import AHEAD

MOST_REJECTED: Final = 0.1
"""Share of messages that may be no events; above it a sender is broken."""
_DEAREST: Final = 100_000
_FUTURE: Final = f"SELECT * FROM {{batch}} WHERE at > received + INTERVAL {AHEAD}"  # noqa: S608 (a constant)


def of_events() -> Sequence[Expectation]:
    """What is true of a day of the curated table."""
    never = (
        ("a purchase has an amount", "SELECT * FROM {batch} WHERE kind = 'purchase' AND amount IS NULL"),
        ("nothing is from the future", _FUTURE),
    )
    return (
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        *(
            gxe.ExpectColumnValuesToNotBeNull(column=name)
            for name in ("event_id", "user_id", "at", "received")
        ),
        gxe.ExpectColumnValuesToBeUnique(column="event_id"),
        gxe.ExpectColumnValuesToBeInSet(column="kind", value_set=list(KINDS)),
        gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=_DEAREST),
        *(
            gxe.UnexpectedRowsExpectation(description=what, unexpected_rows_query=rows)
            for what, rows in never
        ),
    )


def of_rejects(events: int) -> Sequence[Expectation]:
    """What is true of the quarantine on a day that had so many events."""
    return (gxe.ExpectTableRowCountToBeBetween(max_value=int(events * MOST_REJECTED / (1 - MOST_REJECTED))),)


def check(events: DataFrame, rejects: DataFrame) -> list[dict[str, Any]]:
    """Each expectation of a day's rows, whether it holds, and what was seen instead."""
    found = _judged("events", events, of_events())
    return [*found, *_judged("quarantine", rejects, of_rejects(events.count()))]


def of_day(table: DataFrame, column: str, day: date) -> DataFrame:
    """The rows of a day of UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    return table.where((f.col(column) >= f.lit(start)) & (f.col(column) < f.lit(end)))


def _judged(name: str, rows: DataFrame, expectations: Sequence[Expectation]) -> list[dict[str, Any]]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_spark(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": rows})
    judged = batch.validate(gx.ExpectationSuite(name=name, expectations=list(expectations)))
    return [_told(name, one) for one in judged.results]


def _told(table: str, one: Any) -> dict[str, Any]:
    said = one.expectation_config
    about = said.kwargs.get("column") or said.description or ""
    if error := next((info["exception_message"] for info in _raised(one.exception_info)), None):
        return {"table": table, "expects": said.type, "about": about, "holds": False, "seen": error}
    kept = ("observed_value", "unexpected_count", "unexpected_percent", "partial_unexpected_list")
    seen = {name: str(one.result[name]) for name in kept if name in one.result}
    return {"table": table, "expects": said.type, "about": about, "holds": bool(one.success), "seen": seen}


def _raised(info: dict[str, Any]) -> list[dict[str, Any]]:
    """What an expectation could not be judged for: told once, or for each measure of it."""
    every = [info] if "raised_exception" in info else list(info.values())
    return [one for one in every if one["raised_exception"]]


def main(arguments: list[str]) -> int:
    """Checks a day; returns 1 if an expectation does not hold."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    day = date.fromisoformat(arguments[0]) if arguments and arguments[0] else yesterday
    tables = Tables.read()
    spark = opened("events-quality")
    try:
        events = of_day(spark.table(tables.events), "at", day)
        found = check(events, of_day(spark.table(tables.quarantine), "received", day))
    finally:
        spark.stop()
    failed = [one for one in found if not one["holds"]]
    report = json.dumps({"day": day.isoformat(), "holds": not failed, "expectations": found}, indent=2)
    print(report)
    if path := os.environ.get("REPORT"):
        Path(path).write_text(report, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
