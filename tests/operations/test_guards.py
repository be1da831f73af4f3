from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.environment import Environment, find, load
from operations import guards
from operations.cost import Cost


def changed(name: str, **fields: Mapping[str, Any]) -> Environment:
    """An environment with fields of its sections changed."""
    environment = load(find(name))
    sections = {
        section: getattr(environment, section).model_copy(update=dict(update))
        for section, update in fields.items()
    }
    return environment.model_copy(update=sections)


def costing(idle: float) -> Cost:
    return Cost(month=10 * idle, idle_month=idle, unpriced=(), lines=(), notes=())


def test_what_costs_more_idle_than_its_budget_is_refused() -> None:
    dev = changed("dev", budget={"monthly": 100.0})
    guards.within_budget(dev, costing(100.0))
    with pytest.raises(guards.Refusal, match=r"\$101 a month .* budget is \$100"):
        guards.within_budget(dev, costing(101.0))


def test_without_a_budget_any_cost_will_do() -> None:
    guards.within_budget(load(find("dev")).model_copy(update={"budget": None}), costing(1e9))


def test_a_lake_that_is_kept_is_not_taken_down() -> None:
    with pytest.raises(guards.Refusal, match="says to keep") as refused:
        guards.keeps_no_data(load(find("prod-data")))
    assert "keep to destroy" in refused.value.hint


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_what_keeps_no_data_itself_may_go(name: str) -> None:
    guards.keeps_no_data(load(find(name)))


@pytest.mark.parametrize("typed", [None, "", "prod ", "dev"])
def test_a_protected_environment_wants_its_name(typed: str | None) -> None:
    prod = load(find("prod"))
    guards.named(prod, "prod")
    with pytest.raises(guards.Refusal, match="prod is protected"):
        guards.named(prod, typed)


def test_an_unprotected_environment_wants_no_name() -> None:
    guards.named(load(find("dev")), None)
