"""The tables: made once, by whoever comes first."""

from __future__ import annotations

from typing import Final

from pyspark.sql import SparkSession

from events_to_lake.settings import Tables

_EVENTS: Final = """
  event_id string NOT NULL COMMENT 'given by the sender; each is here once',
  user_id  string NOT NULL,
  kind     string NOT NULL COMMENT 'view, add_to_cart or purchase',
  amount   decimal(12, 2) COMMENT 'of a purchase, in euro',
  at       timestamp NOT NULL COMMENT 'when it happened, by the sender',
  received timestamp NOT NULL COMMENT 'when the broker had it'
"""
_QUARANTINE: Final = """
  problem   string NOT NULL COMMENT 'why it is no event',
  value     binary COMMENT 'the message as it was',
  topic     string NOT NULL,
  partition int NOT NULL,
  offset    bigint NOT NULL,
  received  timestamp NOT NULL
"""
_PROPERTIES: Final = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # A stream makes a version of the metadata a batch: only the newest hundred are kept as files.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
}


def create(spark: SparkSession, tables: Tables) -> None:
    """Makes the tables that are not there."""
    database = tables.events.rpartition(".")[0]
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {database}")
    said = ", ".join(f"'{name}' = '{value}'" for name, value in _PROPERTIES.items())
    for name, columns, day in ((tables.events, _EVENTS, "at"), (tables.quarantine, _QUARANTINE, "received")):
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {name} ({columns}) USING iceberg "
            f"PARTITIONED BY (days({day})) TBLPROPERTIES ({said})"
        )
