"""Messages to events: pure functions of data frames, the same for a stream and for a table."""

from __future__ import annotations

from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from events_to_lake.events import KINDS

FIELDS: Final = ("event_id", "user_id", "kind", "amount", "at")
AHEAD: Final = "5 minutes"
"""How far a sender's clock may be ahead of the broker's. One event of next year would move the watermark
there, and everything after it would be late."""

_SENT: Final = ", ".join(f"{name} string" for name in FIELDS)
_TIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"
"""ISO 8601 with a time zone: a time without one would mean another on each machine."""


def parsed(messages: DataFrame) -> DataFrame:
    """What messages say, cleaned, and in `problem` why one is no event (null: it is one).

    Args:
        messages: with `value`, `topic`, `partition`, `offset` and `timestamp`, as Kafka's source gives them.
    """
    said = f.from_json(f.col("value").cast("string"), _SENT)
    sent = messages.withColumn("sent", said)
    times = f.trim("sent.at")
    return sent.select(
        *("value", "topic", "partition", "offset", f.col("timestamp").alias("received")),
        f.lower(f.trim("sent.event_id")).alias("event_id"),
        f.trim("sent.user_id").alias("user_id"),
        f.lower(f.trim("sent.kind")).alias("kind"),
        f.col("sent.amount").try_cast("decimal(12, 2)").alias("amount"),
        f.when(times.rlike(_TIME), times.try_cast("timestamp")).alias("at"),
        f.col("sent.amount").isNotNull().alias("priced"),
        f.coalesce(*(f.col(f"sent.{name}") for name in FIELDS)).isNull().alias("empty"),
    ).withColumn("problem", _problem())


def events(messages: DataFrame) -> DataFrame:
    """The messages that are events, with the columns of the curated table."""
    return messages.where(f.col("problem").isNull()).select(*FIELDS, "received")


def rejects(messages: DataFrame) -> DataFrame:
    """The messages that are none, whole, with the reason: nothing is lost without a trace."""
    return messages.where(f.col("problem").isNotNull()).select(
        "problem", "value", "topic", "partition", "offset", "received"
    )


def once(found: DataFrame, lateness: str) -> DataFrame:
    """Each event of a stream once.

    An event that comes again is dropped: its id is remembered until the watermark, `lateness` behind the
    newest event of all, has passed it by as much again. One from before the watermark is late and is dropped
    too, so that what is remembered has an end and an event that was forgotten cannot come in twice.
    https://spark.apache.org/docs/latest/streaming/apis-on-dataframes-and-datasets.html
    """
    return found.withWatermark("at", lateness).dropDuplicatesWithinWatermark(["event_id"])


def _problem() -> Column:
    """The first thing that is wrong with a message; null where nothing is."""
    bought = f.col("kind") == "purchase"
    found: tuple[tuple[str, Column], ...] = (
        ("is not a JSON object with an event", f.col("empty")),
        ("has no event_id", _blank("event_id")),
        ("has no user_id", _blank("user_id")),
        ("has an unknown kind", ~f.coalesce(f.col("kind").isin(*KINDS), f.lit(False))),
        ("has no time with a time zone", f.col("at").isNull()),
        ("is from the future", f.col("at") > f.col("received") + f.expr(f"interval {AHEAD}")),
        ("has an amount that is no number", f.col("priced") & f.col("amount").isNull()),
        ("is a purchase without an amount", bought & f.col("amount").isNull()),
        ("has an amount below 0", f.coalesce(f.col("amount") < 0, f.lit(False))),
    )
    none: Column = f.lit(None).cast("string")
    return reduce(lambda rest, one: f.when(one[1], one[0]).otherwise(rest), reversed(found), none)


def _blank(name: str) -> Column:
    return f.coalesce(f.length(name), f.lit(0)) == 0
