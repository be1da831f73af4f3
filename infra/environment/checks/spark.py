"""Spark, against the pools, the storage and the network that it is to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from infra.catalog.instances import Shape
from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.environment.section import dotted
from infra.environment.spark import Driver, Executor
from infra.problems import ABSENT, Problem, did_you_mean
from infra.units import ByteSize, MiB

_DAEMONS_CPU: Final = 0.5
_DAEMONS_MEMORY: Final = 512 * MiB
"""What daemons of the platform take of each node; a pod that leaves them nothing waits for ever."""


class _Part(NamedTuple):
    """Driver or executors of a profile."""

    profile: str
    word: str
    size: Driver | Executor

    def path(self, field: str) -> str:
        return dotted(("spark", "profiles", self.profile, self.word, field))


def _parts(environment: Environment) -> Iterator[_Part]:
    profiles = {} if environment.spark is None else environment.spark.offered
    for name, profile in profiles.items():
        yield _Part(name, "driver", profile.driver)
        yield _Part(name, "executor", profile.executor)


def _with_a_lake(environment: Environment) -> Iterator[Problem]:
    """The history server reads the lake, and EMR writes to it."""
    spark = environment.spark
    if spark is None or environment.cluster is None:
        return
    if environment.platform != "aws" or environment.data or environment.storage.lake is not None:
        return
    for field, why in (("history", "reads"), ("managed", "writes its logs to")):
        if getattr(spark, field):
            yield Problem(
                f"spark.{field}",
                ABSENT,
                f"{why} the lake, and there is none",
                "write storage: {lake: {}}, or name in data the stack that keeps one",
            )


def _pools(environment: Environment) -> Iterator[Problem]:
    """Pools that profiles name are there, and of the right kind."""
    if environment.platform != "aws":
        return
    for part in _parts(environment):
        name = part.size.pool
        if name is not None and name not in environment.pools:
            yield Problem(part.path("pool"), name, "is not a pool", did_you_mean(name, environment.pools))
        elif name is not None and part.word == "driver" and environment.pools[name].market == "spot":
            message = "is of spot nodes: when one is taken, the driver on it goes, and its whole job with it"
            yield Problem(part.path("pool"), name, message, "name a pool that is on-demand, or leave it out")


def _no_pools(environment: Environment) -> Iterator[Problem]:
    """In a cluster that somebody else made there are no pools of ours to name."""
    if environment.platform == "aws":
        return
    for part in _parts(environment):
        if part.size.pool is not None:
            hint = "leave it out: jobs run where the cluster's scheduler puts them"
            yield Problem(part.path("pool"), part.size.pool, "is for platform aws, which has pools", hint)


def _gpus(environment: Environment) -> Iterator[Problem]:
    """Executors that want GPUs name a pool that has some, and an image that can use them."""
    spark = environment.spark
    for name, profile in {} if spark is None else spark.offered.items():
        if profile.executor.gpus and spark is not None:
            path = ("spark", "profiles", name)
            yield from _gpus_of(environment, path, profile.executor, image=profile.image is not None)
            if spark.managed is not None:
                hint = "set gpus to 0, or leave managed out for the operator"
                message = "is for the operator: EMR has releases of their own for GPUs"
                yield Problem(dotted((*path, "executor", "gpus")), profile.executor.gpus, message, hint)


def _gpus_of(
    environment: Environment, path: tuple[str, ...], executor: Executor, *, image: bool
) -> Iterator[Problem]:
    gpus, pool = dotted((*path, "executor", "gpus")), environment.pools.get(executor.pool or "")
    with_some = sorted(name for name, one in environment.pools.items() if one.shared_gpus)
    hint = f"write executor.pool: {with_some[0]}" if with_some else "add a pool with GPUs, or set gpus to 0"
    if environment.platform == "aws" and executor.pool is None:
        yield Problem(gpus, executor.gpus, "needs executor.pool, a pool with GPUs", hint)
    elif pool is not None and not pool.shared_gpus:
        message = f"is more than the pool {executor.pool} has: its nodes offer no nvidia.com/gpu"
        yield Problem(gpus, executor.gpus, message, hint)
    if not image:
        words = "write one with Spark, RAPIDS' jar and CUDA's libraries, by docs/how-to/spark.md"
        yield Problem(dotted((*path, "image")), ABSENT, "is missing, which executors with GPUs need", words)


def _fits(environment: Environment) -> Iterator[Problem]:
    """A driver, and an executor, fits a node of its pool: each of the alternatives, for any may come."""
    if environment.platform != "aws" or not environment.pools:
        return
    for part in _parts(environment):
        pools = _candidates(environment, part)
        if pools:
            yield from _too_large(part, pools)


def _candidates(environment: Environment, part: _Part) -> Mapping[str, Pool]:
    """Pools that it may run in: the one that is named, or those that are open to all."""
    if part.size.pool is not None:
        found = environment.pools.get(part.size.pool)
        return {} if found is None else {part.size.pool: found}
    steady = part.word == "driver"
    return {
        name: pool
        for name, pool in environment.pools.items()
        if not pool.effective_taints and not (steady and pool.market == "spot")
    }


def _too_large(part: _Part, pools: Mapping[str, Pool]) -> Iterator[Problem]:
    where = f"the pool {part.size.pool}" if part.size.pool else "pools that are open to all"
    hint = "lower it, or name a pool of larger nodes in pool"
    cores = _room(pools, lambda _pool, shape: shape.allocatable_cpu - _DAEMONS_CPU)
    if part.size.cores > cores:
        most = f"is above {int(cores)}, all that a node of {where} has left for it"
        yield Problem(part.path("cores"), part.size.cores, most, hint)
    memory = _room(
        pools, lambda pool, shape: shape.allocatable_memory - (pool.huge_pages or 0) - _DAEMONS_MEMORY
    )
    if part.size.memory > memory:
        left = ByteSize(int(memory) // MiB * MiB).written()
        most = f"is above {left}, all that a node of {where} has left for it"
        yield Problem(part.path("memory"), part.size.memory.written(), most, hint)


def _room(pools: Mapping[str, Pool], of: Callable[[Pool, Shape], float]) -> float:
    """What the largest pool holds for certain: of a pool's alternatives the smallest counts."""
    return max(min(of(pool, shape) for shape in pool.shapes) for pool in pools.values())


def _shuffle(environment: Environment) -> Iterator[Problem]:
    """Volumes for shuffle are of a storage class that there is."""
    spark = environment.spark
    if environment.platform != "aws" or spark is None:
        return
    classes = environment.storage.classes
    for name, profile in spark.offered.items():
        if profile.shuffle is not None and profile.shuffle.storage_class not in classes:
            path = dotted(("spark", "profiles", name, "shuffle", "storage_class"))
            value = profile.shuffle.storage_class
            yield Problem(path, value, "is not a storage class", did_you_mean(value, classes))


def _fetched(environment: Environment) -> Iterator[Problem]:
    """Without a way to the internet, packages come from a mirror, or are in the image."""
    spark, network = environment.spark, environment.network
    if spark is None or spark.managed is not None or network is None or not network.is_cut_off:
        return
    if spark.packages != () and spark.repository is None:
        yield Problem(
            "spark.packages",
            ABSENT if spark.packages is None else list(spark.packages),
            "come from Maven Central, and the network has no way to the internet",
            "write repository: a mirror that it reaches; or packages: [] and an image that has them",
        )


def _no_templates(environment: Environment) -> Iterator[Problem]:
    """EMR's pods tolerate no taint: they are placed by labels of nodes."""
    if environment.spark is None or environment.spark.managed is None:
        return
    for part in _parts(environment):
        pool = environment.pools.get(part.size.pool or "")
        if pool is not None and pool.effective_taints:
            message = "has taints, which pods of EMR do not tolerate"
            hint = "name a pool without, write taints: [] in the pool, or leave managed out"
            yield Problem(part.path("pool"), part.size.pool, message, hint)


CHECKS: Final = (
    check(_with_a_lake, "spark", "cluster", "platform", "data", "storage"),
    check(_pools, "spark", "pools", "platform"),
    check(_no_pools, "spark", "platform"),
    check(_gpus, "spark", "pools", "platform"),
    check(_fits, "spark", "pools", "platform"),
    check(_shuffle, "spark", "storage", "platform"),
    check(_fetched, "spark", "network"),
    check(_no_templates, "spark", "pools"),
)
"""What is wrong between Spark and the rest of the file."""
