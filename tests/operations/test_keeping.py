"""What a change of the file would lose is found before the engine starts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.environment import Environment, parse
from infra.resources import RecordedResource
from operations import keeping
from operations.guards import Refusal
from operations.recorder import record

STORAGE: dict[str, Any] = {
    "lake": {"replicate": {"region": "us-east-2"}},
    "registry": {"repositories": ["base"], "pull_through": {"quay": {}}},
    "catalog": {},
}


def environment(storage: dict[str, Any] | None = None, region: str = "eu-west-1") -> Environment:
    section = {"owner": "me", "account": "111122223333", "storage": storage or STORAGE}
    return parse("test-data", {"aws:region": region, "mlcluster:environment": section})


def deployed(resources: tuple[RecordedResource, ...]) -> dict[str, Any]:
    """The state that the engine would have of what was asked for."""
    return {
        "resources": [
            {
                "urn": one.urn,
                "type": one.type,
                "custom": one.custom,
                "protect": one.protect,
                "inputs": {**one.inputs, "__defaults": []},
                "outputs": {"region": one.inputs.get("region") or "eu-west-1"},
            }
            for one in resources
        ]
    }


STATE = deployed(record(environment()).resources)


def losses(after: Environment, state: dict[str, Any] = STATE) -> list[str]:
    kept = keeping.protected(state)
    return [str(one) for one in keeping.lost(kept, record(after, preview=True).resources, str(after.region))]


def changed(path: str, value: Any) -> Environment:
    storage = copy.deepcopy(STORAGE)
    *sections, key = path.split(".")
    inside = storage
    for section in sections:
        inside = inside[section]
    if value is None:
        del inside[key]
    else:
        inside[key] = value
    return environment(storage)


def test_what_is_as_it_was_loses_nothing() -> None:
    assert keeping.protected(STATE)
    assert losses(environment()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("lake.noncurrent_expire", "9d"),
        ("lake.lock_models", "9d"),
        ("lake.replicate.deletes", False),
        ("lake.replicate.zones", ["curated", "models", "raw"]),
        ("registry.repositories", ["base", "more"]),
        ("registry.mutable_tags", ["cache-*"]),
        ("registry.pull_through", {}),
        ("lake.keep", "destroy"),
    ],
)
def test_what_changes_in_place_loses_nothing(path: str, value: Any) -> None:
    assert losses(changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("registry", None, "Repository registry-base would be deleted"),
        ("registry.repositories", ["other"], "Repository registry-base would be deleted"),
        ("catalog", None, "CatalogDatabase catalog would be deleted"),
        ("lake.replicate", None, "Bucket lake-replica-curated would be deleted"),
        ("lake.replicate.zones", ["models"], "Bucket lake-replica-curated would be deleted"),
        (
            "lake.replicate.region",
            "us-west-2",
            "Bucket lake-replica-models would be replaced, for another bucket, region",
        ),
    ],
)
def test_what_would_be_lost_is_named(path: str, value: Any, said: str) -> None:
    assert said in losses(changed(path, value))


def test_another_region_would_lose_everything() -> None:
    found = losses(environment(region="eu-central-1"))
    assert "Bucket lake-raw would be replaced, for another bucket, region" in found
    assert "Key lake would be replaced, for another region" in found
    assert "Repository registry-base would be replaced, for another region" in found
    with pytest.raises(Refusal, match=r"and [0-9]+ more") as refusal:
        keeping.refuse(
            "test-data", tuple(keeping.Loss(f"urn:a:b::{n}", "would be deleted") for n in range(9))
        )
    assert "keep: destroy" in refusal.value.hint


def test_what_was_given_up_before_may_go() -> None:
    given_up = copy.deepcopy(STORAGE)
    for section in given_up.values():
        section["keep"] = "destroy"
    state = deployed(record(environment(given_up)).resources)
    assert keeping.protected(state) == ()


def test_a_stack_that_never_was_loses_nothing() -> None:
    assert keeping.protected(None) == keeping.protected({}) == ()
