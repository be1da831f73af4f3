"""The judge of charts' values judges."""

from pathlib import Path
from typing import Any

import pytest

from tests.components import chart_values
from tests.components.chart_values import unknown_paths

VALUES = """\
replicas: 1
image:
  repository: example
  # -- The tag
  # tag: v1
nodeSelector:
  kubernetes.io/os: linux
extra: {}
nothing:
service:
  port: 80
#  deep: 1
# host: example.com
grafana:
  enabled: true
nfd:
  enabled: true
"""
SUBCHARTS = "dependencies: [{name: grafana}, {name: node-feature, alias: nfd}]"


@pytest.fixture(autouse=True)
def charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of charts, of which `tool` is one."""
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "values.yaml").write_text(VALUES)
    (tmp_path / "tool" / "Chart.yaml").write_text(SUBCHARTS)
    (tmp_path / "tool" / "node-feature").mkdir()
    (tmp_path / "tool" / "node-feature" / "values.yaml").write_text("worker: {config: {}, port: 1}")
    monkeypatch.setattr(chart_values, "UPSTREAM", tmp_path)
    return tmp_path


def test_what_the_file_has_is_known() -> None:
    assert unknown_paths("tool", {"replicas": 2, "image": {"repository": "x"}, "service": {"port": 1}}) == []


def test_what_it_does_not_have_is_named_by_its_path() -> None:
    values = {"replica": 2, "image": {"repo": "x"}, "service": {"port": {"http": 1}}}
    assert unknown_paths("tool", values) == ["image.repo", "replica", "service.port.http"]


def test_comments_say_what_else_there_is_and_where() -> None:
    assert unknown_paths("tool", {"image": {"tag": "v2"}, "host": "here", "service": {"deep": 2}}) == []
    assert unknown_paths("tool", {"tag": "v2", "image": {"host": "x"}}) == ["image.host", "tag"]


def test_anything_may_stand_in_an_empty_map_and_in_maps_of_kubernetes() -> None:
    values = {"extra": {"a": {"b": 1}}, "nothing": {"c": 1}, "nodeSelector": {"mlcluster.io/pool": "system"}}
    assert unknown_paths("tool", values) == []


def test_subcharts_are_judged_where_their_values_are_at_hand() -> None:
    values = {"grafana": {"whatever": 1}, "nfd": {"enabled": True, "worker": {"port": 2, "prt": 3}}}
    assert unknown_paths("tool", values) == ["nfd.worker.prt"]


def test_a_schema_says_what_there_is_and_what_there_is_not(charts: Path) -> None:
    (charts / "strict").mkdir()
    (charts / "strict" / "values.yaml").write_text("given: {}")
    (charts / "strict" / "values.schema.json").write_text(
        """{"$ref": "#/$defs/all", "$defs": {"all": {"additionalProperties": false, "properties":
        {"given": {"additionalProperties": false, "properties": {"a": {}}}, "free": {"type": "object"}}}}}"""
    )
    values = {"given": {"a": 1, "b": 2}, "free": {"x": 1}, "other": 1}
    assert unknown_paths("strict", values) == ["given.b", "other"]


def test_defaults_of_istio_are_set_without_the_key_that_they_are_under(charts: Path) -> None:
    (charts / "istio" / "istiod").mkdir(parents=True)
    (charts / "istio" / "istiod" / "values.yaml").write_text(
        "_internal_defaults_do_not_set:\n  pilot: {env: {}}\n"
    )
    assert unknown_paths("istiod", {"pilot": {"env": {"A": "b"}}}) == []
    wrong: dict[str, Any] = {"_internal_defaults_do_not_set": {"pilot": {}}}
    assert unknown_paths("istiod", wrong) == ["_internal_defaults_do_not_set"]


def test_a_chart_that_is_not_at_hand_skips_the_test() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"shared/upstream"):
        unknown_paths("absent", {})
