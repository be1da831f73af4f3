"""What checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from botocore.config import Config

from infra.environment import Environment
from infra.labels import ENVIRONMENT_TAG

_QUICK = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"})
"""A check that waits for minutes helps nobody."""


def _client(service: str, region: str) -> Any:
    import boto3

    return boto3.client(service, region_name=region, config=_QUICK)


@dataclass(frozen=True)
class Patient:
    """An environment, where it is to be, and when."""

    environment: Environment
    now: datetime
    """With a time zone."""
    root: Path
    """The project's folder."""
    connect: Callable[[str, str], Any] = field(default=cache(_client))
    """Makes a client of boto3 for a service and a region."""

    def aws(self, service: str) -> Any:
        """A client for the environment's region."""
        return self.connect(service, str(self.environment.region))

    def owns(self, found: Mapping[str, Any]) -> bool:
        """Whether something at EC2 is the environment's own, by its tag."""
        return {"Key": ENVIRONMENT_TAG, "Value": self.environment.name} in found.get("Tags", [])

    def pages(self, service: str, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Every page of an answer."""
        yield from self.aws(service).get_paginator(operation).paginate(**arguments)
