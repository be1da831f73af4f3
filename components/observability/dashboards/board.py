"""What a dashboard consists of, and how Grafana's JSON is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal

Kind = Literal["series", "figure", "table"]
_WIDTH: Final = {"series": 12, "figure": 6, "table": 24}
"""Of 24 columns: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/"""
_HEIGHT: Final = {"series": 8, "figure": 4, "table": 8}

SOURCE: Final = "prometheus"
"""The uid that the chart gives to its Prometheus as a source of data."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One thing to look at."""

    title: str
    expr: str
    """PromQL; may have `$team`, where the board has it."""
    legend: str = ""
    """The name of each series: ``{{team}}``."""
    unit: str = "short"
    """Grafana's name for a unit: ``percentunit``, ``bytes``, ``Bps``, ``s``, ``currencyUSD``."""
    kind: Kind = "series"
    about: str = ""
    """What it tells, for whoever sees it first."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels that belong together."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard."""

    name: str
    """Unique among ours; part of its uid, and so of its address."""
    title: str
    rows: tuple[Row, ...]
    by_team: bool = False
    """Whether one chooses teams."""

    @property
    def uid(self) -> str:
        """What it is found by: ``/d/<uid>``."""
        return f"mlcluster-{self.name}"


TEAMS: Final = "label_values(mlcluster:namespace_team:info, team)"
"""The teams that one chooses from."""


def json_of(board: Board) -> str:
    """A dashboard as Grafana reads it."""
    from grafana_foundation_sdk.builders import dashboard
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .tags(["mlcluster"])
        .refresh("1m")
        .time("now-6h", "now")
        .timezone("browser")
        .readonly()
    )
    if board.by_team:
        made = made.with_variable(
            dashboard.QueryVariable("team")
            .label("Team")
            .datasource(_source())
            .query(TEAMS)
            .multi(True)
            .include_all(True)
            .all_value(".*")
        )
    numbers = count(1)
    for row in board.rows:
        made = made.with_row(dashboard.Row(row.title).id(next(numbers)))
        for panel in row.panels:
            made = made.with_panel(_panel(panel).id(next(numbers)))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build())


def _panel(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

    query = prometheus.Dataquery().expr(panel.expr).legend_format(panel.legend).ref_id("A")
    query = query.range() if panel.kind == "series" else query.instant()
    if panel.kind == "table":
        query = query.format(PromQueryFormat.TABLE)
    builders: dict[Kind, Any] = {"series": timeseries.Panel, "figure": stat.Panel, "table": table.Panel}
    return (
        builders[panel.kind]()
        .title(panel.title)
        .description(panel.about)
        .datasource(_source())
        .unit(panel.unit)
        .span(_WIDTH[panel.kind])
        .height(_HEIGHT[panel.kind])
        .with_target(query)
    )


def _source() -> Any:
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

    return DataSourceRef(type_val="prometheus", uid=SOURCE)
