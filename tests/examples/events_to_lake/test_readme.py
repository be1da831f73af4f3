"""What the README says can be done."""

from __future__ import annotations

import re

import yaml

from tests.examples.events_to_lake.support import EXAMPLE
from tests.stacks.test_platform import parsed

README = (EXAMPLE / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_sections_make_an_environment() -> None:
    (said,) = (yaml.safe_load(block) for block in blocks("yaml"))
    env = parsed(**said)
    assert env.kafka is not None
    assert env.spark is not None
    assert env.pipelines is not None
    assert "standard" in env.spark.offered
    topic = env.kafka.topics["shop-events"]
    assert topic.team in env.teams


def test_files_that_are_named_are_there() -> None:
    for path in re.findall(r"examples/events-to-lake/(\S+\.py)", README):
        assert (EXAMPLE / path).is_file(), path
    for path in re.findall(r"\]\((\.\.\S+\.md)\)", README):
        assert (EXAMPLE / path).resolve().is_file(), path
    for path in re.findall(r"^\| `([a-z_]+/[a-z_]+\.py)`", README, re.MULTILINE):
        assert (EXAMPLE / path).is_file(), path


def test_each_variable_is_explained() -> None:
    sources = (EXAMPLE / "events_to_lake").glob("*.py")
    text = "".join(path.read_text("utf-8") for path in sources)
    read = set(re.findall(r'(?:needed\(env, |env(?:iron)?\.get\()["\']([A-Z_]+)["\']', text))
    assert read
    assert read - {"AWS_REGION"} <= set(re.findall(r"`([A-Z_]+)`", README))
