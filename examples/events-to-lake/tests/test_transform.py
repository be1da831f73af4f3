"""What a message must be to be an event, judged by Spark itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from events_to_lake import transform

RECEIVED = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
GOOD = {
    "event_id": "a-1",
    "user_id": "user-1",
    "kind": "view",
    "amount": None,
    "at": "2026-03-29T11:59:58.250Z",
}
BOUGHT = {**GOOD, "kind": "purchase", "amount": "12.34"}
COLUMNS = "value binary, topic string, partition int, offset bigint, timestamp timestamp"


def messages(spark: SparkSession, *values: bytes | None) -> DataFrame:
    rows = [(value, "shop-events", 0, offset, RECEIVED) for offset, value in enumerate(values)]
    return transform.parsed(spark.createDataFrame(rows, COLUMNS))


def written(**changes: Any) -> bytes:
    return json.dumps({**BOUGHT, **changes}).encode()


def seen(spark: SparkSession, *values: bytes) -> list[Row]:
    return transform.events(messages(spark, *values)).collect()


def test_an_event_is_cleaned(spark: SparkSession) -> None:
    (row,) = seen(spark, written(event_id=" A-1 ", user_id=" user-1", kind=" Purchase ", more="ignored"))
    assert (row.event_id, row.user_id, row.kind, row.amount) == (
        "a-1",
        "user-1",
        "purchase",
        Decimal("12.34"),
    )
    assert row.at.astimezone(UTC) == datetime(2026, 3, 29, 11, 59, 58, 250_000, tzinfo=UTC)
    assert row.received.astimezone(UTC) == RECEIVED


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        ("2026-03-29T13:30:00+02:00", datetime(2026, 3, 29, 11, 30, tzinfo=UTC)),
        ("2026-03-29T02:30:00Z", datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),  # an hour that Europe skips
    ],
)
def test_time_zones_are_kept(spark: SparkSession, at: str, utc: datetime) -> None:
    (row,) = seen(spark, written(at=at))
    assert row.at.astimezone(UTC) == utc


def test_each_fault_has_its_reason(spark: SparkSession) -> None:
    ahead = (RECEIVED + timedelta(minutes=5, seconds=1)).isoformat()
    cases: list[tuple[bytes | None, str]] = [
        (written()[:20], "is not a JSON object with an event"),
        (b"\xff\x00 not text", "is not a JSON object with an event"),
        (b"[]", "is not a JSON object with an event"),
        (b"", "is not a JSON object with an event"),
        (None, "is not a JSON object with an event"),
        (written(event_id=None), "has no event_id"),
        (written(user_id="  "), "has no user_id"),
        (written(kind="teleport"), "has an unknown kind"),
        (written(kind=None), "has an unknown kind"),
        (written(at="yesterday"), "has no time with a time zone"),
        (written(at="2026-03-29T11:59:58"), "has no time with a time zone"),
        (written(at="2026-02-30T11:59:58Z"), "has no time with a time zone"),
        (written(at=ahead), "is from the future"),
        (written(amount="much"), "has an amount that is no number"),
        (written(amount="99999999999.00"), "has an amount that is no number"),
        (written(amount=None), "is a purchase without an amount"),
        (written(amount="-0.01"), "has an amount below 0"),
    ]
    found = messages(spark, *(value for value, _ in cases))
    rows = {row.offset: row for row in transform.rejects(found).collect()}
    assert [rows[number].problem for number in range(len(cases))] == [problem for _, problem in cases]
    kept = [None if rows[number].value is None else bytes(rows[number].value) for number in range(len(cases))]
    assert kept == [value for value, _ in cases]
    assert transform.events(found).isEmpty()


def test_what_is_just_allowed_is_an_event(spark: SparkSession) -> None:
    just = (RECEIVED + timedelta(minutes=5)).isoformat()
    values = (
        written(at=just),
        written(amount="0"),
        json.dumps(GOOD).encode(),
        written(kind="view", amount="9999999999.99"),
    )
    assert len(seen(spark, *values)) == len(values)


def test_every_message_is_in_one_of_both(spark: SparkSession) -> None:
    found = messages(spark, written(), b"nothing", written(kind="teleport"), written())
    assert transform.events(found).count() + transform.rejects(found).count() == found.count() == 4
