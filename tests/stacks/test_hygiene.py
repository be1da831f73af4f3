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
from tests.stacks import everything
from tests.stacks.golden import recorded
from tests.stacks.test_data_plane import EVERYTHING, on_premises
from tests.stacks.test_platform import SETTINGS, parsed

DAEMONS = {
    "aws-efa-k8s-device-plugin": "offers the adapters of nodes with GPUs",
    "fluent-bit": "reads what pods on them write",
    "gpu-operator": "offers GPUs",
    "neuron-helm-chart": "offers Neuron devices",
    "velero": "its node agent reads volumes on the nodes that they are attached to",
}
"""Charts with a daemon that must be on nodes with accelerators, and why."""

ALONE = {
    "external-dns": "two would both write; while it is away names stay as they are",
    "fluid": "its values have not been seen at this version; while it is away caches stay as they are",
    "gpu-operator": "while it is away GPUs are offered as they were: its daemons do not need it",
    "opencost": "it reckons from what Prometheus keeps; while it is away nobody is billed wrongly",
    "prometheus-yet-another-cloudwatch-exporter": "two would ask, and pay, for the same metrics twice",
    "rook-ceph": "while it is away Ceph serves: it only changes what Ceph is made of",
    "velero": "while it is away no backup begins; the next one has everything",
}
"""Charts of which one pod does, and why."""

ON_NODES = {
    "aws-efa-k8s-device-plugin": "offers adapters",
    "cni": "leads pods into the mesh",
    "fluent-bit": "reads logs",
    "neuron-helm-chart": "offers Neuron devices",
    "ztunnel": "is the mesh's proxy",
}
"""Charts with a pod on each node, and what it does there."""

KINDS_ONLY = {"base", "karpenter-crd"}
"""Charts without pods."""

ON_AWS_TOO = {
    *("cert-manager", "external-secrets", "gateway", "istiod", "oauth2-proxy", "kube-prometheus-stack"),
}
"""Charts that are judged at AWS, where their environment is protected."""

BY_ITSELF = {
    # They have two pods apart from each other, and no word for a budget: kubectl drain takes one at a time.
    "cloudnative-pg": {"budget"},
    "plugin-barman-cloud": {"budget"},
    # Rook's operator makes their pods, apart from each other.
    "ceph-csi-drivers": {"budget", "spread"},
    # global.defaultPodDisruptionBudget of its values.
    "istiod": {"budget"},
    # podDisruptionBudget and topologySpreadConstraints of its values.
    "karpenter": {"budget", "spread"},
}
"""What charts with two pods see to by themselves, so that our values say nothing of it."""

SIZED_BY_THEMSELVES = {
    "base": "kinds only",
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
    extra = map(everything.recorded, (everything.AT_AWS, everything.ON_PREMISES))
    for recording in (*ours, *extra, record(many), on_premises(EVERYTHING).recording):
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
            if isinstance(one, list):
                continue  # kinds that a rule of access control is about
            if set(one["requests"]) == {"storage"}:
                continue  # a volume's
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


def lacking(values: Mapping[str, Any]) -> set[str]:
    """What a chart's values leave out of what makes it outlive the loss of a node."""
    keys = ("replicas", "replicaCount", "minReplicas", "autoscaleMin")
    several = any(isinstance(one, int) and one > 1 for key in keys for one in found(values, key))
    budgets = [one for key in ("podDisruptionBudget", "pdb") for one in found(values, key)]
    budget = any(one and one.get("enabled", True) for one in budgets)
    spread = any(found(values, "topologySpreadConstraints"))
    return {
        name for name, there in {"replicas": several, "budget": budget, "spread": spread}.items() if not there
    }


def test_each_chart_outlives_the_loss_of_a_node_or_says_why_it_need_not() -> None:
    """In an environment that is protected; a chart that is new has to do so, or be named above."""
    excused = {**ALONE, **ON_NODES, **dict.fromkeys(KINDS_ONLY, "kinds only")}
    wrong, seen = {}, set()
    for name in (everything.AT_AWS, everything.ON_PREMISES):
        for one in everything.found(name).all("Release"):
            chart = one.inputs["chart"].rpartition("/")[2]
            seen.add(chart)
            if name == everything.ON_PREMISES and chart in ON_AWS_TOO:
                continue  # one of each there: nothing says that it must outlive anything
            left = lacking(one.inputs.get("values", {}))
            expected = {"replicas", "budget", "spread"} if chart in excused else BY_ITSELF.get(chart, set())
            if left != expected:
                wrong[chart] = left
    assert wrong == {}
    assert seen >= excused.keys() | BY_ITSELF.keys()


def pods() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Kind, name and pod of everything of our own that has pods."""
    names = (everything.AT_AWS, everything.ON_PREMISES)
    recordings = [*map(everything.recorded, names), recorded("staging"), recorded("prod")]
    for recording in recordings:
        for one in recording.resources:
            spec = one.inputs.get("spec") if one.type.startswith("kubernetes:") else None
            template = spec.get("jobTemplate", {}).get("spec", spec) if isinstance(spec, Mapping) else {}
            pod = template.get("template", {}).get("spec") if isinstance(template, Mapping) else None
            if isinstance(pod, Mapping) and "containers" in pod:
                yield one.type.rpartition(":")[2], one.name, pod


def test_pods_of_our_own_ask_for_what_they_need_have_an_end_and_leave_gpus_alone() -> None:
    seen = set()
    for kind, name, pod in pods():
        seen.add(kind)
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name
        if kind != "DaemonSet":
            tolerations = pod.get("tolerations", [])
            assert not [
                one
                for one in tolerations
                if any(tolerates(one, taint) for taint in (GPU_TAINT, NEURON_TAINT))
            ], name
    assert {"Deployment", "Job"} <= seen


def test_the_autoscaler_has_a_second_where_one_zone_may_fail() -> None:
    values = Found(recorded("prod")).inputs("Release", "cluster-autoscaler")["values"]
    assert values["replicaCount"] == 2
    assert {one["topologyKey"] for one in values["topologySpreadConstraints"]} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    assert Found(recorded("dev")).inputs("Release", "cluster-autoscaler")["values"]["replicaCount"] == 1
