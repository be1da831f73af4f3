"""Where charts come from, and values that only an environment knows."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog.chart_keys import doubts, keys
from tests.components.chart_values import ALSO, FOLDERS, UPSTREAM, _chart
from tests.infra.environment.samples import MISSING, problems_of, small

MIRROR = "oci://111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror"


def test_an_environment_without_either_has_neither() -> None:
    assert (small().mirror, dict(small().extra_values)) == (None, {})


@pytest.mark.parametrize("mirror", [MIRROR, "oci://registry.example.com", "oci://localhost:5000/a/b-c/d_e"])
def test_addresses_of_registries(mirror: str) -> None:
    assert small({"mirror": mirror}).mirror == mirror


@pytest.mark.parametrize(
    "mirror",
    ["registry.example.com/mirror", "https://registry.example.com", "oci://", "oci://Host/Path", "oci://a/"],
)
def test_what_is_no_registry(mirror: str) -> None:
    (said,) = problems_of({"mirror": mirror})
    assert said.startswith("mirror: ")
    assert "is not the address of a registry; write oci://" in said


def test_values_of_a_chart() -> None:
    given = {"karpenter": {"logLevel": "debug", "controller": {"env": [{"name": "A", "value": "b"}]}}}
    assert small({"extra_values": given}).extra_values["karpenter"] == given["karpenter"]


def test_a_chart_that_there_is_not() -> None:
    (said,) = problems_of({"extra_values": {"veleroo": {"a": 1}}})
    assert said == "extra_values.veleroo: veleroo is not a known chart; did you mean velero?"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"a": {"b": None}}, "has nothing at a.b; write a value, or remove the key"),
        ("debug", "is not a mapping"),
    ],
)
def test_values_that_are_none(values: Any, said: str) -> None:
    (problem,) = problems_of({"extra_values": {"karpenter": values}})
    assert problem.startswith("extra_values.karpenter: ")
    assert said in problem


def test_a_key_that_a_chart_is_not_known_to_have() -> None:
    (doubt,) = doubts({"karpenter": {"logLevl": "debug", "replicas": 3}, "neuron-helm-chart": {"any": 1}})
    assert str(doubt) == (
        "extra_values.karpenter.logLevl: the chart karpenter is not known to have this value; "
        "did you mean logLevel?"
    )


@pytest.mark.parametrize("chart", sorted(keys()))
def test_known_keys_are_those_of_the_charts(chart: str) -> None:
    folder = UPSTREAM / FOLDERS.get(chart, chart)
    if not (folder / "values.yaml").is_file():
        pytest.skip(f"the values of {chart} are not in ../shared/upstream")
    place = _chart(folder)
    own = {name.value for name, _node in place.node.value} if place.node else set()
    there = (
        own | set(place.schema.get("properties", {})) | set(place.subcharts) | ALSO.get(chart, frozenset())
    )
    assert keys()[chart] == there


@pytest.mark.parametrize("changes", [{"mirror": MIRROR}, {"extra_values": {"velero": {"a": 1}}}])
def test_a_stack_of_data_has_no_charts(changes: dict[str, Any]) -> None:
    gone = {"cluster": MISSING, "network": MISSING, "pools": MISSING, "storage": {"lake": {}}}
    said = problems_of({**gone, **changes})
    assert [one for one in said if one.startswith(next(iter(changes)))] == [
        f"{next(iter(changes))}: needs a cluster; write the cluster, or remove {next(iter(changes))}"
    ]
