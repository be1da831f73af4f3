"""Kafka that AWS runs: whether MSK offers what is asked, and brokers have room for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from infra.catalog import brokers as offered
from infra.environment.checks.check import check
from infra.environment.kafka import Kafka
from infra.environment.kafka.managed import Managed
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem
from infra.units import ByteSize, Duration, GiB

MOST_ZONES: Final = 3
"""Zones that MSK spreads standard brokers over at most."""
_FILLED: Final = 0.85
"""The part of a volume that may be reckoned with: AWS advises an alarm at 85 %.
https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html"""
_LEAST_TIERED: Final = Duration("3d")
"""https://docs.aws.amazon.com/msk/latest/developerguide/msk-tiered-storage-retention-rules.html"""
_SERVERLESS_PARTITIONS: Final = {False: 2400, True: 120}
"""Partitions of all topics, by whether they are compacted:
https://docs.aws.amazon.com/msk/latest/developerguide/limits.html#serverless-quota"""
_IN_THE_CLUSTER: Final = ("connect", "mirror", "registry")


def _msk(environment: Environment) -> tuple[Kafka, Managed] | None:
    kafka = environment.kafka
    return None if kafka is None or kafka.managed is None else (kafka, kafka.managed)


def _provisioned(environment: Environment) -> tuple[Kafka, Managed] | None:
    found = _msk(environment)
    return found if found is not None and found[1].kind == "provisioned" else None


def broker_count(environment: Environment, managed: Managed) -> int:
    """Brokers in all."""
    return managed.brokers or min(len(environment.zones), MOST_ZONES)


def _stands_on(environment: Environment) -> Iterator[Problem]:
    """MSK is at AWS; teams enter by roles; what Strimzi runs beside brokers is not for it."""
    found = _msk(environment)
    if found is None:
        return
    kafka, _ = found
    if environment.platform != "aws":
        hint = "remove it, or write platform: aws"
        yield Problem("kafka.managed", ABSENT, "is only for platform aws", hint)
    elif environment.teams and environment.storage.lake is None and environment.data is None:
        message = "lets teams in by the roles that their pods have for the lake, and there is no lake"
        hint = "write storage.lake, or data: the stack that keeps the lake"
        yield Problem("kafka.managed", ABSENT, message, hint)
    for field in _IN_THE_CLUSTER:
        if getattr(kafka, field) is not None:
            message = "enters by a certificate of Strimzi's, and MSK takes roles of IAM alone"
            yield Problem(f"kafka.{field}", ABSENT, message, "remove it, or kafka.managed")


def _spread(environment: Environment) -> Iterator[Problem]:
    """Each zone has as many brokers."""
    found = _provisioned(environment)
    zones = min(len(environment.zones), MOST_ZONES)
    if found is None or not zones:
        return
    count = found[1].brokers
    if count is not None and count % zones:
        below, above = count // zones * zones, math.ceil(count / zones) * zones
        hint = f"write {above}" if not below else f"write {below} or {above}"
        message = f"is not a multiple of {zones}, the zones that brokers are in"
        yield Problem("kafka.managed.brokers", count, message, hint)


def _copies(environment: Environment) -> Iterator[Problem]:
    """Each copy of a partition is on a broker of its own."""
    found = _provisioned(environment)
    if found is None or not environment.zones:
        return
    kafka, managed = found
    there = broker_count(environment, managed)
    asked = [("kafka.replication", kafka.replication)]
    asked += [
        (dotted(("kafka", "topics", name, "replication")), topic.replication)
        for name, topic in kafka.topics.items()
    ]
    for path, copies in asked:
        if copies is not None and copies > there:
            message = f"is above {there}, the brokers that there are"
            yield Problem(path, copies, message, f"write at most {there}, or more kafka.managed.brokers")


def _partitions(environment: Environment) -> Iterator[Problem]:
    """Brokers are not given more partitions than they do well with."""
    found = _provisioned(environment)
    if found is None or not environment.zones:
        return
    kafka, managed = found
    there, each = broker_count(environment, managed), offered.brokers()[managed.instance].partitions
    needed = sum(
        topic.partitions * (topic.replication or kafka.replication or min(there, MOST_ZONES))
        for topic in kafka.topics.values()
    )
    if needed > there * each:
        message = (
            f"have {needed} partitions with all copies, and {there} brokers of {managed.instance} hold "
            f"{there * each} well"
        )
        hint = "write a larger kafka.managed.instance, more brokers, or fewer partitions"
        yield Problem("kafka.topics", ABSENT, message, hint)


def _room(environment: Environment) -> Iterator[Problem]:
    """What topics are to keep fits on the volumes, as far as the file tells how much that is."""
    found = _provisioned(environment)
    if found is None or not environment.zones:
        return
    kafka, managed = found
    there = broker_count(environment, managed)
    needed = math.fsum(
        on_disk * (topic.replication or kafka.replication or min(there, MOST_ZONES))
        for topic in kafka.topics.values()
        if (on_disk := topic.on_disk) is not None
    )
    largest = managed.grow_to or managed.storage
    if needed > largest * there * _FILLED:
        field = "storage" if managed.grow_to is None else "grow_to"
        message = (
            f"keep {needed / GiB:,.0f}GiB with all copies, and {there} volumes of {largest} hold "
            f"{largest * there * _FILLED / GiB:,.0f}GiB of that safely"
        )
        each = ByteSize(math.ceil(needed / _FILLED / there / GiB) * GiB)
        hint = f"write kafka.managed.{field} of at least {each}, more brokers, or less retention"
        yield Problem("kafka.topics", ABSENT, message, hint)


def _tiers(environment: Environment) -> Iterator[Problem]:
    """What is to leave the volumes has somewhere to go, and stays there as long as MSK asks."""
    found = _msk(environment)
    if found is None:
        return
    kafka, managed = found
    for name, topic in kafka.topics.items():
        if topic.local is None:
            continue
        path = dotted(("kafka", "topics", name, "local"))
        if not managed.tiered:
            message = "is how long records stay on volumes, and nothing takes them from there"
            hint = "remove it"
            if managed.kind == "provisioned":
                hint = "write kafka.managed.tiered: true, or remove it"
            yield Problem(path, topic.local.written(), message, hint)
        elif topic.lasts is not None and topic.lasts < _LEAST_TIERED:
            message = f"lets records leave volumes that end before {_LEAST_TIERED}, which MSK does not tier"
            yield Problem(path, topic.local.written(), message, f"write retention: {_LEAST_TIERED} or more")


def _serverless(environment: Environment) -> Iterator[Problem]:
    """A serverless cluster decides copies by itself, and has room for some thousand partitions."""
    found = _msk(environment)
    if found is None or found[1].kind != "serverless":
        return
    kafka = found[0]
    if kafka.topics and found[1].tools is None:
        message = "is missing: serverless MSK has no API for topics, and there are some"
        hint = "write an image of Kafka with aws-msk-iam-auth in it (docs/how-to/msk.md)"
        yield Problem("kafka.managed.tools", ABSENT, message, hint)
    asked = [(f"kafka.{field}", getattr(kafka, field)) for field in ("replication", "min_in_sync")]
    asked += [
        (dotted(("kafka", "topics", name, "replication")), topic.replication)
        for name, topic in kafka.topics.items()
    ]
    for path, value in asked:
        if value is not None:
            message = "is what serverless MSK decides: three copies, of which two must have a record"
            yield Problem(path, value, message, "remove it, or write kafka.managed.kind: provisioned")
    for compact, most in _SERVERLESS_PARTITIONS.items():
        needed = sum(topic.partitions for topic in kafka.topics.values() if topic.compact is compact)
        if needed > most:
            kind = "compacted topics" if compact else "topics"
            message = f"have {needed} partitions in {kind}, and serverless MSK has {most} at most"
            hint = "write fewer, or kafka.managed.kind: provisioned"
            yield Problem("kafka.topics", ABSENT, message, hint)


CHECKS: Final = (
    check(_stands_on, "kafka", "platform", "teams", "storage", "data"),
    check(_spread, "kafka", "network", "region"),
    check(_copies, "kafka", "network", "region"),
    check(_partitions, "kafka", "network", "region"),
    check(_room, "kafka", "network", "region"),
    check(_tiers, "kafka"),
    check(_serverless, "kafka"),
)
