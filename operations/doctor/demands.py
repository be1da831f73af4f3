"""What an environment at its largest takes of each quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from infra.catalog import quotas
from infra.catalog.quotas import Quota
from infra.environment import Environment
from infra.environment.checks.msk import broker_count
from infra.environment.pools.groups import groups
from infra.units import GiB


def demands(environment: Environment) -> Mapping[Quota, float]:
    """How much of each quota an environment needs with every pool at its maximum."""
    needed: Counter[Quota] = Counter()
    for demand in _DEMANDS:
        demand(environment, needed)
    return {quota: need for quota, need in needed.items() if need}


def _instances(environment: Environment, needed: Counter[Quota]) -> None:
    """Instances, in vCPUs by family. A reservation's instances count as on demand; a block's do not count.

    Of alternatives that count for one quota the largest is taken, for any may come.
    """
    for pool in environment.pools.values():
        if pool.market == "block":
            continue
        largest: dict[Quota, int] = {}
        for shape in pool.shapes:
            quota = quotas.vcpus(shape.name, "spot" if pool.market == "spot" else "on-demand")
            largest[quota] = max(largest.get(quota, 0), shape.vcpu)
        for quota, vcpus in largest.items():
            needed[quota] += vcpus * pool.max


def _network(environment: Environment, needed: Counter[Quota]) -> None:
    network = environment.network
    if network is None or network.existing is not None:
        return
    gateways = {"none": 0, "single": 1, "per-zone": len(environment.zones)}[network.nat]
    needed[quotas.quota("networks")] += 1
    needed[quotas.quota("addresses")] += gateways
    needed[quotas.quota("nat_gateways")] += min(gateways, 1)


def _cluster(environment: Environment, needed: Counter[Quota]) -> None:
    if environment.cluster is None or environment.platform != "aws":
        return
    made = [
        group
        for pool in environment.pools.values()
        if pool.scaling == "managed"
        for group in groups(pool, environment.zones)
    ]
    needed[quotas.quota("clusters")] += 1
    needed[quotas.quota("groups")] += len(made)
    needed[quotas.quota("group_nodes")] = max((group.max for group in made), default=0)


def _lustre(environment: Environment, needed: Counter[Quota]) -> None:
    """Storage capacity, in GiB; tiered media have no capacity of their own."""
    for system in environment.storage.lustre.values():
        if system.capacity is not None:
            kind = "lustre_persistent" if system.persistent else "lustre_scratch"
            needed[quotas.quota(kind)] += system.capacity // GiB


def _brokers(environment: Environment, needed: Counter[Quota]) -> None:
    """Brokers that MSK runs; serverless clusters have none that count."""
    kafka = environment.kafka
    if kafka is not None and kafka.managed is not None and kafka.managed.kind == "provisioned":
        needed[quotas.quota("brokers")] += broker_count(environment, kafka.managed)


_DEMANDS: Final[tuple[Callable[[Environment, Counter[Quota]], None], ...]] = (
    _instances,
    _network,
    _cluster,
    _lustre,
    _brokers,
)
