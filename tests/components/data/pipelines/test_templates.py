"""Templates of pipelines: Argo takes them, and what they run is what a team says."""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.data.pipelines import register, templates
from components.tenancy.discovery import Found, Sources, variables
from infra.catalog.images import image
from tests.components.data.pipelines.support import complaints, needs_schemas

WHOLE = templates.model_ci(lake=True)
TASKS = {one["name"]: one for one in WHOLE["templates"][0]["dag"]["tasks"]}
STEPS = {one["name"]: one for one in WHOLE["templates"]}
PARAMETERS = {one["name"]: one for one in WHOLE["arguments"]["parameters"]}
EACH = pytest.mark.parametrize(
    "spec", [WHOLE, templates.model_ci(lake=False), templates.run_object()], ids=["lake", "none", "object"]
)


@needs_schemas
@EACH
def test_argos_own_schema_has_nothing_against_it(spec: dict[str, Any]) -> None:
    assert complaints(spec) == []


@needs_schemas
def test_the_schema_does_complain() -> None:
    wrong = copy.deepcopy(WHOLE)
    wrong["templates"][1]["container"]["commands"] = ["sh"]
    assert any("commands" in one for one in complaints(wrong))
    del wrong["templates"][0]["name"]
    wrong["templates"][0]["dag"]["tasks"] = "gather"
    assert len(complaints(wrong)) >= 2


@EACH
def test_whatever_is_named_is_there(spec: dict[str, Any]) -> None:
    """Parameters, tasks and templates that expressions name."""
    names = {one["name"] for one in spec["arguments"]["parameters"]}
    text = json.dumps(spec)
    assert set(re.findall(r"workflow\.parameters\.(\w+)", text)) <= names
    within = {one["name"] for one in spec["templates"]}
    assert spec["entrypoint"] in within
    for template in spec["templates"]:
        tasks = template.get("dag", {}).get("tasks", [])
        inputs = {one["name"] for one in template.get("inputs", {}).get("parameters", [])}
        assert set(re.findall(r"inputs\.parameters\.(\w+)", json.dumps(template))) <= inputs
        for task in tasks:
            known = {one["name"] for one in tasks}
            assert set(re.findall(r"tasks\.(\w+)", json.dumps(task))) <= known
            assert {one.partition(".")[0] for one in re.findall(r"[\w.]+", task.get("depends", ""))} <= known
            assert task.get("template", "elsewhere") in {*within, "elsewhere"}


@EACH
def test_every_parameter_of_a_step_is_given(spec: dict[str, Any]) -> None:
    wanted = {
        one["name"]: {each["name"] for each in one.get("inputs", {}).get("parameters", [])}
        for one in spec["templates"]
    }
    for template in spec["templates"]:
        for task in template.get("dag", {}).get("tasks", []):
            if "template" in task:
                given = {one["name"] for one in task.get("arguments", {}).get("parameters", [])}
                assert given == wanted[task["template"]], task["name"]


def test_the_way_is_from_data_to_a_model_at_work() -> None:
    order = ["gather", "clean", "validate", "train", "evaluate", "register", "deploy"]
    assert list(TASKS) == order
    for before, after in itertools.pairwise(order):
        assert TASKS[after]["depends"].partition(".")[0] == before


def test_only_a_good_model_is_registered_and_only_what_is_registered_is_deployed() -> None:
    assert ">= asFloat(workflow.parameters.threshold)" in TASKS["register"]["when"]
    assert TASKS["deploy"]["depends"] == "register.Succeeded"


def test_what_has_to_be_given_is_the_model_its_image_and_what_trains_it() -> None:
    assert {name for name, one in PARAMETERS.items() if "value" not in one} == {"model", "image", "train"}
    assert all(one["description"].endswith(".") for one in PARAMETERS.values())


def test_steps_that_say_nothing_are_left_out() -> None:
    for name in ("gather", "clean", "evaluate"):
        assert TASKS[name]["when"] == f"{{{{=workflow.parameters.{name} != ''}}}}"
    # What depends on its number always has one.
    assert PARAMETERS["evaluate"]["value"]


def test_without_a_lake_nothing_is_passed_on() -> None:
    assert "artifacts" in json.dumps(WHOLE)
    assert "artifacts" not in json.dumps(templates.model_ci(lake=False))


def manifest(line: str) -> Any:
    """The training's Job as Argo makes it of its template: an expression gives JSON, all else is text."""
    text: str = STEPS["train"]["resource"]["manifest"]
    text = text.replace("{{=toJson(workflow.parameters.train)}}", json.dumps(line))
    return yaml.safe_load(text)


@pytest.mark.parametrize("line", ["python train.py", "python -c \"print(1)\" \\\n  && echo 'a: {b}'", "#"])
def test_a_line_stays_one_line_whatever_is_in_it(line: str) -> None:
    (container,) = manifest(line)["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [line]


def test_models_go_where_the_team_keeps_its_own() -> None:
    """What `data-sources` says of the zone ends in a slash."""
    assert PARAMETERS["models"]["value"] == "$(LAKE_MODELS)"
    team = Sources(team="fraud", region="eu-west-1", lake=True)
    said = variables(team, Found(buckets={"models": "a-models"}), "fraud-training")["LAKE_MODELS"]
    (uri,) = [one["value"] for one in STEPS["step"]["container"]["env"] if one["name"] == "MODEL_URI"]
    parts = {"models": said, "model": "churn"}
    for name, value in parts.items():
        uri = uri.replace(f"{{{{workflow.parameters.{name}}}}}", value)
    assert uri == "s3://a-models/teams/fraud/churn/{{workflow.name}}"


def test_training_is_a_job_in_the_teams_own_name() -> None:
    job = manifest("train")
    pod = job["spec"]["template"]["spec"]
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert pod["serviceAccountName"] == "{{workflow.serviceAccountName}}"
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "{{workflow.parameters.gpus}}"
    assert STEPS["train"]["synchronization"] == {
        "semaphores": [{"configMapKeyRef": {"name": "semaphores", "key": "train"}}]
    }
    assert STEPS["train"]["resource"]["setOwnerReference"] is True


def test_only_steps_that_make_objects_may() -> None:
    for name, step in STEPS.items():
        makes = "resource" in step
        assert (step.get("serviceAccountName") == templates.OBJECTS_ACCOUNT) == makes, name
        if makes:
            # Its account has nothing of the lake, where its output would go.
            assert step["archiveLocation"] == {"archiveLogs": False}


def test_containers_are_those_that_the_strictest_level_takes() -> None:
    for name in ("step", "register"):
        security = STEPS[name]["container"]["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["runAsNonRoot"] is True
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_what_registers_runs_as_it_stands_and_is_not_taken_for_a_template() -> None:
    container = STEPS["register"]["container"]
    assert container["image"] == image("python")
    source, file = container["args"]
    assert source == Path(register.__file__).read_text()
    assert "{{" not in source
    assert file == "/step/version"


class Tracking(BaseHTTPRequestHandler):
    """As much of MLflow as is spoken to."""

    asked: list[tuple[str, dict[str, Any]]]
    known = False
    broken = False

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append((self.path, said))
        if self.path.endswith("registered-models/create") and (self.known or self.broken):
            code = "INTERNAL_ERROR" if self.broken else "RESOURCE_ALREADY_EXISTS"
            return self._answer(400, {"error_code": code})
        return self._answer(200, {"model_version": {"version": "7"}})

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def tracking(*, known: bool = False, broken: bool = False) -> Iterator[tuple[str, type[Tracking]]]:
    facts = {"asked": [], "known": known, "broken": broken}
    handler = type("Fresh", (Tracking,), facts)
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def registered(folder: Path, server: str) -> tuple[int, str, Path]:
    """Runs the step's command, in an environment of its own."""
    container = STEPS["register"]["container"]
    file = folder / "version"
    env = {
        "PATH": os.defpath,
        "MODEL": "fraud",
        "RUN": "fraud-1",
        "METRIC": "0.9",
        "SOURCE": "s3://a/fraud/fraud-1",
        **({"MLFLOW_TRACKING_URI": server} if server else {}),
    }
    line = [sys.executable, *container["command"][1:], container["args"][0], str(file)]
    ran = subprocess.run(line, env=env, capture_output=True, text=True, check=False, timeout=120)
    return ran.returncode, ran.stdout, file


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_model_gets_a_version(tmp_path: Path, known: bool) -> None:
    with tracking(known=known) as (server, handler):
        code, told, file = registered(tmp_path, server)
    assert (code, file.read_text()) == (0, "7"), told
    (_, model), (path, version) = handler.asked
    assert model == {"name": "fraud"}
    assert path == "/api/2.0/mlflow/model-versions/create"
    assert version["source"] == "s3://a/fraud/fraud-1"
    assert {one["key"]: one["value"] for one in version["tags"]} == {"run": "fraud-1", "metric": "0.9"}


def test_a_server_that_refuses_fails_the_step(tmp_path: Path) -> None:
    with tracking(broken=True) as (server, _):
        code, _, file = registered(tmp_path, server)
    assert code != 0
    assert not file.exists()


def test_without_a_server_nothing_is_registered_and_nothing_is_wrong(tmp_path: Path) -> None:
    code, told, file = registered(tmp_path, "")
    assert (code, file.read_text()) == (0, "")
    assert "no tracking server" in told
