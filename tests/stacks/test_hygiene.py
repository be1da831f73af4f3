"""How what we install is placed and sized, whichever chart it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.scheduling import tolerates
from infra.environment.pools import GPU_TAINT, NEURON_TAINT
from operations.recorder import record
from tests.components.support import Found
from tests.infra.environment.samples import ROOT
from tests.stacks.golden import recorded
from tests.stacks.test_data_plane import EVERYTHING, on_premises
from tests.stacks.test_platform import SETTINGS, parsed

DAEMONS = {
    "aws-efa-k8s-device-plugin": "offers the adapters of nodes with GPUs",
    "gpu-operator": "offers GPUs",
    "neuron-helm-chart": "offers Neuron devices",
    "velero": "its node agent reads volumes on the nodes that they are attached to",
}
"""Charts with a daemon that must be on nodes with accelerators, and why."""

SIZED_BY_THEMSELVES = {
    "rook-ceph": "200m and 128Mi, up to 512Mi: deploy/charts/rook-ceph/values.yaml of github.com/rook/rook",
    "ceph-csi-drivers": "Rook's operator makes the drivers' pods",
    "fluid": "its values have not been seen at this version",
    "karpenter-crd": "kinds only",
}
"""Charts whose sizes are their own, and why."""


def releases() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Chart and values of every release that any environment has, ours and ones with all there is."""
    neuron = {"instances": ["trn1.32xlarge"], "max": 2, "zone": "eu-west-1b"}
    batch = {"instances": ["r7i.8xlarge"], "max": 9, "capacity": "spot", "scaling": "karpenter"}
    many = parsed(pools={**SETTINGS["pools"], "neuron": neuron, "batch": batch})
    ours = [recorded(path.stem.removeprefix("Pulumi.")) for path in sorted(ROOT.glob("stacks/Pulumi.*.yaml"))]
    for recording in (*ours, record(many), on_premises(EVERYTHING).recording):
        for one in Found(recording).all("Release"):
            yield one.inputs["chart"].rpartition("/")[2], one.inputs.get("values", {})


@pytest.fixture(scope="module")
def charts() -> dict[str, list[Mapping[str, Any]]]:
    """Values of all releases, by chart."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for chart, values in releases():
        grouped.setdefault(chart, []).append(values)
    return grouped


def found(values: Any, key: str) -> Iterator[Any]:
    """What stands under a key, anywhere in some values."""
    if isinstance(values, Mapping):
        for name, inner in values.items():
            if name == key:
                yield inner
            yield from found(inner, key)
    elif isinstance(values, list):
        for inner in values:
            yield from found(inner, key)


def test_there_is_something_to_judge(charts: dict[str, Any]) -> None:
    assert {"cluster-autoscaler", "gpu-operator", "karpenter", "velero"} <= set(charts)


def test_what_we_install_asks_for_what_it_needs_and_has_an_end(charts: dict[str, Any]) -> None:
    silent = {chart for chart, several in charts.items() if not list(found(several, "resources"))}
    assert silent == set(SIZED_BY_THEMSELVES)
    for chart, several in charts.items():
        for one in found(several, "resources"):
            assert {"cpu", "memory"} <= set(one["requests"]), chart
            assert "memory" in one["limits"], chart


def test_nodes_with_accelerators_are_left_alone_but_for_their_daemons(charts: dict[str, Any]) -> None:
    tolerant = {
        chart
        for chart, several in charts.items()
        for tolerations in found(several, "tolerations")
        for one in tolerations
        if any(tolerates(one, taint) for taint in (GPU_TAINT, NEURON_TAINT))
    }
    assert tolerant == set(DAEMONS)


def test_the_autoscaler_has_a_second_where_one_zone_may_fail() -> None:
    values = Found(recorded("prod")).inputs("Release", "cluster-autoscaler")["values"]
    assert values["replicaCount"] == 2
    assert {one["topologyKey"] for one in values["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    assert Found(recorded("dev")).inputs("Release", "cluster-autoscaler")["values"]["replicaCount"] == 1
