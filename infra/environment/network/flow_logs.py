"""Logs of a network's traffic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from infra.environment.cluster import LOG_RETENTION_DAYS
from infra.environment.fields import Days
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration


def _offered(value: Duration) -> Duration:
    if value.days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda days: abs(days - value.days))
        raise Wrong("is not a retention that CloudWatch Logs offers", f"write {nearest}d")
    return value


class FlowLogs(Section):
    """Who spoke to whom in the VPC. Encrypted with a key of their own; they go when the environment goes."""

    to: Literal["logs", "s3"] = "logs"
    """`logs`: a log group of CloudWatch, to be searched at once; `s3`: a bucket, as Parquet by the hour, at a
    fraction of the price."""
    traffic: Literal["all", "accept", "reject"] = "all"
    """What is logged: all, or only what security groups and network ACLs let through or turn away."""
    retention: Annotated[Days, AfterValidator(_offered)] = Duration("30d")
    """How long they are kept: a number of days that CloudWatch Logs offers."""
    every: Literal["1m", "10m"] = "10m"
    """How long flows are gathered before they are written; `1m` writes up to ten times as much."""
