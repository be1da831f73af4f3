"""What containers and nodes write."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from infra.environment.cluster import LOG_RETENTION_DAYS
from infra.environment.fields import Days, Form
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration


def _offered(value: Duration) -> Duration:
    if value.days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda days: abs(days - value.days))
        raise Wrong("is not a retention that CloudWatch Logs offers", f"write {nearest}d")
    return value


class Logs(Section):
    """Fluent Bit on every node, which sends what containers and nodes write to one place."""

    to: Literal["cloudwatch", "loki"] = "cloudwatch"
    """`cloudwatch`: log groups of this environment at AWS, encrypted with a key of their own, gone when it
    goes; only on platform `aws`. `loki`: a Loki that is there already."""
    retention: Annotated[Days, AfterValidator(_offered)] | None = None
    """How long CloudWatch keeps them: a number of days that it offers. Default: 30d. Loki has its own."""
    loki: (
        Annotated[
            str,
            Form(
                pattern=r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?",
                wrong="is not the address of a Loki",
                hint="write its URL without a path, such as https://loki.example.com",
                example="https://loki.example.com",
                longest=253,
            ),
        ]
        | None
    ) = None
    """The address of Loki. Required for, and only for, `to: loki`."""

    @model_validator(mode="after")
    def _one_place(self) -> Logs:
        if self.to == "loki" and self.loki is None:
            raise Wrong("go to a Loki that is not named", "write loki: and its URL")
        if self.to == "loki" and self.retention is not None:
            raise Wrong("have a retention, which Loki decides by itself", "remove retention")
        if self.to == "cloudwatch" and self.loki is not None:
            raise Wrong("name a Loki but go to CloudWatch", "write to: loki, or remove loki")
        return self

    @property
    def days(self) -> int:
        """Days that CloudWatch keeps them."""
        return 30 if self.retention is None else self.retention.days
