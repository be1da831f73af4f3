"""What the devices of nodes need to be usable: only where a pool has such devices."""

from __future__ import annotations

from typing import Any

import pulumi

from components.nodes import devices
from components.nodes.efa import EfaPlugin, EfaPluginArgs
from components.nodes.gpu_runtime import GpuRuntime, GpuRuntimeArgs
from components.nodes.neuron import NeuronPlugin, NeuronPluginArgs
from infra.environment import Environment
from stacks import wiring


def deploy(
    env: Environment,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
    *,
    monitored: bool = False,
) -> tuple[pulumi.Resource, ...]:
    """GPUs, adapters and Neuron devices of the environment's pools; returns what offers them to pods.

    Args:
        env: The environment.
        after: Nodes with their add-ons; and what brings Prometheus' kinds, where `monitored`.
        opts: Options with the provider of the cluster.
        monitored: Whether Prometheus is to be told of the GPUs' metrics.
    """
    shared: dict[str, Any] = {"pools": env.pools, "after": after, "charts": wiring.charts_of(env)}
    made: list[pulumi.Resource] = []
    if devices.with_gpus(env.pools):
        args = GpuRuntimeArgs(scope=env.scope, monitored=monitored, **shared)
        made += GpuRuntime("gpu-runtime", args, opts).ready
    if devices.with_fabric(env.pools):
        efa = EfaPluginArgs(place=wiring.place_of(env), **shared)
        made += EfaPlugin("efa-device-plugin", efa, opts).ready
    if devices.with_neuron(env.pools):
        made += NeuronPlugin("neuron-device-plugin", NeuronPluginArgs(**shared), opts).ready
    return tuple(made)
