from datetime import time

import pytest

from infra.environment.lifetime import Hibernation
from infra.problems import Wrong


def test_a_schedule_of_sleep() -> None:
    sleep = Hibernation.parse("weekdays 20:00-07:00 Europe/Madrid")
    assert (sleep.weekdays, sleep.start, sleep.end) == ((0, 1, 2, 3, 4), time(20), time(7))
    assert sleep.zone.key == "Europe/Madrid"


@pytest.mark.parametrize(
    "written",
    ["weekdays 20:00-07:00 Europe/Madrid", "daily 00:30-23:59 UTC", "weekends 08:00-09:00 Etc/GMT+3"],
)
def test_it_reads_as_it_was_written(written: str) -> None:
    assert str(Hibernation.parse(written)) == written


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("nightly 20:00-07:00 UTC", "is not a schedule"),
        ("20:00-07:00", "is not a schedule"),
        (2000, "is not a schedule"),
        ("daily 20:00-24:00 UTC", "has 24:00, which is not a time of day"),
        ("daily 8:00-9:00 UTC", "has 8:00, which is not a time of day"),
        ("daily 20:00-20:00 UTC", "has no hours in it"),
        ("daily 20:00-07:00 Europe/Madird", "has Europe/Madird, which is not a time zone"),
        ("daily 20:00-07:00 Europe", "has Europe, which is not a time zone"),
        ("daily 20:00-07:00 /etc/passwd", "has /etc/passwd, which is not a time zone"),
    ],
)
def test_what_is_no_schedule(written: object, message: str) -> None:
    with pytest.raises(Wrong, match=message) as caught:
        Hibernation.parse(written)
    assert caught.value.hint
