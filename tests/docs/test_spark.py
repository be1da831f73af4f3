"""The job that the page on Spark shows is one that its profile makes a whole of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.environment import parse
from tests.components.data.spark.support import LARGE, made, merged
from tests.components.storage.judging import complaints, needs_upstream
from tests.docs.test_examples import FENCED

DOCS = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture(scope="module")
def blocks() -> list[Any]:
    return [yaml.safe_load(block) for block in FENCED.findall((DOCS / "spark.md").read_text())]


def test_the_job_beside_the_page_is_that_in_it(blocks: list[Any]) -> None:
    assert yaml.safe_load((DOCS / "examples" / "spark-job.yaml").read_text()) in blocks


@needs_upstream
def test_it_is_a_job_that_the_operator_takes() -> None:
    job = merged(made(LARGE), yaml.safe_load((DOCS / "examples" / "spark-job.yaml").read_text()))
    assert complaints(job) == []
    assert job["metadata"] == {**made(LARGE)["metadata"], "name": "clean-events"}


def test_the_page_shows_the_operator_and_emr(blocks: list[Any]) -> None:
    found = [parse("lab", one["config"]).spark for one in blocks if "config" in one]
    assert [one is not None and one.managed is not None for one in found] == [False, True]
