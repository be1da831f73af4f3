"""What the example is made of goes together, and with the platform."""

from __future__ import annotations

import re

import pytest

from infra.catalog import kafka, spark
from infra.catalog.images import image
from tests.examples.events_to_lake.support import EXAMPLE

LOCKS = ("requirements.lock", "local.lock")


def text(name: str) -> str:
    return (EXAMPLE / name).read_text("utf-8")


def packages(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text(name), re.MULTILINE))


def jars(name: str) -> dict[str, list[str]]:
    """Coordinates by set."""
    lines = [line.split("#")[0].split() for line in text(name).splitlines()]
    found: dict[str, list[str]] = {}
    for line in filter(None, lines):
        found.setdefault(line[0], []).append(line[1])
    return found


def test_spark_is_the_platforms() -> None:
    assert packages("local.lock")["pyspark"] == spark.version()
    assert f"ARG SPARK={image('spark')}\n" in text("Dockerfile")
    assert f"org.apache.spark:spark-sql-kafka-0-10_2.13:{spark.version()}" in jars("jars.in")["kafka"]
    assert jars("jars.in")["tables"] == [spark.packages()["iceberg"]]


def test_the_broker_of_the_tests_is_the_platforms() -> None:
    assert f"org.apache.kafka:kafka_2.13:{kafka.newest()}" in jars("jars.in")["broker"]


def test_python_in_the_image_finds_sparks_own_part() -> None:
    (py4j,) = re.findall(r"py4j-([0-9.]+)-src\.zip", text("Dockerfile"))
    assert packages("local.lock")["py4j"] == py4j


def test_the_image_has_what_was_tested() -> None:
    tested = packages("local.lock")
    assert {name: tested.get(name) for name in packages("requirements.lock")} == packages("requirements.lock")


def test_each_jar_that_is_wanted_is_locked() -> None:
    wanted, locked = jars("jars.in"), jars("jars.lock")
    assert wanted.keys() == locked.keys()
    for name, coordinates in wanted.items():
        assert set(coordinates) <= set(locked[name])
    lines = [line.split() for line in text("jars.lock").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch("[0-9a-f]{64}", line[2]) for line in lines)


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_is_held_to_a_hash_and_to_no_registry(name: str) -> None:
    lines = text(name).splitlines()
    for number, line in enumerate(lines):
        if "==" in line and not line.startswith("#"):
            assert "--hash=sha256:" in lines[number + 1], line
    assert not re.search(r"https?://|^--", text(name), re.MULTILINE)
