"""What the template `quality-check` runs: holds a dataset to what is expected of it, and says what was seen.

It runs by itself, in a pod: of this project nothing else is there. What is expected is in a file, as YAML:

    dataset: $LAKE_CURATED/orders/        # Parquet, CSV or JSON lines: a folder or a file, s3:// or a path
    columns: [id, amount]                 # only these are read; all, where it does not say
    expectations:                         # those of Great Expectations, by their names there
      - {type: expect_table_row_count_to_be_between, min_value: 1}
      - {type: expect_column_values_to_not_be_null, column: id}

Ends with 1 where one does not hold, and with 2 where it could not be judged. The report goes to the log, and
to `$REPORTS/<suite>/<run>.json` where there is a lake.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

REQUIREMENTS = ("great-expectations==1.24.1", "pandas==3.1.1", "pyarrow==26.0.1", "boto3==1.44.5")
"""What is fetched where the image has no Great Expectations; licences Apache-2.0 and BSD-3-Clause."""

_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".json": "read_json", ".jsonl": "read_json"}
_SEEN = ("observed_value", "unexpected_count", "unexpected_percent", "partial_unexpected_list")


class CannotJudge(Exception):
    """Nothing can be said about the data: the suite or the dataset is not what it should be."""


def main(arguments: Sequence[str]) -> int:
    """Judges; `arguments` are the suite's file and, where it is another than the suite's, the dataset."""
    suite, *dataset = arguments
    try:
        expected = parsed(Path(suite).read_text("utf-8"))
        where = expanded(next(filter(None, dataset), None) or str(expected.get("dataset") or ""))
        found = judged(frame(where, expected.get("columns")), expected["expectations"])
    except CannotJudge as problem:
        sys.stderr.write(f"cannot be judged: {problem}\n")
        return 2
    failed = [one for one in found if not one["holds"]]
    report = json.dumps({"dataset": where, "holds": not failed, "expectations": found}, indent=2)
    sys.stdout.write(f"{report}\n")
    reports = os.path.expandvars(os.environ.get("REPORTS", ""))
    if reports and "$" not in reports:
        write(expanded(f"{reports}/{os.environ['SUITE']}/{os.environ['RUN']}.json"), report)
    return 1 if failed else 0


def install() -> None:
    """Fetches what is not there, for this process alone."""
    try:
        importlib.import_module("great_expectations")
    except ImportError:
        target = os.environ.get("SITE", "/step/site")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-cache-dir",
        ]
        subprocess.run([*pip, "--target", target, *REQUIREMENTS], check=True)
        sys.path.insert(0, target)


def parsed(text: str) -> Mapping[str, Any]:
    """What a suite's file says.

    Raises:
        CannotJudge: it is no suite.
    """
    yaml = importlib.import_module("ruamel.yaml")
    try:
        suite = yaml.YAML(typ="safe", pure=True).load(text)
    except Exception as problem:
        raise CannotJudge(f"the suite is no YAML: {problem}") from problem
    if not isinstance(suite, Mapping) or not suite.get("expectations"):
        raise CannotJudge("the suite has no expectations")
    for one in suite["expectations"]:
        if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
            raise CannotJudge(f"an expectation has no type: {one}")
    return suite


def expanded(place: str) -> str:
    """A place with what variables stand for, and single slashes.

    Raises:
        CannotJudge: there is none, or a variable that nobody set.
    """
    text = os.path.expandvars(place)
    if not text or "$" in text:
        raise CannotJudge(
            f"{place or 'no dataset'} says no place: a variable is not set" if text else "no dataset"
        )
    scheme, colon, rest = text.rpartition("://")
    return f"{scheme}{colon}{re.sub('/+', '/', rest)}"


def frame(where: str, columns: Sequence[str] | None) -> Any:
    """The rows of all files of a dataset, one after the other.

    Raises:
        CannotJudge: there is none, or a column is not in them.
    """
    pandas = importlib.import_module("pandas")
    read = [_read(pandas, name, content, columns) for name, content in files(where)]
    if not read:
        raise CannotJudge(f"there is no file of Parquet, CSV or JSON lines in {where}")
    return pandas.concat(read, ignore_index=True)


def _read(pandas: Any, name: str, content: bytes, columns: Sequence[str] | None) -> Any:
    kind = Path(name).suffix
    lines = {"lines": True} if kind in (".json", ".jsonl") else {}
    rows = getattr(pandas, _READERS[kind])(io.BytesIO(content), **lines)
    missing = set(columns or ()) - set(rows.columns)
    if missing:
        raise CannotJudge(f"{name} has no column {', '.join(sorted(missing))}")
    return rows[list(columns)] if columns else rows


def files(where: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a dataset's files, sorted; what engines leave beside them does not count."""
    for name, content in _in_bucket(where) if where.startswith("s3://") else _in_folder(Path(where)):
        if Path(name).suffix in _READERS and not Path(name).name.startswith(("_", ".")):
            yield name, content()


def _in_folder(place: Path) -> Iterator[tuple[str, Any]]:
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    for file in found:
        if file.is_file():
            yield str(file), file.read_bytes


def _in_bucket(where: str) -> Iterator[tuple[str, Any]]:
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    client = _s3()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            key = one["Key"]
            yield key, lambda key=key: client.get_object(Bucket=bucket, Key=key)["Body"].read()


def write(where: str, text: str) -> None:
    """Leaves a report in the lake, or in a folder."""
    if where.startswith("s3://"):
        bucket, _, key = where.removeprefix("s3://").partition("/")
        _s3().put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
    else:
        Path(where).parent.mkdir(parents=True, exist_ok=True)
        Path(where).write_text(text, encoding="utf-8")


def _s3() -> Any:
    boto3 = importlib.import_module("boto3")
    given = {"region_name": os.environ.get("LAKE_REGION"), "endpoint_url": os.environ.get("LAKE_ENDPOINT")}
    return boto3.client("s3", **{name: value for name, value in given.items() if value})


def judged(rows: Any, expectations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each expectation, whether it holds, and what was seen.

    Raises:
        CannotJudge: one is not known, or says what it does not know.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # tells nobody that it ran
    gx = importlib.import_module("great_expectations")
    context = gx.get_context(mode="ephemeral")
    if context.variables.progress_bars is not None:
        context.variables.progress_bars.globally = False
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": rows})
    suite = gx.ExpectationSuite(name="suite", expectations=[_expectation(one) for one in expectations])
    return [_told(one) for one in batch.validate(suite).results]


def _expectation(given: Mapping[str, Any]) -> Any:
    known = importlib.import_module("great_expectations.expectations")
    name = "".join(word.capitalize() for word in given["type"].split("_"))
    kind = getattr(known, name, None)
    if kind is None:
        raise CannotJudge(f"Great Expectations knows no {given['type']}")
    try:
        return kind(**{key: value for key, value in given.items() if key != "type"})
    except Exception as problem:
        raise CannotJudge(f"{given['type']}: {problem}") from problem


def _told(result: Any) -> dict[str, Any]:
    said = result.expectation_config
    what = {name: value for name, value in said.kwargs.items() if name != "batch_id"}
    if raised := _raised(result.exception_info or {}):
        raise CannotJudge(f"{said.type}: {raised}")
    seen = {name: result.result[name] for name in _SEEN if name in result.result}
    told = json.loads(json.dumps({"what": what, "seen": seen}, default=str))
    return {"expects": said.type, **told, "holds": bool(result.success)}


def _raised(info: Mapping[str, Any]) -> str | None:
    """Why an expectation could not be judged: told once, or for each measure of it."""
    every = [info] if "raised_exception" in info else list(info.values())
    return next((str(one["exception_message"]) for one in every if one["raised_exception"]), None)


if __name__ == "__main__":
    install()
    sys.exit(main(sys.argv[1:]))
