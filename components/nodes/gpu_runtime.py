"""What makes GPUs usable: NVIDIA's GPU operator on the nodes that have some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import yaml
from pulumi_kubernetes.core import v1 as core

from components import ingress, scheduling
from components.charts import Chart, ChartArgs, ChartSite
from components.nodes import devices
from infra import deadlines
from infra.environment.pools import Pool
from infra.environment.pools.sharing import plugin_configs
from infra.labels import Scope

NAMESPACE: Final = "gpu-operator"
_NAME: Final = "gpu-operator"
_COMPONENT: Final = "nodes"
_METRICS: Final = (8000, 8080, 9400)
"""Ports with metrics: of the status of nodes, of the operator, of GPUs (DCGM)."""
_CONFIGS: Final = "device-plugin-configs"
"""The ConfigMap with a configuration of the device plugin for each way of sharing."""
_TIMEOUT_S: Final = 900
"""Its images are large, and there are many of them."""

_PRIVILEGED: Final = {
    "pod-security.kubernetes.io/enforce": "privileged",
    "pod-security.kubernetes.io/warn": "privileged",
}
"""Its daemons use devices and folders of their nodes, and cut GPUs."""


@dataclass(frozen=True, kw_only=True)
class GpuRuntimeArgs:
    """What it needs."""

    scope: Scope
    pools: Mapping[str, Pool]
    """The environment's, by name; those without GPUs, and those that look after theirs, do not matter."""
    monitored: bool = False
    """Whether there is a Prometheus operator to tell where the metrics of GPUs are: its kinds come before."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need: nodes that are open to all, and the network on them."""


class GpuRuntime(pulumi.ComponentResource):
    """The GPU operator: device plugin, MIG manager, metrics, and labels that tell what GPUs a node has.

    Driver and container toolkit are in the image. A node offers its GPUs to pods only when `nvidia-smi` was
    content with them, after each boot anew: the device plugin waits for the operator's validator, whose marks
    in /run do not outlive a reboot.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: GpuRuntimeArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:GpuRuntime", name, {}, opts)
        space = core.Namespace(
            name,
            metadata={"name": NAMESPACE, "labels": {**args.scope.labels(_COMPONENT), **_PRIVILEGED}},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(args.after), custom_timeouts=deadlines.NAMESPACE
            ),
        )
        ways = [ingress.within(), ingress.prometheus_to(*_METRICS)]
        ingress.closed(name, space, args.scope.labels(_COMPONENT), ways, parent=self)
        chart = Chart(
            _NAME,
            ChartArgs(
                chart=_NAME,
                namespace=NAMESPACE,
                values=values(args.pools, monitored=args.monitored),
                timeout_s=_TIMEOUT_S,
                after=(space, *args.after),
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart,)
        self.register_outputs({})


def values(pools: Mapping[str, Pool], *, monitored: bool = False) -> Mapping[str, Any]:
    """The chart's values.

    The operator leaves alone what node feature discovery does not show it: that looks at the pools with GPUs
    on Amazon Linux only, so nodes with Neuron devices and those of Bottlerocket have none of its daemons.

    Args:
        pools: Pools by name.
        monitored: Whether a ServiceMonitor is to tell Prometheus of the metrics.
    """
    own = devices.with_gpus(pools)
    cut = any(pool.sharing is not None and pool.sharing.mig for pool in own.values())
    tolerated = scheduling.tolerations(own.values())
    return {
        # Both are in EKS' images: templates/al2023/provisioners/install-nvidia-driver.sh and containerd's
        # `nvidia` runtime in nodeadm/internal/containerd, https://github.com/awslabs/amazon-eks-ami
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        "operator": {"resources": scheduling.resources("200m", "256Mi", most="1Gi")},
        "daemonsets": {"tolerations": tolerated},
        "node-feature-discovery": _discovery(own, tolerated),
        # It goes to the plugin as a variable, which counts more than the plugin's configuration.
        "mig": {"strategy": "mixed" if cut else "none"},
        "migManager": _mig_manager() if cut else {"enabled": False},
        "devicePlugin": {
            "config": {
                "create": True,
                "name": _CONFIGS,
                "default": "default",
                "data": _configurations(own),
            },
            "resources": scheduling.resources("20m", "64Mi", most="256Mi"),
        },
        "gfd": {"resources": scheduling.resources("20m", "64Mi", most="256Mi")},
        "validator": {"resources": scheduling.resources("10m", "64Mi", most="512Mi")},
        "dcgmExporter": {
            "serviceMonitor": {"enabled": monitored},
            "resources": scheduling.resources("50m", "256Mi", most="1Gi"),
        },
    }


def _configurations(pools: Mapping[str, Pool]) -> dict[str, str]:
    """The device plugin's configurations as its files, by the name that nodes' labels have."""
    made = plugin_configs(pool.sharing for pool in pools.values())
    return {name: yaml.safe_dump(config, sort_keys=False) for name, config in sorted(made.items())}


def _mig_manager() -> dict[str, Any]:
    """How GPUs are cut: by the node's label, all GPUs alike; nodes without one stay whole.

    Where GPUs cannot be reset one by one, as in a cloud, the node boots once for it:
    https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-operator-mig.html
    """
    return {
        "enabled": True,
        "config": {"default": "all-disabled"},
        "env": [{"name": "WITH_REBOOT", "value": "true"}],
        "resources": scheduling.resources("20m", "64Mi", most="256Mi"),
    }


def _discovery(pools: Mapping[str, Pool], tolerated: list[dict[str, str]]) -> dict[str, Any]:
    """Node feature discovery: its workers are where GPUs are, its master and its cleaner anywhere else."""
    return {
        "master": {"resources": scheduling.resources("100m", "128Mi", most="1Gi")},
        "gc": {"resources": scheduling.resources("10m", "128Mi", most="512Mi")},
        "worker": {
            "affinity": scheduling.only_on(pools),
            "tolerations": tolerated,
            "resources": scheduling.resources("5m", "64Mi", most="512Mi"),
        },
    }
