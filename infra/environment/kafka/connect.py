"""Kafka Connect, which takes topics to the lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from infra.environment.fields import Count, Different, Form, Within
from infra.environment.kafka.topics import TopicName
from infra.environment.section import Section
from infra.units import ByteSize, Cpu, Duration

SinkName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a sink",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="clicks",
        longest=32,
    ),
]
Image = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9.-]+\.[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})",
        wrong="is not an image with its registry and its version",
        hint="write the host, the path and a tag that stays, or a digest",
        example="111122223333.dkr.ecr.us-east-1.amazonaws.com/mlcluster-dev-connect:4.3.1-3.4.3",
        longest=500,
    ),
]
Prefix = Annotated[
    str,
    Form(
        pattern="[A-Za-z0-9][A-Za-z0-9_=.-]*(/[A-Za-z0-9_=.-]+)*",
        wrong="is not a prefix of the lake",
        hint="write letters, digits, and _ = . - with single slashes between, such as teams/fraud/clicks",
        example="teams/fraud/clicks",
        longest=200,
    ),
]


class Sink(Section):
    """What takes the records of some topics to the lake's zone `raw`, as compressed files."""

    topics: Annotated[tuple[TopicName, ...], Field(min_length=1), Different]
    """Topics of `kafka.topics`. A topic belongs to one sink."""
    prefix: Prefix
    """Where in the zone `raw`: files are `<prefix>/<topic>/date=<day>/…`. With `teams/<team>/…` it is the
    team's own."""
    format: Literal["jsonl", "json", "csv", "parquet"] = "jsonl"
    """Form of files. For `jsonl` and `json` records are JSON; for `parquet` JSON with its schema, as Kafka
    Connect writes it; for `csv` anything, which is written in Base64."""
    tasks: Annotated[Count, Field(ge=1, le=100)] = 1
    """Pieces of work in parallel, of which no more than partitions have something to do."""


class Connect(Section):
    """Kafka Connect on Strimzi, which takes topics to the lake."""

    image: Image
    """An image of Strimzi's Kafka with Aiven's S3 sink connector in it, which you build once
    (docs/how-to/connect-topics-to-the-lake.md has the four lines): no public image has both."""
    every: Annotated[Duration, Within(Duration("10s"), Duration("1d"))] = Duration("5m")
    """How often what was read is written to the lake, a file for each partition with something new."""
    workers: Annotated[Count, Field(ge=1, le=50)] = 2
    """Pods that share the work; 2 or more so that one may go."""
    cpu: Annotated[Cpu, Within(Cpu("250m"))] = Cpu(1)
    """vCPUs of each."""
    memory: Annotated[ByteSize, Within(ByteSize("1GiB"))] = ByteSize("2GiB")
    """Memory of each, at least 1GiB."""
    sinks: Annotated[Mapping[SinkName, Sink], Field(min_length=1)]
    """What is taken to the lake, by name."""
