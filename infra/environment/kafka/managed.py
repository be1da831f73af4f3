"""Kafka that AWS runs: Amazon MSK."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.catalog import brokers as offered
from infra.environment.cluster import LOG_RETENTION_DAYS
from infra.environment.fields import Count, Days, Flag, OneOf, Within
from infra.environment.kafka.connect import Image
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import ByteSize, Duration, GiB

Metrics = Literal["cluster", "broker", "topic", "partition"]

_PROVISIONED_ONLY: Final = (
    *("version", "instance", "brokers", "storage", "grow_to", "grow_at", "throughput", "tiered", "logs"),
    *("metrics", "drained"),
)
_LEAST_THROUGHPUT: Final = 250
"""MiB a second, what volumes have anyway:
https://docs.aws.amazon.com/msk/latest/developerguide/msk-provision-throughput-management.html"""


def _retention(value: Duration) -> Duration:
    if value.days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda days: abs(days - value.days))
        raise Wrong("is not a retention that CloudWatch Logs offers", f"write {nearest}d")
    return value


def _whole(value: ByteSize) -> ByteSize:
    if value % GiB:
        raise Wrong("is not a whole number of GiB", "write GiB, such as 500GiB")
    return value


VolumeSize = Annotated[ByteSize, Within(ByteSize("1GiB"), ByteSize("16384GiB")), AfterValidator(_whole)]
"""https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"""


class Managed(Section):
    """Amazon MSK. Clients enter by the role of their pod (IAM) and over TLS, no other way."""

    kind: Literal["provisioned", "serverless"] = "provisioned"
    """`provisioned`: brokers of a size that is chosen here. `serverless`: AWS decides all of it, and charges
    by the hour, the partition and the GB; there is nothing else to write but `tools`."""
    tools: Image | None = None
    """For `serverless` with topics: an image of Kafka, with aws-msk-iam-auth among its libraries, which you
    build once (docs/how-to/msk.md has the lines). A job makes topics with it, for serverless MSK has no API
    for them. Only with `serverless`."""
    version: Annotated[str, OneOf(offered.versions, "version of Kafka that MSK runs")] = offered.recommended()
    """Minor version of Apache Kafka, in KRaft mode. It only goes up. Default: what MSK recommends."""
    instance: Annotated[str, OneOf(offered.brokers, "size of brokers")] = "kafka.m7g.large"
    """Size of brokers."""
    brokers: Annotated[Count, Field(ge=2, le=60)] | None = None
    """Brokers in all: as many in each of the network's zones. 2 to 60. Default: one a zone."""
    storage: VolumeSize = ByteSize("100GiB")
    """Size of each broker's volume: whole GiB, up to 16384GiB. Volumes only grow."""
    grow_to: VolumeSize | None = None
    """Size up to which volumes grow by themselves; `storage` is then the one that they begin with, and
    changes nothing later. Default: they do not grow."""
    grow_at: Annotated[int, Field(strict=True, ge=10, le=80)] = 60
    """How full they are when they grow, in percent: 10 to 80. Only with `grow_to`."""
    throughput: Annotated[Count, Field(ge=_LEAST_THROUGHPUT, le=1000)] | None = None
    """MiB a second that each volume is given: 250 up to what the size of brokers can have. Default: what
    comes with it."""
    tiered: Flag = False
    """Whether old segments of topics move from the volumes to cheaper storage that MSK runs. It is never
    taken off a cluster again."""
    logs: Annotated[Days, AfterValidator(_retention)] = Duration("30d")
    """How long CloudWatch keeps what brokers write: a number of days that it offers."""
    drained: Flag = False
    """Whether brokers that go hold no partitions any more. Without it `brokers` cannot be lowered; with it as
    many go as there are zones at a time, those that came last."""
    metrics: Metrics = "broker"
    """How fine the metrics in CloudWatch are: of the `cluster` (free), its `broker`s, `topic`s by broker, or
    `partition`s, the latter three charged by the metric."""

    @field_validator(*_PROVISIONED_ONLY)
    @classmethod
    def _only_provisioned(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("kind") == "serverless":
            raise Wrong("is what serverless MSK decides", "remove it, or write kind: provisioned")
        return value

    @field_validator("tools")
    @classmethod
    def _only_serverless(cls, image: str | None, info: ValidationInfo) -> str | None:
        if image is not None and info.data.get("kind") == "provisioned":
            raise Wrong("is not needed: provisioned MSK makes topics by itself", "remove it")
        return image

    @field_validator("grow_to")
    @classmethod
    def _larger(cls, most: ByteSize | None, info: ValidationInfo) -> ByteSize | None:
        size = info.data.get("storage")
        if most is not None and size is not None and most <= size:
            raise Wrong(f"is not above storage {size}", "write a larger size, or remove it")
        return most

    @field_validator("throughput")
    @classmethod
    def _offered(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        instance = info.data.get("instance")
        if throughput is None or instance is None:
            return throughput
        most = offered.brokers()[instance].throughput
        if most is None:
            raise Wrong(
                f"cannot be given to brokers of the size {instance}",
                "remove it, or write a larger size, such as kafka.m7g.2xlarge",
            )
        if throughput > most:
            raise Wrong(f"is above the {most} MiB/s of {instance}", f"write at most {most}")
        if (info.data.get("storage") or ByteSize("10GiB")) < ByteSize("10GiB"):
            raise Wrong("takes volumes of 10GiB at least", "write storage: 10GiB or more")
        return throughput

    @field_validator("grow_at")
    @classmethod
    def _grows(cls, full: int, info: ValidationInfo) -> int:
        if info.data.get("grow_to", "wrong") is None:
            raise Wrong("says when volumes grow, and nothing how far", "write grow_to too, or remove it")
        return full
