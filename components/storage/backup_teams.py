"""Backups of teams that another stack than Velero's has, and the last ones of those that leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.storage import backup_manifests as manifests
from components.storage.custom import custom
from infra.environment.storage.backup import Backup
from infra.handles import TeamSpace
from infra.labels import Scope

_COMPONENT: Final = "backup"


@dataclass(frozen=True, kw_only=True)
class TeamBackupsArgs:
    """Whose backups."""

    scope: Scope
    backup: Backup
    teams: Mapping[str, TeamSpace]
    """Teams with a schedule."""
    leaving: Collection[str] = ()
    """Teams of which a last backup is taken, with no other to follow."""
    after: tuple[pulumi.Resource, ...] = ()
    """Velero, where this stack has it; it outlives them."""


class TeamBackups(pulumi.ComponentResource):
    """Velero's schedules for teams, and a backup at once of each that leaves.

    When a backup's object goes, what was backed up stays in the lake until its time is over, and Velero finds
    it there again: https://velero.io/docs/main/how-velero-works/#object-storage-sync
    """

    def __init__(self, name: str, args: TeamBackupsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:TeamBackups", name, {}, opts)
        self._name, self._args = name, args
        for team, space in args.teams.items():
            spec = manifests.schedule(args.backup, manifests.LOCATION, space.namespaces)
            if team in args.leaving:
                self._custom("Backup", f"{team}-last", team, spec["template"])
            else:
                self._custom("Schedule", team, team, spec)
        self.register_outputs({})

    def _custom(self, kind: str, name: str, team: str, spec: Mapping[str, Any]) -> None:
        custom(
            f"{self._name}-{kind}-{name}",
            manifests.API,
            kind,
            metadata={
                "name": name,
                "namespace": manifests.NAMESPACE,
                "labels": self._args.scope.labels(_COMPONENT, team=team),
            },
            spec=spec,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self._args.after, *self._args.teams[team].ready]
            ),
        )
