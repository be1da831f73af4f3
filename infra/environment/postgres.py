"""Postgres for the services that need a database."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Days, Form, Within
from infra.environment.section import Section
from infra.environment.storage.lustre import Maintenance
from infra.problems import Wrong
from infra.units import ByteSize, Cpu, Duration, GiB

_LEAST_AT_RDS: Final = ByteSize("20GiB")
"""Of gp3: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html"""
_MOST_AT_RDS: Final = ByteSize("64TiB")
_STANDBYS: Final = 2
"""Instances of a Multi-AZ deployment: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html"""
_LONGEST_AT_RDS: Final = Duration("35d")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html"""

InstanceClass = Annotated[
    str,
    Form(
        pattern=r"db\.[a-z][a-z0-9-]*\.[a-z0-9]+",
        wrong="is not an instance class of RDS",
        hint="write one such as db.m7g.large",
        example="db.m7g.large",
    ),
]


class Managed(Section):
    """Amazon RDS, with one instance or two in different zones."""

    instance: InstanceClass = "db.m7g.large"
    """What it runs on: a class of RDS, such as db.t4g.medium for little and db.r7g.xlarge for much."""
    max_storage: Annotated[ByteSize, Within(_LEAST_AT_RDS, _MOST_AT_RDS)] | None = None
    """Up to where RDS makes its storage larger by itself as it fills: 20GiB to 64TiB. Default: four times
    `storage`. What has grown never shrinks."""
    maintenance: Maintenance = "sunday 04:00"
    """When RDS may patch it, once a week: a day and a time in UTC. Backups are taken at 02:00 UTC."""


class Postgres(Section):
    """A server that each service has a database of its own on.

    In the cluster by CloudNativePG, or at AWS by Amazon RDS; services see no difference. Passwords are made
    in the cluster (`secrets`), and are in no plan, log or state.
    """

    version: Literal["17", "18"] = "18"
    """The major version. A higher one upgrades what is there, with its services away for some minutes; there
    is no way back."""
    managed: Managed | None = None
    """Amazon RDS in the place of pods. Only on platform `aws`. Default: CloudNativePG in the cluster. One is
    never made of the other: their data does not follow."""
    instances: Annotated[int | None, Field(strict=True, ge=1, le=9)] = None
    """Copies of the data, of which one takes writes and another takes over when it fails; in different zones
    where there are any. With `managed`: 1, or 2 (Multi-AZ). Default: 3 (with `managed` 2) in an environment
    that is protected or in three zones, otherwise 1."""
    storage: Annotated[ByteSize, Within(ByteSize("1GiB"))] = ByteSize("20GiB")
    """Size of each copy: whole GiB, with `managed` at least 20GiB. It can grow, never shrink."""
    storage_class: str | None = None
    """The StorageClass of the copies' volumes, without `managed`. Default: the cluster's default one."""
    cpu: Annotated[Cpu, Within(Cpu("100m"))] = Cpu(1)
    """vCPUs that each copy is sure of, without `managed`."""
    memory: Annotated[ByteSize, Within(ByteSize("512MiB"))] = ByteSize("2GiB")
    """Memory of each copy, without `managed`; a quarter of it is Postgres' own cache."""
    backups: Annotated[Days, Within(Duration("1d"))] | None = Duration("14d")
    """For how long one can go back to any moment: whole days, with `managed` at most 35d, whose backups RDS
    keeps; otherwise they are in the lake, under `postgres/<environment>/` of the zone raw. `null`: there are
    none."""
    rotation: Annotated[int, Field(strict=True, ge=1)] = 1
    """Which passwords services have. A number not used before gives all of them new ones at the next `up`,
    and restarts them; RDS changes its own administrator's password every seven days by itself."""
    keep: Literal["retain", "backup", "destroy"] = "retain"
    """What becomes of data when the section is removed, and on `down`: `retain` refuses both, `destroy`
    deletes it, `backup`, with `managed` only, after a last snapshot, which stays with its key. Backups in the
    lake stay in any case."""

    @field_validator("instances")
    @classmethod
    def _offered(cls, instances: int | None, info: ValidationInfo) -> int | None:
        if instances is not None and info.data.get("managed") is not None and instances > _STANDBYS:
            raise Wrong("is more than RDS has with Multi-AZ", "write 1 or 2, or remove managed")
        return instances

    @field_validator("storage")
    @classmethod
    def _storable(cls, storage: ByteSize, info: ValidationInfo) -> ByteSize:
        if storage % GiB:
            raise Wrong("is not a whole number of GiB", "write one such as 20GiB")
        managed = info.data.get("managed")
        if managed is None:
            return storage
        if not _LEAST_AT_RDS <= storage <= _MOST_AT_RDS:
            raise Wrong("is not a size that RDS has", f"write {_LEAST_AT_RDS} to {_MOST_AT_RDS}")
        most = managed.max_storage
        if most is not None and storage > most:
            raise Wrong(f"is above managed.max_storage, {most}", f"write a max_storage of at least {storage}")
        return storage

    @field_validator("storage_class", "cpu", "memory")
    @classmethod
    def _of_pods(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("managed") is not None:
            raise Wrong("is of pods, and managed has none", "remove it, and choose managed.instance")
        return value

    @field_validator("backups")
    @classmethod
    def _kept(cls, backups: Duration | None, info: ValidationInfo) -> Duration | None:
        if backups is not None and info.data.get("managed") is not None and backups > _LONGEST_AT_RDS:
            raise Wrong("is longer than RDS keeps backups", f"write at most {_LONGEST_AT_RDS}")
        return backups

    @field_validator("keep")
    @classmethod
    def _snapshot(cls, keep: str, info: ValidationInfo) -> str:
        if keep == "backup" and info.data.get("managed") is None:
            raise Wrong("is of RDS, and there is no managed", "write destroy: backups in the lake stay")
        return keep

    @property
    def grows_to(self) -> ByteSize:
        """Up to where RDS makes its storage larger."""
        chosen = None if self.managed is None else self.managed.max_storage
        return chosen or ByteSize(min(4 * self.storage, _MOST_AT_RDS))

    def copies(self, *, safe: bool) -> int:
        """How many copies of the data there are.

        Args:
            safe: Whether the environment is one that is meant to outlive the loss of a zone.
        """
        if self.instances is not None:
            return self.instances
        if not safe:
            return 1
        return 3 if self.managed is None else _STANDBYS
