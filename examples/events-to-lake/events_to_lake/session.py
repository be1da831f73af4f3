"""A Spark session with what these jobs depend on to be right; everything else is the configuration's."""

from __future__ import annotations

from pyspark.sql import SparkSession


def opened(name: str) -> SparkSession:
    """The session, made where there is none yet."""
    return (
        SparkSession.builder.appName(name)
        # Days of partitions and of checks are days of UTC, whatever the machine's time zone.
        .config("spark.sql.session.timeZone", "UTC")
        # CALL catalog.system.… (https://iceberg.apache.org/docs/latest/spark-procedures/)
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .getOrCreate()
    )
