"""Rules that hold between sections, a module for each subject.

Rules within one section are validators of its model. A check says which fields of the environment it reads,
so that it still runs when others are wrong. A new subject is a module with `CHECKS`, and its name below.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from infra.environment.checks import (
    addresses,
    backup,
    ceph,
    cluster,
    data,
    edge,
    existing,
    kafka,
    karpenter,
    mesh,
    msk,
    network,
    observability,
    pipelines,
    platform,
    pools,
    postgres,
    quotas,
    reach,
    shards,
    spark,
    storage,
    streams,
)
from infra.environment.model import Environment
from infra.problems import Problem

CHECKS: Final = (
    *platform.CHECKS,
    *data.CHECKS,
    *pools.CHECKS,
    *karpenter.CHECKS,
    *network.CHECKS,
    *addresses.CHECKS,
    *reach.CHECKS,
    *quotas.CHECKS,
    *ceph.CHECKS,
    *backup.CHECKS,
    *cluster.CHECKS,
    *existing.CHECKS,
    *storage.CHECKS,
    *edge.CHECKS,
    *mesh.CHECKS,
    *observability.CHECKS,
    *postgres.CHECKS,
    *kafka.CHECKS,
    *msk.CHECKS,
    *streams.CHECKS,
    *spark.CHECKS,
    *pipelines.CHECKS,
    *shards.CHECKS,
)


def run(environment: Environment, broken: Iterable[str] = ()) -> list[Problem]:
    """Everything that the checks find wrong.

    Args:
        environment: The environment.
        broken: Fields whose values do not count, since they were wrong in themselves.
    """
    ignored = frozenset(broken)
    return [problem for rule, reads in CHECKS if not reads & ignored for problem in rule(environment)]
