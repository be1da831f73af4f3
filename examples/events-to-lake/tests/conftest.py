"""One Spark and one broker for all tests of this example."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from events_to_lake.session import opened
from kafka_broker import Kafka, running

_STATES = "org.apache.spark.sql.execution.streaming.state"
_DEFAULTS = """
spark.master local[2]
spark.driver.memory 1g
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.extraClassPath {jars}/kafka/*:{jars}/tables/*
spark.driver.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=America/New_York
spark.local.dir {folder}/scratch
spark.ui.enabled false
spark.ui.showConsoleProgress false
spark.log.level ERROR
spark.sql.shuffle.partitions 2
spark.sql.warehouse.dir {folder}/none
spark.sql.streaming.stateStore.providerClass {states}.RocksDBStateStoreProvider
spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog
spark.sql.catalog.lake.type hadoop
spark.sql.catalog.lake.warehouse {folder}/lake
spark.sql.catalog.lake.cache-enabled false
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of these tests lies; Spark's configuration too, for processes that tests start."""
    made = tmp_path_factory.mktemp("events")
    made.joinpath("spark-defaults.conf").write_text(
        _DEFAULTS.format(folder=made, jars=_jars(), states=_STATES)
    )
    os.environ |= {"SPARK_CONF_DIR": str(made), "SPARK_LOCAL_IP": "127.0.0.1"}
    return made


@pytest.fixture(scope="session")
def spark(folder: Path) -> Iterator[SparkSession]:
    """Spark on this machine, with tables in a folder instead of Glue and S3."""
    session = opened("tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def kafka(folder: Path) -> Iterator[Kafka]:
    """A broker that is the tests' own."""
    place = folder / "kafka"
    place.mkdir()
    with running(place, _jars() / "broker") as found:
        yield found


def _jars() -> Path:
    return Path(os.environ["EXAMPLE_JARS"])
