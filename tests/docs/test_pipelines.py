"""The objects that the page about pipelines shows are such as the cluster takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.data.pipelines import delivery_values, templates
from tests.components.data.pipelines.support import complaints as workflow_complaints
from tests.components.data.pipelines.support import needs_schemas
from tests.components.storage.judging import complaints

EXAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "examples"


def example(name: str) -> dict[str, Any]:
    shown: dict[str, Any] = yaml.safe_load((EXAMPLES / name).read_text())
    return shown


def test_the_schedule_gives_what_the_template_asks_for() -> None:
    spec = example("model-ci.yaml")["spec"]["workflowSpec"]
    assert spec["workflowTemplateRef"] == {"name": templates.MODEL_CI, "clusterScope": True}
    asked = {one["name"]: "value" in one for one in templates.model_ci(lake=True)["arguments"]["parameters"]}
    given = {one["name"] for one in spec["arguments"]["parameters"]}
    assert {name for name, default in asked.items() if not default} <= given <= set(asked)


@needs_schemas
def test_argos_own_schema_has_nothing_against_the_schedule() -> None:
    assert workflow_complaints(example("model-ci.yaml")["spec"]["workflowSpec"]) == []


def test_the_application_is_what_the_teams_project_lets_in() -> None:
    application = example("delivery.yaml")
    assert complaints(application) == []
    spec = application["spec"]
    homes = ["fraud-exploration", "fraud-training", "fraud-serving"]
    project = delivery_values.project("fraud", homes, ["https://github.com/acme/fraud"], [])
    assert spec["project"] == "fraud"
    assert application["metadata"]["namespace"] in project["sourceNamespaces"]
    assert spec["source"]["repoURL"] in project["sourceRepos"]
    assert spec["destination"] in project["destinations"]
