"""Topics of Kafka, and who may write and read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.environment.fields import Count, Different, Flag, Form, TeamName, Within
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import DAY, ByteSize, Duration

Keep = Literal["retain", "destroy"]
DEFAULT_RETENTION: Final = Duration(7 * DAY)
"""Kafka's own."""


def _not_kafkas_own(name: str) -> str:
    if name.startswith("__"):
        raise Wrong("begins with __, as Kafka's own topics do", "choose another beginning")
    return name


TopicName = Annotated[
    str,
    Form(
        pattern=r"(?!\.{1,2}$)[A-Za-z0-9._-]+",
        wrong="is not a name that Kafka takes",
        hint="write letters, digits, dots, underscores and hyphens",
        example="events",
        longest=249,
    ),
    AfterValidator(_not_kafkas_own),
]
"""https://kafka.apache.org/43/operations/basic-kafka-operations/ (Topic.validate in Kafka's own sources)."""


class Topic(Section):
    """A topic. What is in it is read by teams that are named here, and by nobody else."""

    partitions: Annotated[Count, Field(ge=1, le=10_000)] = 3
    """Parts that it is divided into: as many readers of one group can share the work. It can grow, never
    shrink; when it grows, the same key may lead to another partition than before."""
    replication: Annotated[Count, Field(ge=1, le=9)] | None = None
    """Copies of each partition, on as many brokers. Default: that of `kafka.replication`."""
    retention: Annotated[Duration, Within(Duration("1m"))] | None = None
    """How long records stay. Default: 7d; with `compact` the last of each key stays for ever."""
    size: Annotated[ByteSize, Within(ByteSize("1MiB"))] | None = None
    """What all its partitions together keep at most, in each copy; the oldest goes first. Default: as much
    as comes within `retention`."""
    rate: Annotated[ByteSize, Within(ByteSize("1B"))] | None = None
    """Bytes a second that you expect to be written, compressed as they come. From it follows whether the
    brokers can hold what `retention` asks for; it limits nothing. Default: that is not reckoned."""
    compact: Flag = False
    """Whether only the last record of each key stays, as for tables, instead of all for a time."""
    local: Annotated[Duration, Within(Duration("1m"))] | None = None
    """How long records stay on the brokers' disks; older ones are in the lake, until `retention` ends. Needs
    `kafka.tiered`. Default: all of the time."""
    team: TeamName | None = None
    """The team that it belongs to: it writes and reads. Default: it is the platform's."""
    writers: Annotated[tuple[TeamName, ...], Different] = ()
    """Other teams that may write to it. Default: none."""
    readers: Annotated[tuple[TeamName, ...], Different] = ()
    """Other teams that may read it. Default: none."""
    keep: Keep | None = None
    """What happens when it is taken out of the file: with `retain` that is refused, with `destroy` it goes
    with all that is in it. Default: that of `kafka.keep`."""

    @field_validator("compact")
    @classmethod
    def _not_with_limits(cls, compact: bool, info: ValidationInfo) -> bool:
        limits = [name for name in ("retention", "size") if info.data.get(name) is not None]
        if compact and limits:
            message = f"keeps the last record of each key for ever, so {limits[0]} would end nothing"
            raise Wrong(message, f"remove {limits[0]}, or compact")
        return compact

    @field_validator("local")
    @classmethod
    def _before_it_ends(cls, local: Duration | None, info: ValidationInfo) -> Duration | None:
        if local is None:
            return None
        if info.data.get("compact"):
            raise Wrong("is not for topics that are compacted: Kafka does not tier them", "remove it")
        retention = info.data.get("retention") or DEFAULT_RETENTION
        if local >= retention:
            raise Wrong(
                f"is not below its retention, {retention}", "write less, or leave it out to tier nothing"
            )
        return local

    @property
    def lasts(self) -> Duration | None:
        """How long records stay; None: for ever."""
        return None if self.compact else self.retention or DEFAULT_RETENTION

    @property
    def writing(self) -> frozenset[str]:
        """Teams that may write to it."""
        return frozenset((*self.writers, *(() if self.team is None else (self.team,))))

    @property
    def reading(self) -> frozenset[str]:
        """Teams that may read it."""
        return frozenset((*self.readers, *(() if self.team is None else (self.team,))))

    @property
    def on_disk(self) -> float | None:
        """Bytes that one copy takes on the brokers' disks, as far as the file tells; None: it does not."""
        spans = [span for span in (self.local, self.lasts) if span is not None]
        by_time = self.rate * min(spans) if self.rate is not None and spans else None
        known = [float(one) for one in (by_time, self.size) if one is not None]
        return min(known) if known else None


def distinct(topics: Mapping[str, Topic]) -> Mapping[str, Topic]:
    """Topics whose metrics Kafka can tell apart: for those it takes a dot for an underscore.

    Raises:
        Wrong: two names differ in that alone, which Kafka refuses.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in topics:
        alike[name.replace(".", "_")].append(name)
    for names in alike.values():
        if len(names) > 1:
            message = f"has {' and '.join(sorted(names))}, which Kafka takes for the same name"
            raise Wrong(message, "let names differ in more than dots and underscores")
    return topics
