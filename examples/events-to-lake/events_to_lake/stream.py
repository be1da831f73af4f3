"""The streaming job: from the topic to the curated table, and what is no event to the quarantine.

Both tables get each message's row exactly once, whatever is killed when: Spark writes down what a batch reads
before it reads, and Iceberg's snapshots carry the number of the batch that made them, so that a batch that is
done again after a crash adds nothing.
"""

from __future__ import annotations

import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery, StreamingQueryListener
from pyspark.sql.streaming.listener import (
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
)

from events_to_lake import tables, transform
from events_to_lake.brokers import of_spark
from events_to_lake.session import opened
from events_to_lake.settings import Broker, Flow, Tables


class Tell(StreamingQueryListener):
    """Tells each batch in one line of JSON: what came, and how much of it was late."""

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 (Spark's name)
        """Nothing to tell."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 (Spark's name)
        """Tells."""
        done = event.progress
        late = sum(state.numRowsDroppedByWatermark for state in done.stateOperators)
        watermark = done.eventTime.get("watermark")
        said = {
            "query": done.name,
            "batch": done.batchId,
            "rows": done.numInputRows,
            "late": late,
            "watermark": watermark,
        }
        print(json.dumps(said), flush=True)

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 (Spark's name)
        """Nothing to tell: a failure ends the job and says itself."""


def messages(spark: SparkSession, broker: Broker, flow: Flow) -> DataFrame:
    """What is in the topic, from its beginning on."""
    options = {
        **of_spark(broker),
        "subscribe": broker.topic,
        "groupIdPrefix": broker.groups,
        "startingOffsets": "earliest",
        "maxOffsetsPerTrigger": str(flow.batch),
        # Messages that the topic dropped before they were read stop the job: somebody has to know.
        "failOnDataLoss": "true",
    }
    return spark.readStream.format("kafka").options(**options).load()


def started(rows: DataFrame, name: str, table: str, flow: Flow) -> StreamingQuery:
    """Rows on their way into a table."""
    writer = (
        rows.writeStream.queryName(name)
        .format("iceberg")
        .outputMode("append")
        # Rows of a batch are of many days, and are not sorted by them: a file each at once.
        .option("fanout-enabled", "true")
        # Spark cannot know that what a filter let through has no nulls; transform.py does.
        .option("check-nullability", "false")
        .option("checkpointLocation", f"{flow.checkpoints.rstrip('/')}/{name}")
    )
    if flow.every is None:
        return writer.trigger(availableNow=True).toTable(table)
    return writer.trigger(processingTime=flow.every).toTable(table)


def run(spark: SparkSession, broker: Broker, into: Tables, flow: Flow) -> None:
    """Runs until all is read, or forever; one query's failure is the job's."""
    tables.create(spark, into)
    tell = Tell()
    spark.streams.addListener(tell)
    try:
        _flow(spark, transform.parsed(messages(spark, broker, flow)), into, flow)
    finally:
        spark.streams.removeListener(tell)


def _flow(spark: SparkSession, found: DataFrame, into: Tables, flow: Flow) -> None:
    queries = (
        started(transform.once(transform.events(found), flow.lateness), "events", into.events, flow),
        started(transform.rejects(found), "quarantine", into.quarantine, flow),
    )
    while any(query.isActive for query in queries):
        spark.streams.awaitAnyTermination()
        spark.streams.resetTerminated()
    for query in queries:
        query.awaitTermination()  # raises what it failed with, if two ended at once


def main() -> None:
    """As the environment tells."""
    broker, into, flow = Broker.read(), Tables.read(), Flow.read()
    spark = opened("events-to-lake")
    try:
        run(spark, broker, into, flow)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
