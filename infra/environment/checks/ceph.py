"""Storage on the cluster's own disks, and what is built on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import ABSENT, Problem, did_you_mean

_ON_AWS: Final = (
    "leave it out: EBS, EFS, Lustre and the lake are AWS's own. For Ceph on an EKS cluster, write a second "
    "file with platform: kubernetes"
)


def _platform(environment: Environment) -> Iterator[Problem]:
    """Ceph is for existing clusters, and what an existing cluster lacks is only written there."""
    storage = environment.storage
    if environment.platform != "aws":
        return
    if storage.ceph is not None:
        yield Problem("storage.ceph", ABSENT, "is only for platform kubernetes", _ON_AWS)
    if storage.snapshots is not None:
        for field in sorted({"drivers", "controller"} & storage.snapshots.model_fields_set):
            path = f"storage.snapshots.{field}"
            yield Problem(path, ABSENT, "is only for platform kubernetes", "leave it out: EKS brings it")


def _copies(environment: Environment) -> Iterator[Problem]:
    """What is to stay is there more than once, and survives a node."""
    ceph = environment.storage.ceph
    if ceph is None or ceph.keep == "destroy":
        return
    if ceph.replicas == 1:
        message = "is the only copy of data that is to stay (keep: retain)"
        yield Problem("storage.ceph.replicas", 1, message, "write at least 2, better 3, or keep: destroy")
    elif ceph.spread == "osd":
        message = "lets copies lie on one node, and the data is to stay (keep: retain)"
        yield Problem("storage.ceph.spread", "osd", message, "write host or zone, or keep: destroy")


def _snapshots(environment: Environment) -> Iterator[Problem]:
    """There is something that can take snapshots."""
    storage = environment.storage
    if storage.snapshots is None or environment.platform == "aws" or storage.snapshots.drivers:
        return
    if storage.ceph is None or not {"block", "shared"} & set(storage.ceph.offers):
        message = "has no kind of volume that can have snapshots"
        hint = "write storage.ceph, or the cluster's own drivers: storage.snapshots: {drivers: […]}"
        yield Problem("storage.snapshots", ABSENT, message, hint)


def _cache(environment: Environment) -> Iterator[Problem]:
    """Datasets are a team's, in a lake on Ceph."""
    storage = environment.storage
    if storage.cache is None:
        return
    if storage.ceph is None or "objects" not in storage.ceph.offers:
        hint = "write storage.ceph that offers objects; on AWS, link a file system of storage.lustre instead"
        yield Problem("storage.cache", ABSENT, "needs a lake on Ceph", hint)
    for name, dataset in storage.cache.datasets.items():
        if dataset.team not in environment.teams:
            path = f"storage.cache.datasets.{name}.team"
            yield Problem(path, dataset.team, "is not a team", did_you_mean(dataset.team, environment.teams))


CHECKS: Final = (
    check(_platform, "storage", "platform"),
    check(_copies, "storage"),
    check(_snapshots, "storage", "platform"),
    check(_cache, "storage", "teams"),
)
