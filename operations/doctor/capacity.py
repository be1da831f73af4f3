"""Whether what pools reserve is there, is theirs to use, and is what they say it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.environment.checks.pools import DRAINED
from infra.environment.pools import Pool
from infra.environment.pools.capacity import Reserved
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient

_COMING: Final = {"scheduled", "pending", "assessing", "delayed", "payment-pending"}
"""States from which a reservation may become usable:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-view.html"""

_KINDS: Final = {True: "capacity-block", False: "default"}


def check(patient: Patient) -> Iterator[Finding]:
    """Each reservation and each block that a pool names."""
    for name, pool in patient.environment.pools.items():
        if not isinstance(pool.capacity, Reserved):
            continue
        number = str(pool.capacity.block or pool.capacity.reservation)
        found = _reservation(patient, number)
        if found is None:
            hint = "look at its id, the account and the region"
            yield failed("capacity", f"pool {name}: there is no reservation {number}", hint)
            continue
        wrong = list(_differences(name, pool, pool.capacity, found, patient.now))
        yield from wrong
        if not wrong:
            words = f"pool {name}: {number} is {found['State']}, {found['TotalInstanceCount']} instances"
            yield passed("capacity", words)


def _reservation(patient: Patient, number: str) -> Mapping[str, Any] | None:
    try:
        answer = patient.aws("ec2").describe_capacity_reservations(CapacityReservationIds=[number])
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidCapacityReservationId.NotFound":
            return None
        raise
    found: list[Mapping[str, Any]] = answer["CapacityReservations"]
    return found[0] if found else None


def _differences(
    name: str, pool: Pool, capacity: Reserved, found: Mapping[str, Any], now: datetime
) -> Iterator[Finding]:
    """What is wrong with a reservation, for the pool that wants it."""
    number, state = found["CapacityReservationId"], found["State"]
    kind = _KINDS[capacity.block is not None]
    said = {
        "type": (pool.instances[0], found["InstanceType"], f"pools.{name}.instances"),
        "zone": (pool.zone, found["AvailabilityZone"], f"pools.{name}.zone"),
        "kind": (kind, found.get("ReservationType", "default"), f"pools.{name}.capacity"),
        "end": (_minute(capacity.ends), _minute(found.get("EndDate")), f"pools.{name}.capacity.ends"),
    }  # fmt: skip
    for what, (ours, theirs, path) in said.items():
        if ours is not None and ours != theirs:
            words = f"pool {name}: the {what} of {number} is {theirs}, and the file says {ours}"
            yield failed("capacity", words, f"write {path} as it is")
    if state in _COMING:
        begins = f" until {_minute(found['StartDate'])}" if "StartDate" in found else ""
        yield warning("capacity", f"pool {name}: {number} is {state}{begins}", "nodes come when it is active")
    elif state != "active":
        yield failed("capacity", f"pool {name}: {number} is {state}", "reserve capacity, and write its id")
    elif capacity.ends is not None and capacity.ends - DRAINED <= now:
        words = f"pool {name}: {number} is over, or nearly: it ends {_minute(capacity.ends)}"
        yield failed("capacity", words, "write a later block")
    if found["TotalInstanceCount"] < pool.max:
        words = f"pool {name}: {number} has {found['TotalInstanceCount']} instances, and max is {pool.max}"
        yield warning("capacity", words, f"lower pools.{name}.max: what is above it does not start")


def _minute(time: datetime | None) -> str | None:
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
