import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from infra.catalog.instances import shapes
from infra.environment import Environment, available, find, json_schema
from infra.environment.model import ELSEWHERE
from tests.infra.environment.samples import ROOT, changed

VALIDATOR = Draft202012Validator(json_schema())


def test_the_published_schema_is_in_step() -> None:
    published = json.loads((ROOT / "docs" / "environment.schema.json").read_text())
    assert published == json_schema(), "run: mlcluster schema > docs/environment.schema.json"


def test_it_is_a_schema() -> None:
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", available(ROOT))
def test_environments_are_right_by_it(name: str) -> None:
    VALIDATOR.validate(yaml.safe_load(find(name, ROOT).read_text()))


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": 3},
        {"netwrok": {}},
        {"account": "123"},
        {"name": "dev"},
        {"region": "us-east-1"},
        {"network.cidr": "10.0.0.0"},
        {"network.zones": 9},
        {"cluster.version": "1.1"},
        {"pools.gpu.instances": ["g6.xlarg"]},
        {"pools.gpu.capacity": "cheap"},
        {"pools.Gpu": {"instances": ["g6.xlarge"]}},
        {"teams.fraud.memory": "16GB"},
        {"lifetime": {"ttl": "1 day"}},
    ],
    ids=lambda changes: str(next(iter(changes))),
)
def test_editors_mark_mistakes(changes: dict[str, Any]) -> None:
    data = yaml.safe_load(find("dev", ROOT).read_text())
    data["config"]["mlcluster:environment"] = changed(data["config"]["mlcluster:environment"], changes)
    assert not VALIDATOR.is_valid(data)


def fields(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property in a schema, by path."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            yield f"{path}.{name}", field
        for key, inner in schema.items():
            yield from fields(inner, f"{path}.{key}")


def test_editors_explain_every_field_in_full_sentences() -> None:
    found = list(fields(json_schema()))
    assert len(found) > 40
    for path, field in found:
        text = field.get("description", "")
        assert text.endswith("."), f"{path}: {text!r}"
        assert "\n" not in text, path


def test_editors_complete_instance_types_and_defaults() -> None:
    pool = json_schema()["$defs"]["Pool"]["properties"]
    assert pool["instances"]["items"]["enum"] == list(shapes())
    assert pool["disk"]["default"] == "100GiB"
    words, reserved = pool["capacity"]["oneOf"]
    assert words["enum"] == ["on-demand", "spot"]
    assert reserved["$ref"].endswith("/Reserved")


def test_what_comes_from_elsewhere_is_not_offered() -> None:
    offered = json_schema()["properties"]["config"]["properties"]["mlcluster:environment"]["properties"]
    assert set(Environment.model_fields) - set(offered) == set(ELSEWHERE)
