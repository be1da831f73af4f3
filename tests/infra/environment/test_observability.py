"""Mistakes in what watches an environment: one clear error each, with its path, value and hint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.environment import dashboards
from infra.environment.alerts import Alerts
from infra.problems import BadInput
from tests.infra.environment.samples import on_premises, problems_of, small

SLACK = {"slack": {"secret": "slack", "key": "url", "channel": "#x"}}
GOOD: dict[str, Any] = {"default": "oncall", "receivers": {"oncall": SLACK}}


def alerts(**changes: Any) -> dict[str, Any]:
    return {"monitoring.alerts": {**GOOD, **changes}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"monitoring.retention": "36h"},
            "monitoring.retention: 36h is not a whole number of days; write days",
        ),
        ({"monitoring.retention": "500d"}, "monitoring.retention: 500d is above 400d; write at most 400d"),
        ({"monitoring.storage": "1GiB"}, "monitoring.storage: 1GiB is below 5GiB; write at least 5GiB"),
        ({"monitoring.replicas": 3}, "monitoring.replicas: 3"),
        ({"monitoring.replicas": "two"}, "monitoring.replicas: two"),
        (
            {"monitoring.remote_write": {"workspace": "mine"}},
            "workspace: mine is neither own nor a workspace of Amazon Managed Prometheus; write own",
        ),
        (
            {"monitoring.runbooks": "wiki"},
            "monitoring.runbooks: wiki is not an address; write one without a slash",
        ),
        (
            {"monitoring.dashboards": "../x"},
            "monitoring.dashboards: ../x is not a folder of this project; write its",
        ),
        (
            {"monitoring.dashboards": "nowhere"},
            "monitoring.dashboards: nowhere is not a folder of this project",
        ),
        (
            {"monitoring.dashboards": "stacks"},
            "monitoring.dashboards: stacks has no dashboard (*.json) in it; put what Grafana exports there",
        ),
        (alerts(default="oncal"), "which receivers lacks; did you mean oncall?"),
        (alerts(teams={"fraud": "nobody"}), "sends to nobody (teams.fraud), which receivers lacks"),
        (
            alerts(teams={"frud": "oncall"}),
            "monitoring.alerts.teams.frud: frud is not a team; did you mean fraud?",
        ),
        (
            alerts(receivers={"oncall": {}}),
            "receivers.oncall: {} says no way to tell it; write one of slack,",
        ),
        (
            alerts(receivers={"oncall": {**SLACK, "webhook": {"secret": "a", "key": "b"}}}),
            "says slack and webhook; write one of slack, pagerduty, webhook; two ways are two receivers",
        ),
        (
            alerts(receivers={"oncall": SLACK, "idle": SLACK}),
            "never sends to idle; name it in default or teams",
        ),
        (
            alerts(receivers={"oncall": {"slack": {"secret": "https://x/", "key": "url", "channel": "#x"}}}),
            "receivers.oncall.slack.secret: https://x/ is not the name of a secret; write small letters",
        ),
        (
            alerts(receivers={"oncall": {"slack": {**SLACK["slack"], "channel": "general"}}}),
            "receivers.oncall.slack.channel: general is not a channel of Slack; write its name after #",
        ),
        (
            alerts(receivers={"oncall": {"slack": {**SLACK["slack"], "url": "https://hooks.example.com/x"}}}),
            "receivers.oncall.slack.url",
        ),
        (
            {"logs.retention": "100d"},
            "logs.retention: 100d is not a retention that CloudWatch Logs offers; write",
        ),
        ({"logs.to": "loki"}, "go to a Loki that is not named; write loki: and its URL"),
        ({"logs": {"to": "loki", "loki": "http://x", "retention": "30d"}}, "remove retention"),
        ({"logs": {"loki": "http://x"}}, "name a Loki but go to CloudWatch; write to: loki, or remove loki"),
        (
            {"logs": {"to": "loki", "loki": "https://x/loki/api/v1/push"}},
            "logs.loki: https://x/loki/api/v1/push is not the address of a Loki; write its URL",
        ),
        (
            {"costs": {}},
            "costs: are reckoned from metrics, and there are none; write monitoring: {} beside it",
        ),
        (
            {"monitoring": {}, "costs": {"rates": {"cpu": 1, "memory": 1, "gpu": 1, "storage": 1}}},
            "costs.rates: is only for platform kubernetes; remove it",
        ),
    ],
)
def test_at_aws(changes: dict[str, Any], said: str) -> None:
    problems = problems_of(changes)
    assert len(problems) == 1, problems
    assert said in problems[0]


def refused(**changes: Any) -> list[str]:
    try:
        on_premises(changes)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"logs": {}}, "logs.to: cloudwatch is only for platform aws; write to: loki and loki: with its URL"),
        ({"monitoring": {"remote_write": {}}}, "monitoring.remote_write: is only for platform aws"),
        (
            {"monitoring": {}, "costs": {}},
            "costs.rates: is missing, which platform kubernetes needs; write cpu,",
        ),
        (
            {"monitoring": {}, "costs": {"rates": {"cpu": -1, "memory": 1, "gpu": 1, "storage": 1}}},
            "costs.rates.cpu: -1",
        ),
    ],
)
def test_on_ones_own_machines(changes: dict[str, Any], said: str) -> None:
    problems = refused(**changes)
    assert len(problems) == 1, problems
    assert said in problems[0]


def test_a_stack_that_only_keeps_data_has_nothing_to_watch() -> None:
    from infra.environment import parse

    data = {"owner": "x", "account": "111122223333", "storage": {"lake": {}}, "monitoring": {}, "logs": {}}
    with pytest.raises(BadInput) as bad:
        parse("lab", {"aws:region": "us-east-1", "mlcluster:environment": data})
    assert [problem.path for problem in bad.value.problems] == ["monitoring", "logs"]


def test_what_is_right_is_taken() -> None:
    env = small({"monitoring": {"alerts": {**GOOD, "teams": {"fraud": "oncall"}}}, "logs": {}, "costs": {}})
    assert env.monitoring is not None
    assert env.logs is not None
    assert env.monitoring.retention.days == 15
    assert env.logs.days == 30
    assert (
        refused(
            monitoring={},
            costs={"rates": {"cpu": 0.1, "memory": 0.1, "gpu": 1, "storage": 0}},
            logs={"to": "loki", "loki": "http://loki:3100"},
        )
        == []
    )


def test_absent_sections_are_absent() -> None:
    env = small()
    assert (env.monitoring, env.logs, env.costs) == (None, None, None)


def test_each_secret_is_named_once() -> None:
    both = Alerts.model_validate({"default": "a", "teams": {"x": "b"}, "receivers": {"a": SLACK, "b": SLACK}})
    assert list(both.secrets()) == ["slack"]


BOARD = {"title": "Team", "uid": "team", "panels": []}


def wrong(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    with pytest.raises(BadInput) as bad:
        dashboards.read(folder)
    return [str(problem) for problem in bad.value.problems]


def test_a_folder_of_dashboards_is_read(tmp_path: Path) -> None:
    (tmp_path / "team.json").write_text(json.dumps(BOARD))
    (tmp_path / "notes.md").write_text("nothing")
    assert dashboards.read(tmp_path) == {"team": json.dumps(BOARD)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "monitoring.dashboards: team.json: does not parse as JSON: "),
        ("[" * 100_000, "does not parse as JSON"),
        ("[]", "is not a dashboard: it is not a mapping; export it again"),
        (json.dumps({**BOARD, "panels": {}}), "its panels is not a list"),
        (json.dumps({**BOARD, "uid": ""}), "its uid is not a text"),
        (json.dumps({**BOARD, "title": 3}), "its title is not a text"),
        (" " * dashboards.LARGEST + json.dumps(BOARD), f"keep it below {dashboards.LARGEST}"),
    ],
)
def test_a_dashboard_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = wrong(tmp_path, team=text)
    assert said in problem


def test_every_wrong_dashboard_is_told_at_once(tmp_path: Path) -> None:
    problems = wrong(tmp_path, a="{", b="[]", Team=json.dumps(BOARD))
    assert [problem.split(": ")[1] for problem in problems] == ["Team.json", "a.json", "b.json"]


def test_two_dashboards_cannot_have_one_uid(tmp_path: Path) -> None:
    (problem,) = wrong(tmp_path, a=json.dumps(BOARD), b=json.dumps(BOARD))
    assert "b.json: has the uid of a.json, team; give it a uid of its own" in problem
