"""The software that devices need: where it goes, what it is told, and what it leaves alone."""

from typing import Any

import pulumi
import pytest
import yaml

from components.charts import ChartSite
from components.nodes import devices, efa, gpu_runtime, neuron
from components.nodes.efa import EfaPlugin, EfaPluginArgs
from components.nodes.gpu_runtime import GpuRuntime, GpuRuntimeArgs
from components.nodes.neuron import NeuronPlugin, NeuronPluginArgs
from infra.environment.pools import Pool
from infra.environment.pools.sharing import MIG_LABEL, PLUGIN_LABEL
from tests.components.chart_values import unknown_paths
from tests.components.support import PLACE, SCOPE, Found, record_component

BOTTLEROCKET = {"image": {"family": "bottlerocket"}}


def pool(instance: str, **fields: Any) -> Pool:
    return Pool.model_validate({"instances": [instance], **fields})


POOLS = {
    "system": pool("m7i.large", min=2),
    "train": pool("p5.48xlarge", zone="eu-west-1a"),
    "notebooks": pool("g6.12xlarge", sharing={"time_slices": 4}),
    "small": pool("g5.xlarge", sharing={"mps": 8}),
    "serve": pool("p5.4xlarge", sharing={"mig": "1g.10gb"}),
    "whole": pool("g6.xlarge"),
    "own": pool("g6.xlarge", taints=[{"key": "team", "value": "fraud"}]),
    "bottle": pool("g6.xlarge", sharing={"time_slices": 2}, **BOTTLEROCKET),
    "neuron": pool("trn1.32xlarge", zone="eu-west-1a"),
    "inference": pool("inf2.xlarge", **BOTTLEROCKET),
}


def test_pools_are_known_by_their_devices_and_images() -> None:
    assert list(devices.with_gpus(POOLS)) == ["train", "notebooks", "small", "serve", "whole", "own"]
    assert list(devices.with_fabric(POOLS)) == ["train", "neuron"]
    assert list(devices.with_neuron(POOLS)) == ["neuron", "inference"]


def runtime(**pools: Pool) -> Any:
    return gpu_runtime.values(pools or POOLS)


def test_driver_and_toolkit_are_the_images() -> None:
    values = runtime()
    assert values["driver"] == {"enabled": False}
    assert values["toolkit"] == {"enabled": False}


def test_only_nodes_with_gpus_are_looked_at() -> None:
    worker = runtime()["node-feature-discovery"]["worker"]
    (term,) = worker["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (expression,) = term["matchExpressions"]
    assert set(expression["values"]) == set(devices.with_gpus(POOLS))


def test_daemons_tolerate_the_taints_of_their_pools_and_no_others() -> None:
    values = runtime()
    keys = {one["key"] for one in values["daemonsets"]["tolerations"]}
    assert keys == {"nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "team"}
    assert values["node-feature-discovery"]["worker"]["tolerations"] == values["daemonsets"]["tolerations"]


@pytest.mark.parametrize("name", ["notebooks", "small", "serve"])
def test_nodes_ask_for_configurations_that_are_there(name: str) -> None:
    config = runtime()["devicePlugin"]["config"]
    assert config["create"] is True
    assert config["default"] in config["data"]
    assert POOLS[name].effective_labels[PLUGIN_LABEL] in config["data"]


def test_configurations_are_files_of_the_plugin() -> None:
    data = runtime()["devicePlugin"]["config"]["data"]
    assert set(data) == {"default", "time-slices-4", "mps-8", "mig"}  # Bottlerocket's is not the operator's
    shared = yaml.safe_load(data["time-slices-4"])
    assert shared["version"] == "v1"
    assert shared["sharing"]["timeSlicing"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
    assert yaml.safe_load(data["mig"])["flags"] == {"migStrategy": "mixed"}


def test_gpus_are_cut_where_a_pool_says_so() -> None:
    values = runtime()
    assert values["mig"] == {"strategy": "mixed"}
    assert values["migManager"]["enabled"] is True
    assert POOLS["serve"].effective_labels[MIG_LABEL] == "all-1g.10gb"
    whole = runtime(train=POOLS["train"])
    assert whole["mig"] == {"strategy": "none"}
    assert whole["migManager"] == {"enabled": False}


@pytest.mark.parametrize("monitored", [True, False])
def test_prometheus_is_told_where_there_is_one(monitored: bool) -> None:
    exporter = gpu_runtime.values(POOLS, monitored=monitored)["dcgmExporter"]
    assert exporter["serviceMonitor"] == {"enabled": monitored}
    assert "enabled" not in exporter  # the exporter itself is always there


def test_adapters_are_offered_on_nodes_that_have_them() -> None:
    values = efa.values(POOLS)
    assert values["supportedInstanceLabels"] == {"keys": ["mlcluster.io/pool"], "values": ["neuron", "train"]}
    assert {one["key"] for one in values["tolerations"]} == {"nvidia.com/gpu", "aws.amazon.com/neuron"}
    assert "image" not in values


def test_neuron_devices_are_offered_on_nodes_that_have_them() -> None:
    values = neuron.values(POOLS)
    assert values["neuronInstances"] == ["inf2.xlarge", "trn1.32xlarge"]
    assert [one["key"] for one in values["devicePlugin"]["tolerations"]] == ["aws.amazon.com/neuron"]


@pytest.mark.parametrize("monitored", [True, False])
def test_the_charts_know_their_values(monitored: bool) -> None:
    assert unknown_paths("gpu-operator", gpu_runtime.values(POOLS, monitored=monitored)) == []
    assert unknown_paths("aws-efa-k8s-device-plugin", efa.values(POOLS, registry="host")) == []


def recorded(site: ChartSite | None = None) -> Found:
    charts = site or ChartSite()

    def build(opts: pulumi.ResourceOptions) -> None:
        last = pulumi.ComponentResource("mlcluster:test:Last", "last", {}, opts)
        shared: dict[str, Any] = {"pools": POOLS, "after": (last,), "charts": charts}
        GpuRuntime("gpu-runtime", GpuRuntimeArgs(scope=SCOPE, **shared), opts)
        EfaPlugin("efa-device-plugin", EfaPluginArgs(place=PLACE, **shared), opts)
        NeuronPlugin("neuron-device-plugin", NeuronPluginArgs(**shared), opts)

    return record_component(build)


def test_the_operator_has_a_namespace_of_its_own_that_lets_its_daemons_be() -> None:
    found = recorded()
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    assert labels["mlcluster.io/environment"] == "test"
    release = found.one("Release", "gpu-operator")
    assert release.inputs["namespace"] == "gpu-operator"
    assert "Namespace::gpu-runtime" in found.before(release)


def test_releases_are_of_the_pinned_charts() -> None:
    found = recorded()
    charts = {
        one.inputs["name"]: (one.inputs["chart"], one.inputs["version"]) for one in found.all("Release")
    }
    assert charts == {
        "gpu-operator": ("gpu-operator", "v26.7.0"),
        "efa-device-plugin": ("aws-efa-k8s-device-plugin", "v0.5.30"),
        "neuron-device-plugin": ("oci://public.ecr.aws/neuron/neuron-helm-chart", "1.9.0"),
    }


def test_the_image_comes_from_the_regions_registry_or_from_a_mirror() -> None:
    image = recorded().inputs("Release", "efa-device-plugin")["values"]["image"]
    host = "602401143452.dkr.ecr.eu-west-1.amazonaws.com"
    assert image["repository"] == f"{host}/eks/aws-efa-k8s-device-plugin"
    mirrored = recorded(ChartSite(mirror="oci://mirror.example.com/all"))
    image = mirrored.inputs("Release", "efa-device-plugin")["values"]["image"]
    assert image["repository"].startswith("mirror.example.com/all/")
