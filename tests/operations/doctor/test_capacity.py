from datetime import UTC, datetime
from typing import Any

import pytest

from infra.environment.pools import Pool
from operations.doctor import capacity
from operations.doctor.finding import Finding
from tests.operations.doctor.conftest import Account, edited, patient

BLOCK = "cr-0123456789abcdef0"
ENDS = datetime(2026, 12, 5, 11, 30, tzinfo=UTC)
FOUND: dict[str, Any] = {
    "CapacityReservationId": BLOCK,
    "InstanceType": "p5.48xlarge",
    "AvailabilityZone": "us-east-1a",
    "State": "active",
    "ReservationType": "capacity-block",
    "TotalInstanceCount": 16,
    "StartDate": datetime(2026, 11, 20, 11, 30, tzinfo=UTC),
    "EndDate": ENDS,
}


def found(account: Account, pool: dict[str, Any] | None = None, **changes: Any) -> list[Finding]:
    account.answer("ec2", "DescribeCapacityReservations", {"CapacityReservations": [FOUND | changes]})
    written = {
        "instances": ["p5.48xlarge"],
        "max": 16,
        "zone": "us-east-1a",
        "capacity": {"block": BLOCK, "ends": ENDS},
    }
    made = Pool.model_validate(written | (pool or {}))
    return list(capacity.check(patient(edited("prod", pools={"train": made}), account)))


def test_a_block_that_is_as_the_file_says_passes(account: Account) -> None:
    (only,) = found(account)
    assert only.status == "passed"
    assert "16 instances" in only.words


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"InstanceType": "p4d.24xlarge"}, "instances"),
        ({"AvailabilityZone": "us-east-1b"}, "zone"),
        ({"ReservationType": "default"}, "capacity"),
        ({"EndDate": datetime(2026, 12, 4, 11, 30, tzinfo=UTC)}, "ends"),
    ],
)
def test_a_block_of_another_kind_fails_and_says_where_to_write_it(
    account: Account, changes: dict[str, Any], word: str
) -> None:
    (only,) = found(account, **changes)
    assert only.status == "failed"
    assert only.hint.startswith(f"write pools.train.{word}") or only.hint.startswith(
        f"write pools.train.capacity.{word}"
    )


@pytest.mark.parametrize(
    ("state", "status"), [("scheduled", "warning"), ("expired", "failed"), ("cancelled", "failed")]
)
def test_what_is_not_active_is_told(account: Account, state: str, status: str) -> None:
    (only,) = found(account, State=state)
    assert only.status == status
    assert state in only.words


def test_a_block_that_has_ended_fails_even_where_ec2_still_calls_it_active(account: Account) -> None:
    past = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    (only,) = found(account, {"capacity": {"block": BLOCK, "ends": past}}, EndDate=past)
    assert only.status == "failed"
    assert "is over, or nearly: it ends 2026-11-22 11:30 UTC" in only.words


def test_a_pool_larger_than_its_block_is_warned_of(account: Account) -> None:
    (only,) = found(account, TotalInstanceCount=8)
    assert only.status == "warning"
    assert "max is 16" in only.words


@pytest.mark.parametrize("answer", ["InvalidCapacityReservationId.NotFound", {"CapacityReservations": []}])
def test_a_block_that_is_not_there_fails(account: Account, answer: Any) -> None:
    made = Pool.model_validate(
        {"instances": ["p5.48xlarge"], "zone": "us-east-1a", "capacity": {"block": BLOCK, "ends": ENDS}}
    )
    account.answer("ec2", "DescribeCapacityReservations", answer)
    (only,) = capacity.check(patient(edited("prod", pools={"train": made}), account))
    assert only.status == "failed"
    assert BLOCK in only.words


def test_pools_that_reserve_nothing_are_not_looked_at(account: Account) -> None:
    account.answer("ec2", "DescribeCapacityReservations", "UnauthorizedOperation")
    assert list(capacity.check(patient(edited("prod"), account))) == []
