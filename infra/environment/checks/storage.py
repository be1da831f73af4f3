"""File systems, mounts and disks, against the network, the pools, the teams and the lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import dotted
from infra.problems import ABSENT, Problem, did_you_mean

_IN_A_CLUSTER: Final = ("lustre", "shared", "block", "mounts", "scratch")


def _with_a_cluster(environment: Environment) -> Iterator[Problem]:
    """What pods mount does not come without a cluster for them."""
    if environment.cluster is not None:
        return
    for field in _IN_A_CLUSTER:
        if getattr(environment.storage, field):
            path = f"storage.{field}"
            yield Problem(path, ABSENT, "needs a cluster", f"write the cluster, or remove {path}")


def _complete(environment: Environment) -> Iterator[Problem]:
    """What other fields make necessary is there."""
    storage = environment.storage
    missing = (
        *(
            ("lustre", name, "capacity", "which SSD file systems need", "write one such as 1200GiB")
            for name, lustre in storage.lustre.items()
            if lustre.media == "ssd" and lustre.capacity is None
        ),
        *(
            ("shared", name, "throughput", "which performance: provisioned needs", "write MiB/s, such as 128")
            for name, shared in storage.shared.items()
            if shared.performance == "provisioned" and shared.throughput is None
        ),
        *(
            ("block", name, "iops", "which io2 needs", "write one such as 10000")
            for name, block in storage.block.items()
            if block.type == "io2" and block.iops is None
        ),
    )
    for kind, name, field, why, hint in missing:
        yield Problem(dotted(("storage", kind, name, field)), ABSENT, f"is missing, {why}", hint)


def _zones(environment: Environment) -> Iterator[Problem]:
    """A file system's zone is one of the network's."""
    if not environment.zones:
        return
    for name, lustre in environment.storage.lustre.items():
        if lustre.zone is not None and lustre.zone not in environment.zones:
            hint = did_you_mean(lustre.zone, environment.zones)
            path = dotted(("storage", "lustre", name, "zone"))
            yield Problem(path, lustre.zone, "is not a zone of the network", hint)


def _fabric(environment: Environment) -> Iterator[Problem]:
    """A file system with EFA has a pool that reaches it so: EFA does not leave a zone."""
    if not environment.zones:
        return
    pools = environment.pools.values()
    for name, lustre in environment.storage.lustre.items():
        zone = lustre.zone or environment.zones[0]
        if lustre.efa and not any(pool.zone == zone and pool.efa_interfaces for pool in pools):
            path = dotted(("storage", "lustre", name, "efa"))
            hint = f"write zone: {zone} in a pool with EFA, or the zone of such a pool in the file system"
            yield Problem(path, True, f"is of no use: no pool in {zone} has EFA", hint)


def _lake(environment: Environment) -> Iterator[Problem]:
    """Links and mounts lead to a lake."""
    if environment.storage.lake is not None or environment.data is not None:
        return
    linked = [("lustre", name, "link") for name, one in environment.storage.lustre.items() if one.link]
    mounted = [("mounts", name) for name in environment.storage.mounts]
    for path in (*linked, *mounted):
        hint = "write storage.lake, or data: the stack that keeps the lake"
        yield Problem(dotted(("storage", *path)), ABSENT, "leads to a lake, and there is none", hint)


def _people(environment: Environment) -> Iterator[Problem]:
    """People with homes are in teams."""
    for name, shared in environment.storage.shared.items():
        for person, home in shared.people.items():
            if home.team not in environment.all_teams:
                path = dotted(("storage", "shared", name, "people", person, "team"))
                hint = did_you_mean(home.team, environment.all_teams)
                yield Problem(path, home.team, "is not a team of this environment", hint)


def _names(environment: Environment) -> Iterator[Problem]:
    """Claims are called after what they are on, so no two may share a name."""
    storage = environment.storage
    owners: dict[str, str] = {}
    for kind, name, claim in (
        *(("lustre", name, name) for name in storage.lustre),
        *(
            ("lustre", name, f"{name}-{link.claim}")
            for name, lustre in storage.lustre.items()
            for link in lustre.link
        ),
        *(
            ("shared", name, f"{name}-{person}")
            for name, shared in storage.shared.items()
            for person in shared.people
        ),
        *(("mounts", name, name) for name in storage.mounts),
    ):
        path = dotted(("storage", kind, name))
        other = owners.setdefault(claim, path)
        if other != path:
            message = f"has a volume claim {claim}, which {other} has too"
            yield Problem(path, ABSENT, message, "give one of them another name")


def _default_class(environment: Environment) -> Iterator[Problem]:
    """Claims that name no class get one class, and no two classes share a name."""
    storage = environment.storage
    chosen = [name for name, block in storage.block.items() if block.default]
    for name in chosen[1:]:
        path = dotted(("storage", "block", name, "default"))
        yield Problem(path, True, f"makes a second default class beside {chosen[0]}", "remove one of them")
    classes = Counter(
        [*storage.classes, *(f"{name}-{team}" for name in storage.shared for team in environment.all_teams)]
    )
    if storage.scratch:
        classes["local-nvme"] += 1
    for name in storage.block:
        if classes[name] > 1:
            path = dotted(("storage", "block", name))
            yield Problem(path, ABSENT, "has the name of another storage class", "give it another name")


CHECKS: Final = (
    check(_with_a_cluster, "cluster", "storage"),
    check(_complete, "storage"),
    check(_zones, "region", "network", "storage"),
    check(_fabric, "region", "network", "pools", "storage"),
    check(_lake, "data", "storage"),
    check(_people, "storage", "teams"),
    check(_names, "storage"),
    check(_default_class, "storage", "teams"),
)
