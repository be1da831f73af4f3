"""From a real broker to a real table: in order, since each test goes on where the one before it ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from pyspark.sql import SparkSession

from events_to_lake import quality, stream
from events_to_lake.compact import files
from events_to_lake.events import KINDS, Faults, make
from events_to_lake.producer import send
from events_to_lake.settings import Flow, Tables
from kafka_broker import Kafka

HERE: Final = Path(__file__).resolve().parent
TABLES: Final = Tables(events="lake.shop.events")
NOON: Final = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Yesterday: nothing is from the future, and all is of one day."""
PUNCTUAL: Final = Faults(twice=0.1, broken=0.05, late=0.0)
FIRST: Final = tuple(make(300, start=NOON, seed=7, faults=PUNCTUAL))
_PATIENCE_S: Final = 400.0


def flow(folder: Path, batch: int = 10_000) -> Flow:
    return Flow(checkpoints=str(folder / "checkpoints"), lateness="10 minutes", every=None, batch=batch)


def environment(kafka: Kafka, folder: Path, **more: str) -> dict[str, str]:
    said = {"TABLE": TABLES.events, "CHECKPOINTS": str(folder / "checkpoints"), "LATENESS": "10 minutes"}
    return {**os.environ, **kafka.environment(), **said, "PYTHONPATH": str(HERE.parent), **more}


def expected(messages: Iterable[tuple[str, bytes]]) -> tuple[set[str], int]:
    """Ids of the events among messages, and how many are none: said again here, in plain Python."""
    good: set[str] = set()
    bad = 0
    for _, value in messages:
        with suppress(ValueError, TypeError):
            said = json.loads(value)
            datetime.fromisoformat(said["at"])
            if said["kind"].strip().lower() in KINDS and not (said["amount"] or "").startswith("-"):
                good.add(said["event_id"])
                continue
        bad += 1
    return good, bad


def ids(spark: SparkSession) -> list[str]:
    return [row.event_id for row in spark.table(TABLES.events).select("event_id").collect()]


def positions(spark: SparkSession) -> list[tuple[int, int]]:
    return [(row.partition, row.offset) for row in spark.table(TABLES.quarantine).collect()]


def told(output: str, query: str) -> list[Mapping[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"query"')]
    return [line for line in lines if line["query"] == query]


def test_the_brokers_let_nobody_in_without_the_password(kafka: Kafka) -> None:
    with pytest.raises(SystemExit, match=r"3 of 3 messages were not taken: .*Authentication failed"):
        send(replace(kafka.shop, password="guessed"), FIRST[:3])


def test_a_job_that_is_killed_goes_on_where_it_was(spark: SparkSession, kafka: Kafka, folder: Path) -> None:
    good, bad = expected(FIRST)
    assert len(good) < len(FIRST) - bad, "nothing is there twice"
    assert bad
    assert send(kafka.shop, FIRST) == len(FIRST)
    _killed_midway(environment(kafka, folder, EVERY="once", BATCH="20"), folder)
    before = len(ids(spark))
    assert 0 < before < len(good)
    stream.run(spark, kafka.shop, TABLES, flow(folder, batch=100))
    found = ids(spark)
    assert len(found) == len(good)
    assert set(found) == good
    assert len(set(positions(spark))) == len(positions(spark)) == bad


def test_a_batch_that_was_written_but_not_ticked_off_is_not_written_twice(
    spark: SparkSession, kafka: Kafka, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a kill between the table's commit and the checkpoint's, for both tables."""
    before, held = sorted(ids(spark)), sorted(positions(spark))
    undone = {
        "events": _forgotten(spark, folder, TABLES.events),
        "quarantine": _forgotten(spark, folder, TABLES.quarantine),
    }
    capsys.readouterr()
    stream.run(spark, kafka.shop, TABLES, flow(folder))
    output = capsys.readouterr().out
    for query, batch in undone.items():
        again = [line["rows"] for line in told(output, query) if line["batch"] == batch]
        assert again, f"batch {batch} of {query} was not done again: {output}"
        assert again[0] > 0
    assert sorted(ids(spark)) == before
    assert sorted(positions(spark)) == held


def test_what_comes_again_or_late_stays_out(
    spark: SparkSession, kafka: Kafka, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, held = set(ids(spark)), len(positions(spark))
    later = NOON + timedelta(minutes=6)
    none = Faults(twice=0.0, broken=0.0, late=0.0)
    new = list(make(40, start=later, seed=8, faults=none))
    tardy = list(make(7, start=NOON - timedelta(minutes=20), seed=9, faults=none))
    delayed = list(make(5, start=NOON - timedelta(minutes=2), seed=10, faults=none))
    tomorrow = list(make(3, start=datetime.now(UTC) + timedelta(days=1), seed=11, faults=none))
    again = list(FIRST[:50])
    send(kafka.shop, [*new, *tardy, *delayed, *tomorrow, *again])
    capsys.readouterr()
    stream.run(spark, kafka.shop, TABLES, flow(folder))
    found = ids(spark)
    assert len(found) == len(set(found))
    # Those that are only some minutes behind are in; those behind the watermark are not, and are counted.
    assert set(found) - before == expected(new)[0] | expected(delayed)[0]
    assert sum(line["late"] for line in told(capsys.readouterr().out, "events")) == len(tardy)
    # A clock that runs ahead does not make everybody else late.
    assert len(positions(spark)) == held + len(tomorrow) + expected(again)[1]


def test_compaction_leaves_fewer_files_and_every_row(spark: SparkSession, kafka: Kafka, folder: Path) -> None:
    rows, held, before = sorted(ids(spark)), sorted(positions(spark)), files(spark, TABLES.events)
    assert before > 5
    done = _run("compact", [], environment(kafka, folder))
    assert done.returncode == 0, done.stderr[-3000:]
    told_of = {line["table"]: line["files"] for line in map(json.loads, _json_lines(done.stdout))}
    assert told_of[TABLES.events] == {"before": before, "after": 1}
    assert told_of[TABLES.quarantine]["after"] == 1
    assert files(spark, TABLES.events) == 1
    assert (sorted(ids(spark)), sorted(positions(spark))) == (rows, held)


def test_the_stream_goes_on_after_compaction(spark: SparkSession, kafka: Kafka, folder: Path) -> None:
    before = set(ids(spark))
    more = list(
        make(20, start=NOON + timedelta(minutes=7), seed=12, faults=Faults(twice=0.0, broken=0.0, late=0.0))
    )
    send(kafka.shop, [*more, *FIRST[:20]])
    stream.run(spark, kafka.shop, TABLES, flow(folder))
    found = ids(spark)
    assert len(found) == len(set(found))
    assert set(found) == before | expected(more)[0]


def test_what_is_remembered_for_a_week_can_be_read_as_it_was(spark: SparkSession) -> None:
    first = spark.sql(
        f"SELECT snapshot_id FROM {TABLES.events}.snapshots ORDER BY committed_at LIMIT 1"
    ).first()
    assert first is not None
    was = spark.sql(f"SELECT * FROM {TABLES.events} VERSION AS OF {first.snapshot_id}").count()
    assert was < len(ids(spark))


def test_the_quality_check_holds(spark: SparkSession) -> None:
    events, rejects = spark.table(TABLES.events), spark.table(TABLES.quarantine)
    today = quality.of_day(events, "at", NOON.date())
    assert today.count() == events.count()
    assert quality.of_day(events, "at", NOON.date() + timedelta(days=1)).isEmpty()
    found = quality.check(today, rejects)
    assert [one for one in found if not one["holds"]] == []
    assert len(found) == len(quality.of_events()) + 1


def test_the_quality_check_fails_on_bad_rows(spark: SparkSession, kafka: Kafka, folder: Path) -> None:
    """Rows that another job wrote past the stream: one twice, one of an unknown kind, one free purchase."""
    row = spark.table(TABLES.events).limit(1)
    row.createOrReplaceTempView("one")
    spark.sql(
        f"INSERT INTO {TABLES.events} SELECT * FROM one "
        "UNION ALL SELECT 'x-1', user_id, 'teleport', amount, at, received FROM one "
        "UNION ALL SELECT 'x-2', user_id, 'purchase', NULL, at, received FROM one"
    )
    report = folder / "report.json"
    done = _run("quality", [NOON.date().isoformat()], environment(kafka, folder, REPORT=str(report)))
    assert done.returncode == 1, done.stderr[-3000:]
    said = json.loads(report.read_text())
    assert said["holds"] is False
    assert {(one["expects"], one["about"]) for one in said["expectations"] if not one["holds"]} == {
        ("expect_column_values_to_be_unique", "event_id"),
        ("expect_column_values_to_be_in_set", "kind"),
        ("unexpected_rows_expectation", "a purchase has an amount"),
    }


def test_the_quality_check_fails_on_a_day_without_events(spark: SparkSession) -> None:
    none = spark.table(TABLES.events).limit(0)
    broken = [one for one in quality.check(none, spark.table(TABLES.quarantine)) if not one["holds"]]
    assert [(one["table"], one["expects"]) for one in broken] == [
        ("events", "expect_table_row_count_to_be_between"),
        ("quarantine", "expect_table_row_count_to_be_between"),
    ]


def _run(module: str, arguments: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"events_to_lake.{module}", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)


def _json_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("{")]


def _killed_midway(env: Mapping[str, str], folder: Path) -> None:
    """Runs the job, and kills it and its Java after its second batch."""
    done = folder / "checkpoints" / "events" / "commits" / "1"
    log = folder / "killed.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "events_to_lake.stream"]
        job = subprocess.Popen(
            command, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        until = time.monotonic() + _PATIENCE_S
        while not done.exists():
            assert job.poll() is None, f"it ended by itself:\n{log.read_text()[-4000:]}"
            assert time.monotonic() < until, f"no second batch:\n{log.read_text()[-4000:]}"
            time.sleep(0.02)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
        status = job.wait()
    assert status == -signal.SIGKILL, "it was done before it was killed"


def _forgotten(spark: SparkSession, folder: Path, table: str) -> int:
    """Takes the last batch that wrote rows, and those after it, out of a checkpoint; returns its number."""
    epochs = spark.sql(
        f"SELECT CAST(summary['spark.sql.streaming.epochId'] AS int) AS epoch FROM {table}.snapshots "
        "WHERE CAST(summary['added-records'] AS int) > 0"
    )
    last = max(row.epoch for row in epochs.collect())
    place = folder / "checkpoints" / ("quarantine" if table == TABLES.quarantine else "events")
    for path in [*(place / "commits").iterdir(), *(place / "offsets").iterdir()]:
        number = int(next(iter(re.findall(r"\d+", path.name)), "-1"))
        if number > last or (number == last and path.parent.name == "commits"):
            path.unlink()
    return last
