"""Dashboards as code: a module for each, and `build` which makes Grafana's JSON of them."""

from __future__ import annotations

from collections.abc import Mapping

from components.observability.dashboards import (
    cluster,
    cost,
    drift,
    efa,
    gpu,
    kafka,
    lustre,
    serving,
    spark,
    training,
)
from components.observability.dashboards.board import Board
from components.observability.features import Features

EVERYWHERE = (cluster, kafka, spark, training, serving, drift)


def boards(features: Features) -> Mapping[str, Board]:
    """The dashboards of an environment by name."""
    chosen = (
        *EVERYWHERE,
        *((gpu,) if features.gpus else ()),
        *((efa,) if features.efa else ()),
        *((lustre,) if features.lustre else ()),
        *((cost,) if features.costs else ()),
    )
    return {module.BOARD.name: module.BOARD for module in chosen}
