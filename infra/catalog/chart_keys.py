"""The keys that charts' values have at the top (facts: chart_keys.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from infra.catalog import lookup
from infra.problems import ABSENT, Problem, did_you_mean


@cache
def keys() -> Mapping[str, frozenset[str]]:
    """By chart, what its values have at the top; charts of which that is not known are left out."""
    return {name: frozenset(known) for name, known in lookup.data("chart_keys.yaml").items()}


def doubts(extra_values: Mapping[str, Mapping[str, object]]) -> tuple[Problem, ...]:
    """Keys at the top of `extra_values` that their charts are not known to have.

    It is no error: templates may read what a chart's values do not say.
    """
    return tuple(
        Problem(
            f"extra_values.{chart}.{key}",
            ABSENT,
            f"the chart {chart} is not known to have this value",
            did_you_mean(key, keys()[chart]),
        )
        for chart, values in extra_values.items()
        if chart in keys()
        for key in values
        if key not in keys()[chart]
    )
