"""Backups of the teams' namespaces and volumes."""

from __future__ import annotations

from typing import Annotated

from infra.environment.fields import Days, Different, EnvironmentName
from infra.environment.schedules import Schedule
from infra.environment.section import Section
from infra.units import Duration


class Backup(Section):
    """Scheduled backups by Velero: each team's namespaces with their volumes, to the lake's zone `raw`.

    Volumes are backed up from snapshots, so `storage.snapshots` is needed; what has none (EFS, Lustre) is not
    in it.
    """

    schedule: Schedule = "0 3 * * *"
    """When, in UTC, as cron has it: minute, hour, day of the month, month, day of the week. Default: every
    night at three."""
    keep: Days = Duration("30d")
    """How long a backup is kept: whole days."""
    restore_from: Annotated[tuple[EnvironmentName, ...], Different] = ()
    """Environments whose backups, in the same lake, may be restored here: how a team moves to another
    cluster. They are only read."""
