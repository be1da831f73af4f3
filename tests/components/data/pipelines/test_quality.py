"""Data quality checks: the template, and what it runs, with Great Expectations where there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from components.data.pipelines import quality, quality_job, templates
from tests.components.data.pipelines.support import complaints, needs_schemas

ROOT = Path(__file__).parents[4]
JOB = ROOT / "components" / "data" / "pipelines" / "quality_job.py"
NEEDED = ("great_expectations", "pandas", "boto3", "ruamel.yaml")


def container() -> Any:
    (template,) = quality.quality_template()["templates"]
    return template["container"]


@needs_schemas
def test_argos_own_definition_has_nothing_against_it() -> None:
    assert complaints(quality.quality_template()) == []
    wrong = {**quality.quality_template(), "template": []}
    assert complaints(wrong)


def test_others_refer_to_it_by_name_and_only_have_to_say_the_suite() -> None:
    made = quality.quality_template()
    assert made["templates"][0]["name"] == made["entrypoint"] == templates.QUALITY
    parameters = {one["name"]: one.get("value") for one in made["templates"][0]["inputs"]["parameters"]}
    assert parameters.pop("suite") is None
    assert None not in parameters.values()
    assert {one["name"] for one in made["arguments"]["parameters"]} == {"suite", *parameters}


def test_argo_finds_nothing_to_put_in_within_the_source() -> None:
    source = container()["args"][0]
    assert source == JOB.read_text()
    assert "{{" not in source
    assert len(source) < 128 * 1024, "one argument takes no more"


def test_it_finds_what_the_namespace_is_told_of() -> None:
    assert container()["envFrom"] == [{"configMapRef": {"name": "data-sources", "optional": True}}]
    keys = [one["valueFrom"]["secretKeyRef"] for one in container()["env"] if "valueFrom" in one]
    assert all(one["optional"] for one in keys)
    assert all(one["name"].endswith("{{workflow.namespace}}") for one in keys)


def test_it_may_do_nothing_on_its_node() -> None:
    security = container()["securityContext"]
    assert (security["runAsNonRoot"], security["readOnlyRootFilesystem"]) == (True, True)
    assert security["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("$LAKE/orders/", "s3://a-curated/teams/fraud/orders/"),
        ("${LAKE}orders", "s3://a-curated/teams/fraud/orders"),
        ("/data//orders", "/data/orders"),
    ],
)
def test_places_have_what_variables_stand_for(
    monkeypatch: pytest.MonkeyPatch, place: str, found: str
) -> None:
    monkeypatch.setenv("LAKE", "s3://a-curated/teams/fraud/")
    assert quality_job.expanded(place) == found


@pytest.mark.parametrize("place", ["", "$NOBODY_SET_THIS/orders"])
def test_no_place_is_no_data(place: str) -> None:
    with pytest.raises(quality_job.CannotJudge):
        quality_job.expanded(place)


# --- with Great Expectations: of this Python, or of the one that examples/events-to-lake/local.py sets up


@cache
def interpreter() -> str | None:
    if all(importlib.util.find_spec(name.partition(".")[0]) for name in NEEDED):
        return sys.executable
    script = ROOT / "examples" / "events-to-lake" / "local.py"
    if not script.is_file():
        return None
    specification = importlib.util.spec_from_file_location("local", script)
    assert specification is not None
    assert specification.loader is not None
    local = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(local)
    return str(local.python()) if local.whole() else None


needs_great_expectations = pytest.mark.skipif(
    interpreter() is None,
    reason="Great Expectations is not here: python3 examples/events-to-lake/local.py sets it up",
)

SUITE = """\
dataset: $LAKE_CURATED/orders
columns: [id, amount]
expectations:
  - {type: expect_table_row_count_to_be_between, min_value: 1}
  - {type: expect_column_values_to_not_be_null, column: id}
  - {type: expect_column_values_to_be_unique, column: id}
  - {type: expect_column_values_to_be_between, column: amount, min_value: 0}
"""
GOOD = "id,amount,note\n1,10.5,x\n2,0,y\n"
BAD = "id,amount,note\n2,-4,z\n"
CASES: dict[str, tuple[str, str]] = {
    "good": (SUITE, ""),
    "bad": (SUITE, "$LAKE_CURATED/both"),
    "lines": (SUITE, "$LAKE_CURATED/other.jsonl"),
    "empty": ("expectations: []", ""),
    "broken": ("a: [", ""),
    "unknown": (SUITE.replace("expect_column_values_to_be_unique", "expect_magic"), ""),
    "column": (SUITE.replace("[id, amount]", "[id, price]"), ""),
    "nothing": (SUITE, "$LAKE_CURATED/nothing"),
    "unset": (SUITE, "$NOBODY/orders"),
    "argument": (SUITE.replace("min_value: 1}", "least: 1}"), ""),
}
"""A suite and a dataset each."""
DRIVER = """\
import contextlib, io, json, os, runpy, sys
job = runpy.run_path(sys.argv[1])
told = {}
for name, (suite, dataset) in json.load(open(sys.argv[2])).items():
    with open("suite.yaml", "w") as file:
        file.write(suite)
    os.environ["RUN"] = name
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = job["main"](["suite.yaml", dataset])
    told[name] = (code, out.getvalue(), err.getvalue())
print("TOLD" + json.dumps(told))
"""


def run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    python = interpreter()
    assert python is not None
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "SUITE": "orders", "RUN": "run-1", **variables}
    return subprocess.run(
        [python, "-c", *command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """What comes of each case; reports are in ``lake/quality/orders``."""
    cwd = tmp_path_factory.mktemp("quality")
    for file, text in {
        "orders/day=1/part-0.csv": GOOD,
        "orders/_SUCCESS": "",
        "both/day=1/part-0.csv": GOOD,
        "both/day=2/part-0.csv": BAD,
        "other.jsonl": '{"id": 1, "amount": 1}\n{"id": null, "amount": 1}\n',
        "nothing/readme.txt": "",
    }.items():
        (cwd / "lake" / file).parent.mkdir(parents=True, exist_ok=True)
        (cwd / "lake" / file).write_text(text)
    (cwd / "cases.json").write_text(json.dumps(CASES))
    variables = {"LAKE_CURATED": str(cwd / "lake"), "REPORTS": "$LAKE_CURATED/quality"}
    done = run(DRIVER, str(JOB), "cases.json", cwd=cwd, **variables)
    assert done.returncode == 0, done.stderr
    results: dict[str, tuple[int, str, str]] = json.loads(done.stdout.rpartition("TOLD")[2])
    written = {file.stem: file.read_text() for file in (cwd / "lake" / "quality" / "orders").iterdir()}
    assert {name: report.strip() for name, (_, report, _) in results.items() if report} == written
    return results


@needs_great_expectations
def test_data_that_is_as_expected_passes_and_the_report_says_so(told: dict[str, Any]) -> None:
    code, report, said = told["good"]
    assert code == 0, said
    assert json.loads(report)["holds"] is True
    assert len(json.loads(report)["expectations"]) == 4


@needs_great_expectations
def test_data_that_is_not_fails_and_the_report_says_what_was_seen(told: dict[str, Any]) -> None:
    code, report, said = told["bad"]
    assert code == 1, said
    failed = {one["expects"]: one for one in json.loads(report)["expectations"] if not one["holds"]}
    assert set(failed) == {"expect_column_values_to_be_unique", "expect_column_values_to_be_between"}
    assert failed["expect_column_values_to_be_between"]["seen"]["partial_unexpected_list"] == [-4.0]


@needs_great_expectations
def test_json_lines_and_a_dataset_of_another_name(told: dict[str, Any]) -> None:
    code, report, said = told["lines"]
    assert code == 1, said
    failed = [one["expects"] for one in json.loads(report)["expectations"] if not one["holds"]]
    assert failed == ["expect_column_values_to_not_be_null"]


@needs_great_expectations
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("empty", "the suite has no expectations"),
        ("broken", "the suite is no YAML"),
        ("unknown", "knows no expect_magic"),
        ("column", "has no column price"),
        ("nothing", "there is no file of Parquet, CSV or JSON lines"),
        ("unset", "a variable is not set"),
        ("argument", "expect_table_row_count_to_be_between"),
    ],
)
def test_what_cannot_be_judged_is_told_apart(told: dict[str, Any], case: str, said: str) -> None:
    code, report, heard = told[case]
    assert (code, report) == (2, "")
    assert heard.startswith("cannot be judged: ")
    assert said in heard


@needs_great_expectations
def test_a_lake_that_speaks_s3_as_the_pod_does(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        where = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
        client = boto3.client("s3", **where, **keys)
        client.create_bucket(Bucket="quality-curated")
        for key, text in {"fraud/orders/part-0.csv": GOOD, "search/orders/part-0.csv": BAD}.items():
            client.put_object(Bucket="quality-curated", Key=f"teams/{key}", Body=text.encode())
        done = run(
            JOB.read_text(),
            "suite.yaml",
            "",
            cwd=tmp_path,
            LAKE_CURATED="s3://quality-curated/teams/fraud/",
            LAKE_ENDPOINT=where["endpoint_url"],
            LAKE_REGION=where["region_name"],
            REPORTS="$LAKE_CURATED/quality",
            **{name.upper(): value for name, value in keys.items()},
        )
        assert done.returncode == 0, done.stderr
        left = client.get_object(Bucket="quality-curated", Key="teams/fraud/quality/orders/run-1.json")
        assert json.loads(left["Body"].read()) == json.loads(done.stdout)
    finally:
        server.stop()
