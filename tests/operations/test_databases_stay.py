"""Databases that a change of the file would take away are found before the engine starts."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from infra.resources import RecordedResource
from operations import keeping
from operations.recorder import record
from tests.infra.environment.samples import small

ROOM: dict[str, Any] = {
    "secrets": {},
    "pools": {"system": {"instances": ["m7i.2xlarge"], "min": 2, "max": 6}},
    "teams.fraud.gpus": 0,
}


IN_THE_CLUSTER: dict[str, Any] = {"backups": None}
AT_AWS: dict[str, Any] = {"managed": {}}


def resources(postgres: dict[str, Any] | None) -> tuple[RecordedResource, ...]:
    return _recorded(json.dumps(postgres))


@functools.cache
def _recorded(postgres: str) -> tuple[RecordedResource, ...]:
    section = json.loads(postgres)
    return record(small(ROOM if section is None else {**ROOM, "postgres": section})).resources


def lost(before: dict[str, Any], after: dict[str, Any] | None) -> list[str]:
    """What an `up` of another file would lose of what an earlier one made."""
    state = {
        "resources": [
            {
                "urn": one.urn,
                "type": one.type,
                "custom": one.custom,
                "protect": one.protect,
                "inputs": {**one.inputs, "__defaults": []},
                "outputs": {"region": "us-east-1"},
            }
            for one in resources(before)
        ]
    }
    return [str(one) for one in keeping.lost(keeping.protected(state), resources(after), "us-east-1")]


@pytest.mark.parametrize("postgres", [IN_THE_CLUSTER, AT_AWS], ids=["in the cluster", "at AWS"])
def test_a_database_does_not_go_with_its_section(postgres: dict[str, Any]) -> None:
    said = lost(postgres, None)
    assert said
    assert all(one.endswith("would be deleted") for one in said)
    assert lost(postgres, postgres) == []


@pytest.mark.parametrize("postgres", [IN_THE_CLUSTER, AT_AWS], ids=["in the cluster", "at AWS"])
def test_one_that_is_given_up_goes(postgres: dict[str, Any]) -> None:
    assert lost({**postgres, "keep": "destroy"}, None) == []


def test_one_kind_is_not_made_of_the_other() -> None:
    assert any(one.endswith("would be deleted") for one in lost(IN_THE_CLUSTER, AT_AWS))
