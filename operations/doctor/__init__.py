"""Preflight: whether account, region and machine are fit for an environment, before anything is made.

Each check is a function from a `Patient` to findings, in a module of its subject. They only read, and run
side by side. What a check may not ask AWS becomes a warning that names the permission; what it needs and
finds missing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from operations.doctor import (
    account,
    capacity,
    charts,
    domain,
    images,
    machine,
    network,
    offerings,
    quotas,
    roles,
    state,
    versions,
)
from operations.doctor.finding import Finding, warning
from operations.doctor.patient import Patient

Check = Callable[[Patient], Iterable[Finding]]

HERE: Final[dict[str, Check]] = {
    "tools": machine.tools,
    "backend": machine.backend,
    "charts": charts.check,
}
"""Checks that ask nobody at AWS."""

AT_AWS: Final[dict[str, Check]] = {
    "state": state.check,
    "quotas": quotas.check,
    "instances": offerings.check,
    "capacity": capacity.check,
    "images": images.check,
    "network": network.check,
    "domain": domain.check,
    "roles": roles.check,
    "kubernetes": versions.check,
}
"""Checks that need credentials for the right account."""

_PARALLEL: Final = 4


def examine(patient: Patient) -> list[Finding]:
    """Runs every check that the environment's platform has, and returns all they found, in their order."""
    found = _side_by_side(HERE, patient)
    if patient.environment.platform != "aws":
        return found
    credentials = list(account.check(patient))
    if any(one.status == "failed" for one in credentials):
        missed = [warning(name, "not looked at", "mend the account first") for name in AT_AWS]
        return [*found, *credentials, *missed]
    return [*found, *credentials, *_side_by_side(AT_AWS, patient)]


def _side_by_side(checks: dict[str, Check], patient: Patient) -> list[Finding]:
    with ThreadPoolExecutor(_PARALLEL) as pool:
        reports = pool.map(lambda name: list(_safely(name, checks[name], patient)), checks)
        return [finding for report in reports for finding in report]


def _safely(name: str, check: Check, patient: Patient) -> Iterator[Finding]:
    """What a check finds; where AWS does not answer it, that."""
    try:
        yield from check(patient)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        call = f"{error.operation_name} was answered with {code}"
        yield warning(name, call, f"allow {error.operation_name} to find out")
    except BotoCoreError as error:
        yield warning(name, f"AWS could not be asked: {error}", "look at the network and try again")
