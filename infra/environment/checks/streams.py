"""What runs beside Kafka's brokers: what it takes is there, and so is where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem, did_you_mean


def _lake(environment: Environment) -> Iterator[Problem]:
    """Sinks write to a lake, by a role of AWS."""
    kafka = environment.kafka
    if kafka is None or kafka.connect is None or kafka.managed is not None:
        return
    if environment.platform != "aws":
        yield Problem("kafka.connect", ABSENT, "is only for platform aws", "remove it")
    elif environment.storage.lake is None and environment.data is None:
        hint = "write storage.lake, or data: the stack that keeps the lake"
        yield Problem("kafka.connect", ABSENT, "takes topics to a lake, and there is none", hint)


def _sinks(environment: Environment) -> Iterator[Problem]:
    """Sinks take topics that there are, each by one."""
    kafka = environment.kafka
    if kafka is None or kafka.connect is None:
        return
    taken: dict[str, str] = {}
    for name, sink in kafka.connect.sinks.items():
        for place, topic in enumerate(sink.topics):
            path = dotted(("kafka", "connect", "sinks", name, "topics", place))
            if topic not in kafka.topics:
                yield Problem(
                    path, topic, "is not a topic of kafka.topics", did_you_mean(topic, kafka.topics)
                )
            elif topic in taken:
                message = f"is taken to the lake by {taken[topic]} already"
                yield Problem(path, topic, message, "remove it from one of the two")
            taken.setdefault(topic, name)


def _owners(environment: Environment) -> Iterator[Problem]:
    """What is written to a team's part of the lake is of a team that there is."""
    kafka = environment.kafka
    if kafka is None or kafka.connect is None:
        return
    for name, sink in kafka.connect.sinks.items():
        first, _, rest = sink.prefix.partition("/")
        team = rest.partition("/")[0]
        if first == "teams" and team not in environment.teams:
            path = dotted(("kafka", "connect", "sinks", name, "prefix"))
            message = f"is in the part of a team {team}, which there is not"
            yield Problem(path, sink.prefix, message, did_you_mean(team, environment.teams))


CHECKS: Final = (
    check(_lake, "kafka", "platform", "storage", "data"),
    check(_sinks, "kafka"),
    check(_owners, "kafka", "teams"),
)
