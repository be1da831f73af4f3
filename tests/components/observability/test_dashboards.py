"""Dashboards: what Grafana reads, and which of them an environment has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.observability.dashboards import boards
from components.observability.dashboards.board import SOURCE, Board, json_of
from components.observability.features import Features
from infra.environment.dashboards import LARGEST
from tests.components.observability.support import EVERYTHING

BOARDS = boards(EVERYTHING)
ALL = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def panels(board: Board) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(json_of(board))["panels"] if panel["type"] != "row"]


@ALL
def test_a_dashboard_is_json_that_grafana_reads(board: Board) -> None:
    read = json.loads(json_of(board))
    assert (read["uid"], read["title"]) == (board.uid, board.title)
    assert read["schemaVersion"] >= 36
    assert len(json_of(board).encode()) < LARGEST


@ALL
def test_every_panel_asks_prometheus_one_thing(board: Board) -> None:
    shown = panels(board)
    assert len(shown) == sum(len(row.panels) for row in board.rows)
    for panel in shown:
        (target,) = panel["targets"]
        assert panel["datasource"] == {"type": "prometheus", "uid": SOURCE}
        assert target["expr"]
        assert panel["title"]


@ALL
def test_panels_lie_beside_and_below_each_other(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(json_of(board))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@ALL
def test_panels_have_numbers_of_their_own(board: Board) -> None:
    numbers = [panel["id"] for panel in json.loads(json_of(board))["panels"]]
    assert len(set(numbers)) == len(numbers)


@ALL
def test_teams_are_chosen_where_they_are_asked_for(board: Board) -> None:
    names = [one["name"] for one in json.loads(json_of(board))["templating"].get("list", [])]
    asked = any("$team" in panel["targets"][0]["expr"] for panel in panels(board))
    assert (names == ["team"]) == asked == board.by_team


def test_uids_are_different() -> None:
    assert len({board.uid for board in BOARDS.values()}) == len(BOARDS)
    assert len(BOARDS) == 10


def test_what_is_not_there_is_not_shown() -> None:
    assert set(BOARDS) - set(boards(Features())) == {"gpu", "efa", "lustre", "cost"}
