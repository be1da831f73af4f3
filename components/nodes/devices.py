"""Which pools need which software for their devices."""

from __future__ import annotations

from collections.abc import Mapping

from infra.environment.pools import Pool


def with_gpus(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Pools whose GPUs NVIDIA's operator looks after: those of Amazon Linux.

    Bottlerocket has a driver, a container toolkit and a device plugin of its own, which nobody can change. A
    fraction of a GPU needs the software too.
    """
    return {
        name: pool
        for name, pool in pools.items()
        if pool.shape.gpu_name is not None and pool.image.family == "al2023"
    }


def with_fabric(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Pools with Elastic Fabric Adapters."""
    return {name: pool for name, pool in pools.items() if pool.efa_interfaces}


def with_neuron(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Pools with AWS' own accelerators. Their images bring the driver, and nothing brings the plugin."""
    return {name: pool for name, pool in pools.items() if pool.shape.accelerator_count}
