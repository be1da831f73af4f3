"""Batch processing with Apache Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Days, Different, Flag, Form
from infra.environment.section import Section
from infra.environment.spark.managed import Managed
from infra.environment.spark.profile import Driver, Executor, Image, ProfileName, Shuffle, SparkProfile
from infra.problems import Wrong
from infra.units import DAY, Duration

STANDARD: Final = "standard"
"""The profile that there is where an environment file has none."""

Package = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9._-]+:[A-Za-z0-9._-]+:[A-Za-z0-9._-]+",
        wrong="is not a package of Maven",
        hint="write group, artifact and version, such as org.apache.hadoop:hadoop-aws:3.4.1",
        example="org.apache.hadoop:hadoop-aws:3.4.1",
        longest=256,
    ),
]
Repository = Annotated[
    str,
    Form(
        pattern=r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?",
        wrong="is not the address of a repository",
        hint="write one such as https://maven.example.com/central/",
        example="https://maven.example.com/central/",
        longest=512,
    ),
]


class Spark(Section):
    """Spark in the cluster by the Kubeflow Spark operator, or EMR on EKS.

    In its namespaces to explore and to train each team has a service account `spark`, which may make
    executors and has the team's part of the lake and of the table catalog, and the config map
    `spark-profiles`, from which a job is a few lines.
    """

    profiles: Annotated[Mapping[ProfileName, SparkProfile], Field(max_length=20)] = {}
    """Profiles of jobs by name, at most 20. Default: one, `standard`, on nodes that are open to all."""
    history: Flag = False
    """Whether there is a history server: a web console of jobs that are over, from their logs of events in
    the lake. Only on platform `aws`, and not with `managed`."""
    keep_events: Days = Duration("30d")
    """How long the history server keeps logs of events, in days."""
    image: Image | None = None
    """The image of drivers, executors and the history server: Spark 4.0 by the layout of Spark's own image.
    Default: Spark's own, whose jars for S3 and Iceberg each job fetches as `packages` when it starts."""
    packages: Annotated[tuple[Package, ...], Different] | None = None
    """Maven packages that each job fetches when it starts. Default: S3A, Iceberg and Iceberg's part for Glue.
    `[]` where `image` has them, which starts half a minute sooner and needs no way to Maven."""
    repository: Repository | None = None
    """A mirror of Maven Central that `packages` come from. Default: Maven Central."""
    managed: Managed | None = None
    """EMR on EKS instead of the operator: only on platform `aws`. Default: the operator."""

    @property
    def offered(self) -> Mapping[str, SparkProfile]:
        """The profiles that there are."""
        return self.profiles or {STANDARD: SparkProfile()}

    @field_validator("keep_events")
    @classmethod
    def _somebody_keeps(cls, value: Duration, info: ValidationInfo) -> Duration:
        if not info.data.get("history", True):
            raise Wrong("is for the history server, and there is none", "write history: true as well")
        if value > 3650 * DAY:
            raise Wrong("is above 3650d", "write at most 3650d")
        return value

    @field_validator("repository")
    @classmethod
    def _something_comes(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("packages") == ():
            raise Wrong("is where packages come from, and there are none", "leave it out")
        return value

    @field_validator("managed")
    @classmethod
    def _instead(cls, value: Managed | None, info: ValidationInfo) -> Managed | None:
        if value is None:
            return value
        if info.data.get("history"):
            raise Wrong(
                "keeps the history of its own jobs, so there is no history server",
                "leave history out, or leave managed out for the operator",
            )
        for field in ("image", "packages", "repository"):
            if info.data.get(field) is not None:
                raise Wrong(
                    f"has EMR's images with all that they need, so {field} says nothing",
                    f"leave {field} out, or leave managed out for the operator",
                )
        return value


__all__ = ["STANDARD", "Driver", "Executor", "Managed", "Shuffle", "Spark", "SparkProfile"]
