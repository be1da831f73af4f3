"""Metrics, dashboards and alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.alerts import Alerts
from infra.environment.fields import Days, Form, Within
from infra.environment.section import Section
from infra.units import ByteSize, Duration

Workspace = Annotated[
    str,
    Form(
        pattern="own|ws-[0-9a-f-]+",
        wrong="is neither own nor a workspace of Amazon Managed Prometheus",
        hint="write own for one that is made here, or an id such as ws-12345678-90ab-4cde-8f01-234567890abc",
        example="own",
        longest=64,
    ),
]


class RemoteWrite(Section):
    """Amazon Managed Service for Prometheus, as a second and lasting place for metrics."""

    workspace: Workspace = "own"
    """The workspace that metrics are also written to: `own`, which lives and dies with this environment, or
    the id of one in this account and region. It is charged by the sample."""


class Monitoring(Section):
    """Prometheus, Alertmanager and Grafana, with dashboards and alerts for what the environment has."""

    retention: Annotated[Days, Within(Duration("1d"), Duration("400d"))] = Duration("15d")
    """How long metrics are kept in the cluster: whole days, up to 400."""
    storage: Annotated[ByteSize, Within(ByteSize("5GiB"))] | None = None
    """Size of each Prometheus' volume, at least 5GiB; volumes only grow. Default: what `retention` takes with
    all pools at their largest."""
    replicas: Annotated[int, Field(strict=True, ge=1, le=2)] | None = None
    """Prometheuses and Alertmanagers that do the same work, 1 or 2. Default: 2 where the environment has
    three zones or `lifetime.protect`, else 1."""
    remote_write: RemoteWrite | None = None
    """A second place for metrics. Only for platform `aws`. Default: there is none."""
    alerts: Alerts | None = None
    """Where alerts go. Default: they are seen in Alertmanager and Grafana, and nobody is told."""
    runbooks: (
        Annotated[
            str,
            Form(
                pattern=r"https?://[^\s]*[^\s/]",
                wrong="is not an address",
                hint="write one without a slash at its end, such as https://wiki.example.com/runbooks",
                example="https://wiki.example.com/runbooks",
                longest=500,
            ),
        ]
        | None
    ) = None
    """Address that the pages of `docs/runbooks` are at; alerts link to `<address>/<alert>.md`. Default:
    alerts say the page's path within this project."""
    dashboards: (
        Annotated[
            str,
            Form(
                pattern=r"(?!/)(?!.*\.\.)[A-Za-z0-9._/-]+",
                wrong="is not a folder of this project",
                hint="write its path below the folder that has Pulumi.yaml, such as dashboards",
                example="dashboards",
                longest=200,
            ),
        ]
        | None
    ) = None
    """A folder of dashboards of your own, as JSON that Grafana exports, a file each. Default: only ours."""
