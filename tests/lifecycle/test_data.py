"""A stack that keeps data, on the real engine: two regions, refusals before the engine starts, and its end.

Each test goes on where the one before it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.guards import Refusal
from tests.lifecycle.conftest import Project, project_on

pytestmark = pytest.mark.engine

ENV = "dev-data"
KEEP = "keep: retain"
FILE = f"""\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
    state: {{}}
    storage:
      lake:
        {KEEP}
        noncurrent_expire: 30d
        replicate: {{region: us-west-2, zones: [models]}}
      registry: {{keep: retain, repositories: [base], pull_through: {{quay: {{}}}}}}
      catalog: {{keep: retain}}
secretsprovider: awskms://alias/mlcluster-state?region=us-east-1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("data")
    with project_on(ENV, root) as opened:
        (root / "stacks" / f"Pulumi.{ENV}.yaml").write_text(FILE, encoding="utf-8")
        yield opened


def ops(project: Project, what: str) -> dict[str, int]:
    result = project.run(what, ENV)
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def test_it_comes_up_in_two_regions_by_one_provider_with_a_passphrase_of_the_twins(project: Project) -> None:
    assert set(ops(project, "up")) == {"create"}
    kinds = {(item.service, item.type) for item in project.items()}
    assert kinds >= {
        ("s3", "bucket"),
        ("ecr", "repository"),
        ("ecr", "pull-through-cache-rule"),
        ("glue", "database"),
        ("kms", "key"),
    }
    buckets = [item.id for item in project.items() if item.type == "bucket"]
    assert sorted("us-west-2" in one for one in buckets) == [False] * 4 + [True]


def test_another_up_and_a_refresh_have_nothing_to_do(project: Project) -> None:
    assert ops(project, "up") == {}
    assert ops(project, "refresh") == {}


def test_what_would_lose_data_is_refused_before_the_engine_starts(project: Project) -> None:
    before = project.items()
    for old, new in (
        ("repositories: [base]", "repositories: [other]"),
        ("region: us-west-2", "region: eu-west-1"),
        ("      catalog: {keep: retain}\n", ""),
    ):
        project.edit(ENV, old, new)
        for what in ("preview", "up"):
            with pytest.raises(Refusal, match="keeps data that is protected"):
                project.run(what, ENV)
        project.file(ENV).write_text(FILE, encoding="utf-8")
    assert project.items() == before
    assert ops(project, "up") == {}


def test_what_changes_in_place_is_changed(project: Project) -> None:
    project.edit(ENV, "noncurrent_expire: 30d", "noncurrent_expire: 60d")
    assert set(ops(project, "up")) == {"update"}


def test_data_that_was_given_up_goes_without_a_trace(project: Project) -> None:
    text = project.file(ENV).read_text().replace("keep: retain", "keep: destroy")
    project.file(ENV).write_text(text, encoding="utf-8")
    ops(project, "up")
    result, left = project.down(ENV)
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert project.items() == ()
