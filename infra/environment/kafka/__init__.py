"""Event streaming with Apache Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.catalog import kafka as known
from infra.environment.fields import Count, Flag, LabelKey, OneOf, PoolName, TeamName, Within
from infra.environment.kafka.connect import Connect
from infra.environment.kafka.managed import Managed
from infra.environment.kafka.mirror import Mirror
from infra.environment.kafka.quota import Quota
from infra.environment.kafka.registry import Registry
from infra.environment.kafka.tiered import Tiered
from infra.environment.kafka.topics import Keep, Topic, TopicName, distinct
from infra.environment.section import Section
from infra.environment.storage.paths import VolumeName
from infra.problems import Wrong
from infra.units import ByteSize, Cpu

Version = Annotated[str, OneOf(known.versions, "version of Kafka that Strimzi runs")]

OF_BROKERS: Final = (
    *("brokers", "controllers", "version", "metadata", "storage", "storage_class", "cpu", "memory", "pool"),
    *("rack", "rebalance", "quota", "quotas", "tiered"),
)
"""Fields that say how brokers in the cluster are run: Amazon MSK has its own words for them."""


def _majority(count: int) -> int:
    if count % 2 == 0:
        raise Wrong("is even: controllers decide by majority", f"write {count - 1} or {count + 1}")
    return count


class Kafka(Section):
    """Event streaming: Kafka in the cluster by Strimzi, or Amazon MSK.

    In the cluster nobody gets in without TLS and a password or a certificate, and nobody has a right that
    `topics` does not give. Each team finds its password in the Secret `kafka` of its namespaces.
    """

    brokers: Annotated[Count, Field(ge=1, le=100)] = 3
    """Brokers, each on a node of its own, over all zones: as many as there are zones, or a multiple. When
    there are more or fewer, partitions are moved by themselves (`rebalance`)."""
    controllers: Annotated[Count, Field(ge=1, le=9), AfterValidator(_majority)] = 3
    """Controllers, which know what is where: odd, for a majority must be alive. Chosen for good: Strimzi does
    not change it."""
    version: Version = known.newest()
    """Version of Kafka, of those that the pinned Strimzi runs. Default: the newest. A new one comes broker by
    broker, without a break where `replication` is above 1."""
    metadata: Version | None = None
    """The version of Kafka whose form of metadata is written. To be able to go back after an upgrade, write
    the old version here first, and take it out when all is well. Default: that of `version`."""
    replication: Annotated[Count, Field(ge=1, le=9)] | None = None
    """Copies of each partition, on as many brokers. Default: 3, or `brokers` where there are fewer."""
    min_in_sync: Annotated[Count, Field(ge=1, le=8)] | None = None
    """Copies that must have a record before it counts as written (`acks=all`); below `replication`, or a
    broker that restarts would stop the writing. Default: one below `replication`, at least 1."""
    storage: Annotated[ByteSize, Within(ByteSize("1GiB"), ByteSize("16TiB"))] = ByteSize("100GiB")
    """Disk of each broker. It can grow, never shrink."""
    storage_class: VolumeName | None = None
    """Storage class of the disks. Default: `gp3` on platform `aws`, else the cluster's default class."""
    cpu: Annotated[Cpu, Within(Cpu("250m"))] = Cpu(1)
    """vCPUs that each broker is sure of; it may take more where there are."""
    memory: Annotated[ByteSize, Within(ByteSize("2GiB"))] = ByteSize("4GiB")
    """Memory of each broker. Half of it, at most 6GiB, is the JVM's; the rest holds what was just written, so
    that readers who keep up never touch a disk."""
    pool: PoolName | None = None
    """The pool whose nodes brokers and controllers run on, tainted or not. Default: nodes that are open to
    all. Only on platform `aws`."""
    rack: LabelKey | None = None
    """Label of nodes by which copies are kept apart. Default: the zone on platform `aws`, else none."""
    rebalance: Flag = True
    """Whether Cruise Control is there, and moves partitions when brokers come or go. Without it a new broker
    stays empty, and one that has partitions cannot go. Only where there are two brokers or more."""
    quota: Quota = Quota()
    """What each team may take of the brokers. Default: all they have."""
    quotas: Mapping[TeamName, Quota] = {}
    """What single teams may take instead, by team."""
    topics: Annotated[Mapping[TopicName, Topic], AfterValidator(distinct)] = {}
    """Topics by name. Programs cannot make any."""
    tiered: Tiered | None = None
    """Old records in the lake instead of on disks. Only on platform `aws`. Default: all are on disks."""
    keep: Keep = "retain"
    """What `down` does: with `retain` Kafka is protected and its disks stay with all that is on them, at AWS
    beyond the cluster; with `destroy` everything goes."""
    managed: Managed | None = None
    """Amazon MSK instead of brokers in the cluster. Default: Strimzi runs them in the cluster."""
    connect: Connect | None = None
    """Kafka Connect, which takes topics to the lake. Default: there is none."""
    mirror: Mirror | None = None
    """MirrorMaker 2, which copies topics of another cluster here. Default: there is none."""
    registry: Registry | None = None
    """A registry of the schemas of records. Default: there is none."""

    @field_validator("metadata")
    @classmethod
    def _not_ahead(cls, metadata: str | None, info: ValidationInfo) -> str | None:
        version = info.data.get("version")
        order = known.versions()
        if metadata is not None and version is not None and order.index(metadata) > order.index(version):
            raise Wrong(f"is newer than {version}, which is to write it", f"write {version} or older")
        return metadata

    @field_validator("min_in_sync")
    @classmethod
    def _one_may_be_away(cls, least: int | None, info: ValidationInfo) -> int | None:
        if least is None or not {"brokers", "replication"} <= info.data.keys():
            return least
        copies = info.data["replication"] or _copies(info.data["brokers"])
        if least >= copies > 1:
            message = f"is not below {copies}, the copies that there are: one that restarts stops all writing"
            raise Wrong(message, f"write {copies - 1}")
        if least > copies:
            raise Wrong("is above 1, the copies that there are", "write 1")
        return least

    @property
    def copies(self) -> int:
        """Copies of each partition, unless a topic says otherwise."""
        return self.replication or _copies(self.brokers)

    @property
    def metadata_version(self) -> str:
        """What Kafka calls the form of metadata that is written: ``4.3-IV0``."""
        return known.metadata(self.metadata or self.version)

    @property
    def balances(self) -> bool:
        """Whether there is something that moves partitions."""
        return self.rebalance and self.brokers > 1

    def in_sync(self, copies: int) -> int:
        """Of so many copies of a partition, those that must have a record before it counts as written."""
        chosen = self.min_in_sync if copies == self.copies else None
        return chosen or max(copies - 1, 1)

    def quota_of(self, team: str) -> Quota:
        """What a team may take of the brokers."""
        return self.quotas.get(team, self.quota)

    def kept(self, topic: Topic) -> bool:
        """Whether a topic stays when it is taken out of the file, or the stack goes."""
        return (topic.keep or self.keep) == "retain"


def topics_of(kafka: Kafka | None, team: str) -> dict[str, list[str]]:
    """Names of the topics that a team may `write`, and of those that it may `read`."""
    topics = {} if kafka is None else kafka.topics
    return {
        "write": sorted(name for name, topic in topics.items() if team in topic.writing),
        "read": sorted(name for name, topic in topics.items() if team in topic.reading),
    }


def _copies(brokers: int) -> int:
    return min(3, brokers)


__all__ = ["Kafka", "Managed", "Quota", "Tiered", "Topic", "topics_of"]
