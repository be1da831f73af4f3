"""Kafka in the cluster: whether brokers have room, and what teams are named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.kafka import OF_BROKERS, Kafka
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem, did_you_mean
from infra.units import ByteSize, GiB

FILLED: Final = 0.85
"""The part of a disk that may be reckoned with: segments go as a whole, and only when they are full."""


def _ours(environment: Environment) -> Kafka | None:
    """Kafka whose brokers are in the cluster."""
    kafka = environment.kafka
    return kafka if kafka is not None and kafka.managed is None else None


def _managed(environment: Environment) -> Iterator[Problem]:
    """What says how brokers are run is not written for MSK, which would ignore it."""
    kafka = environment.kafka
    if kafka is None or kafka.managed is None:
        return
    for field in OF_BROKERS:
        if field in kafka.model_fields_set:
            message = "is for brokers in the cluster, and Amazon MSK runs these"
            hint = "remove it; what MSK offers is under kafka.managed"
            yield Problem(f"kafka.{field}", ABSENT, message, hint)


def _where(environment: Environment) -> Iterator[Problem]:
    """Pools and tiers are at AWS; each has what it stands on."""
    kafka = _ours(environment)
    if kafka is None:
        return
    if environment.platform != "aws":
        for field in ("pool", "tiered"):
            if getattr(kafka, field) is not None:
                yield Problem(f"kafka.{field}", ABSENT, "is only for platform aws", "remove it")
    elif kafka.tiered is not None and environment.storage.lake is None and environment.data is None:
        hint = "write storage.lake, or data: the stack that keeps the lake"
        yield Problem("kafka.tiered", ABSENT, "puts old records in a lake, and there is none", hint)
    if environment.secrets is None and environment.all_teams:
        message = "gives each team a password, which has no way into its namespaces"
        yield Problem("kafka", ABSENT, message, "write secrets: {}")
    classes = environment.storage.classes
    if environment.platform == "aws" and kafka.storage_class not in {None, *classes}:
        hint = did_you_mean(str(kafka.storage_class), classes)
        yield Problem("kafka.storage_class", kafka.storage_class, "is not a class of storage.block", hint)


def _copies(environment: Environment) -> Iterator[Problem]:
    """Each copy of a partition is on a broker of its own, and each zone has a broker."""
    kafka = _ours(environment)
    if kafka is None:
        return
    asked = [("kafka.replication", kafka.replication)]
    asked += [
        (dotted(("kafka", "topics", name, "replication")), topic.replication)
        for name, topic in kafka.topics.items()
    ]
    for path, copies in asked:
        if copies is not None and copies > kafka.brokers:
            message = f"is above {kafka.brokers}, the brokers that there are"
            yield Problem(path, copies, message, f"write at most {kafka.brokers}, or more brokers")
    zones = _zones(environment, kafka)
    if 1 < kafka.brokers < zones:
        message = f"leaves zones without a broker: there are {zones}"
        hint = f"write {zones} or a multiple, or the name of a pool with a zone of its own in kafka.pool"
        yield Problem("kafka.brokers", kafka.brokers, message, hint)


def _zones(environment: Environment, kafka: Kafka) -> int:
    """In how many zones there are nodes for brokers."""
    pool = environment.pools.get(kafka.pool) if kafka.pool is not None else None
    return 1 if pool is not None and pool.zone is not None else len(environment.zones)


def _room(environment: Environment) -> Iterator[Problem]:
    """There are as many nodes as brokers, and each holds one."""
    kafka = _ours(environment)
    if kafka is None or environment.platform != "aws" or not environment.pools:
        return
    if kafka.pool is not None:
        pool = environment.pools.get(kafka.pool)
        if pool is None:
            hint = did_you_mean(kafka.pool, environment.pools)
            yield Problem("kafka.pool", kafka.pool, "is not a pool", hint)
        elif not _holds(pool, kafka):
            yield _too_small(kafka, f"is a pool of nodes ({pool.instances[0]}) that cannot hold a broker")
        elif pool.max < kafka.brokers:
            message = f"has at most {pool.max} nodes, and each of the {kafka.brokers} brokers has its own"
            hint = f"raise its max to {kafka.brokers}, or lower kafka.brokers"
            yield Problem("kafka.pool", kafka.pool, message, hint)
        return
    nodes = sum(
        pool.max for pool in environment.pools.values() if not pool.effective_taints and _holds(pool, kafka)
    )
    if nodes < kafka.brokers:
        message = (
            f"has a node of its own for each, and pools without taints have {nodes} that hold one "
            f"({kafka.cpu:g} vCPUs and {kafka.memory})"
        )
        hint = "write the name of a pool in kafka.pool, raise max of one, or lower kafka.cpu and kafka.memory"
        yield Problem("kafka.brokers", kafka.brokers, message, hint)


def _holds(pool: Pool, kafka: Kafka) -> bool:
    """Whether every node of a pool, the smallest of its types too, has room for a broker."""
    return all(
        shape.allocatable_cpu >= kafka.cpu and shape.allocatable_memory >= kafka.memory
        for shape in pool.shapes
    )


def _too_small(kafka: Kafka, message: str) -> Problem:
    hint = f"lower kafka.cpu ({kafka.cpu:g}) and kafka.memory ({kafka.memory}), or choose larger instances"
    return Problem("kafka.pool", kafka.pool, message, hint)


def _teams(environment: Environment) -> Iterator[Problem]:
    """Topics and quotas are of teams that there are."""
    kafka, teams = environment.kafka, environment.all_teams
    if kafka is None:
        return
    named: list[tuple[tuple[str | int, ...], str]] = [(("quotas", team), team) for team in kafka.quotas]
    for name, topic in kafka.topics.items():
        here = ("topics", name)
        named += [] if topic.team is None else [((*here, "team"), topic.team)]
        for field, others in (("writers", topic.writers), ("readers", topic.readers)):
            named += [((*here, field, i), team) for i, team in enumerate(others)]
    for path, team in named:
        if team not in teams:
            hint = did_you_mean(team, teams)
            yield Problem(dotted(("kafka", *path)), team, "is not a team", hint)


def _retention(environment: Environment) -> Iterator[Problem]:
    """What topics are to keep fits on the disks, as far as the file tells how much that is."""
    kafka = _ours(environment)
    if kafka is None:
        return
    sizes = {
        name: on_disk * (topic.replication or kafka.copies)
        for name, topic in kafka.topics.items()
        if (on_disk := topic.on_disk) is not None
    }
    needed, there = math.fsum(sizes.values()), kafka.storage * kafka.brokers * FILLED
    if needed > there:
        largest = max(sizes, key=lambda name: (sizes[name], name))
        message = (
            f"keep {_written(needed)} with all copies, and the disks of {kafka.brokers} brokers hold "
            f"{_written(there)} of that safely; the most is of {largest} ({_written(sizes[largest])})"
        )
        each = ByteSize(math.ceil(needed / FILLED / kafka.brokers / GiB) * GiB)
        hint = f"write kafka.storage of at least {each}, more brokers, or less retention"
        yield Problem("kafka.topics", ABSENT, message, hint)


def _written(size: float) -> str:
    return f"{size / GiB:,.0f}GiB"


def _tiers(environment: Environment) -> Iterator[Problem]:
    """What is to leave the disks has somewhere to go."""
    kafka = _ours(environment)
    if kafka is None or kafka.tiered is not None:
        return
    for name, topic in kafka.topics.items():
        if topic.local is not None:
            message = "is when records leave the disks for the lake, and nothing takes them there"
            hint = "write kafka.tiered with an image that has the plugin, or remove it"
            yield Problem(dotted(("kafka", "topics", name, "local")), topic.local.written(), message, hint)


def _archive(environment: Environment) -> Iterator[Problem]:
    """What topics have in the lake stays where it can be read at once: Glacier's answer takes hours."""
    kafka, lake = _ours(environment), environment.storage.lake
    if kafka is None or kafka.tiered is None or lake is None or lake.archive_after is None:
        return
    for name, topic in kafka.topics.items():
        if topic.local is not None and topic.lasts is not None and topic.lasts > lake.archive_after:
            message = f"is beyond the {lake.archive_after} after which the lake archives what it has"
            hint = "write less, or a storage.lake.archive_after beyond it"
            path = dotted(("kafka", "topics", name, "retention"))
            yield Problem(path, topic.lasts.written(), message, hint)


CHECKS: Final = (
    check(_archive, "kafka", "storage"),
    check(_managed, "kafka"),
    check(_where, "kafka", "platform", "storage", "data", "secrets", "teams"),
    check(_copies, "kafka", "network", "region", "pools"),
    check(_room, "kafka", "platform", "pools"),
    check(_teams, "kafka", "teams"),
    check(_retention, "kafka"),
    check(_tiers, "kafka"),
)
