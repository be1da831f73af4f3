"""Compaction: few large files instead of the many small ones that a stream leaves. Run it on a schedule.

It may run while the stream writes: both commit to Iceberg, which has one of them try again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from pyspark.sql import SparkSession

from events_to_lake.session import opened
from events_to_lake.settings import Tables

KEPT: Final = timedelta(days=7)
"""How long a table can be read as it was. A stream that stood still for longer than this could write its last
batch twice, since the snapshot that carries its number is gone by then."""
_SNAPSHOTS: Final = 20
_FILES: Final = 5
"""So many small files are worth a rewrite. https://iceberg.apache.org/docs/latest/spark-procedures/"""
_STRAY: Final = timedelta(days=3)
"""Files that no snapshot knows are left by a job that was killed, or are being written now: old ones go."""


def compact(spark: SparkSession, table: str, now: datetime) -> dict[str, int]:
    """Rewrites small files, drops old snapshots and stray files; returns how many files were and are."""
    catalog = table.partition(".")[0]
    before = files(spark, table)
    _call(spark, catalog, "rewrite_data_files", table, f"options => map('min-input-files', '{_FILES}')")
    _call(spark, catalog, "rewrite_manifests", table)
    old = f"older_than => {_instant(now - KEPT)}, retain_last => {_SNAPSHOTS}"
    _call(spark, catalog, "expire_snapshots", table, old)
    _call(spark, catalog, "remove_orphan_files", table, f"older_than => {_instant(now - _STRAY)}")
    return {"before": before, "after": files(spark, table)}


def files(spark: SparkSession, table: str) -> int:
    """How many files the table's newest snapshot has."""
    return spark.table(f"{table}.files").count()


def _call(spark: SparkSession, catalog: str, procedure: str, table: str, *more: str) -> None:
    said = ", ".join((f"table => '{table}'", *more))
    spark.sql(f"CALL {catalog}.system.{procedure}({said})").collect()


def _instant(at: datetime) -> str:
    return f"TIMESTAMP '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def main() -> None:
    """Compacts both tables."""
    tables, now = Tables.read(), datetime.now(UTC)
    spark = opened("events-compaction")
    try:
        for table in (tables.events, tables.quarantine):
            print(json.dumps({"table": table, "files": compact(spark, table, now)}), flush=True)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
