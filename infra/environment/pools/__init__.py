"""Pools of nodes: what they are made of, how they are bought, and how their devices are shared."""

from infra.environment.pools.pool import GPU_TAINT, NEURON_TAINT, Pool
from infra.environment.pools.taint import Taint

__all__ = ["GPU_TAINT", "NEURON_TAINT", "Pool", "Taint"]
