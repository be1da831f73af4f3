"""What backups need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import ABSENT, Problem


def _needs(environment: Environment) -> Iterator[Problem]:
    """There is something to back up, a place to put it, and a way to take it."""
    storage = environment.storage
    if storage.backup is None:
        return
    path = "storage.backup"
    if not environment.all_teams:
        yield Problem(path, ABSENT, "has no teams to back up", "write teams, or leave out storage.backup")
    if storage.snapshots is None:
        hint = "write storage.snapshots: {}"
        yield Problem(path, ABSENT, "takes volumes from snapshots, and there are none", hint)
    on_ceph = storage.ceph is not None and "objects" in storage.ceph.offers
    if not (storage.lake or environment.data or on_ceph):
        hint = "write data, storage.lake, or on platform kubernetes storage.ceph that offers objects"
        yield Problem(path, ABSENT, "has no lake to put backups in", hint)


def _restored_from_elsewhere(environment: Environment) -> Iterator[Problem]:
    """Other environments' backups are in a lake that outlives them."""
    backup = environment.storage.backup
    if backup is None:
        return
    for index, other in enumerate(backup.restore_from):
        path = f"storage.backup.restore_from[{index}]"
        if other == environment.name:
            message = "is this very environment, whose backups can be restored anyway"
            yield Problem(path, other, message, "leave it out")
        elif environment.data is None:
            message = "has a lake of its own, as this environment has"
            hint = "write data: the stack that keeps the lake of both"
            yield Problem(path, other, message, hint)


CHECKS: Final = (
    check(_needs, "storage", "teams", "data"),
    check(_restored_from_elsewhere, "storage", "data"),
)
