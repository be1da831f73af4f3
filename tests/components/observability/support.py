"""An environment that has everything, and what Prometheus is told of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest

from components.observability import rules
from components.observability.dashboards import boards
from components.observability.features import Features
from infra.units import TiB

LUSTRE: Final = "mlcluster-test-lustre-scratch"
EVERYTHING: Final = Features(gpus=True, efa=True, lustre={LUSTRE: TiB}, costs=True, archive=True)
PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not on PATH: it is in Debian's package prometheus"
)
ROOT: Final = Path(__file__).parents[3]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of rules and dashboards, with where it is."""
    for group in rules.groups(EVERYTHING, "x"):
        for rule in group["rules"]:
            yield rule.get("record", rule.get("alert")), rule["expr"]
    for name, board in boards(EVERYTHING).items():
        for row in board.rows:
            for panel in row.panels:
                yield f"{name}: {panel.title}", panel.expr


def parsed(expr: str) -> Any:
    """An expression as it is once a team is chosen."""
    return promql_parser.parse(expr.replace("$team", ".*"))


def metrics_in(expr: str) -> set[str]:
    """Names of the metrics that an expression asks for."""
    names: set[str] = set()

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector) and node.name is not None:
            names.add(node.name)
        return True

    promql_parser.walk(parsed(expr), pre_visit=note)
    return names
