"""Amazon EFS: files that many pods share, such as home directories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Flag, Form, TeamName
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration

PersonName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a person's home",
        hint="write small letters, digits and hyphens, such as ada",
        example="ada",
        longest=32,
    ),
]
Age = Literal["1d", "7d", "14d", "30d", "60d", "90d", "180d", "270d", "365d"]
"""Ages at which EFS can move files:
https://docs.aws.amazon.com/efs/latest/ug/API_LifecyclePolicy.html"""

UIDS: Final = (1000, 60000)
"""Ids of people on Linux: below are the system's own, above those that teams get here."""


class Person(Section):
    """Somebody with a home directory."""

    team: TeamName
    """The team in whose exploration namespace the home can be mounted."""
    uid: Annotated[int, Field(strict=True, ge=UIDS[0], le=UIDS[1])]
    """POSIX id, of the person and of a group of their own: whatever a pod runs as, files belong to it. Never
    give it to somebody else."""


class Shared(Section):
    """An EFS file system in all zones of the network.

    Pods never mount it as a whole: each team has a storage class `<name>-<team>` that makes a folder for each
    claim, and each person listed has a home.
    """

    performance: Literal["elastic", "bursting", "provisioned"] = "elastic"
    """`elastic`: as much throughput as is asked for, paid by the GB. `bursting`: it grows with what is
    stored. `provisioned`: `throughput`, at all times."""
    throughput: Annotated[int | None, Field(strict=True, ge=1, le=3072)] = None
    """MiB/s with `performance: provisioned`, 1 to 3072; nothing otherwise."""
    infrequent_after: Age | None = "30d"
    """How long nobody reads a file before it moves to the infrequent-access tier: 1d, 7d, 14d, 30d, 60d, 90d,
    180d, 270d or 365d. It comes back when it is read. `null`: never."""
    archive_after: Age | None = "90d"
    """The same for the archive tier, later than `infrequent_after`; with `performance: elastic` only, and so
    not by default otherwise. `null`: never."""
    people: Mapping[PersonName, Person] = {}
    """Home directories that exist from the start, by person. Others are made when they are first claimed."""
    backups: Flag = True
    """Whether AWS Backup takes a copy each day and keeps it for 35 days, also when the file system goes."""
    keep: Literal["retain", "destroy"] = "retain"
    """What `down` does with the files: `retain` protects them, so that `down` is refused until this is
    changed; `destroy` deletes them."""

    @field_validator("throughput")
    @classmethod
    def _only_provisioned(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        if throughput is not None and info.data.get("performance", "provisioned") != "provisioned":
            raise Wrong("needs performance: provisioned", "remove it, or write performance: provisioned")
        return throughput

    @field_validator("archive_after")
    @classmethod
    def _after_infrequent(cls, archive: Age | None, info: ValidationInfo) -> Age | None:
        # https://docs.aws.amazon.com/efs/latest/ug/lifecycle-management-efs.html
        if archive is None:
            return None
        if info.data.get("performance", "elastic") != "elastic":
            raise Wrong("needs performance: elastic", "write null, or performance: elastic")
        infrequent = info.data.get("infrequent_after")
        if infrequent is not None and Duration(archive) <= Duration(infrequent):
            raise Wrong(f"is not after infrequent_after, {infrequent}", "write a longer time, or null")
        return archive

    @field_validator("people")
    @classmethod
    def _own_ids(cls, people: Mapping[str, Person]) -> Mapping[str, Person]:
        names: dict[int, str] = {}
        for name, person in people.items():
            other = names.setdefault(person.uid, name)
            if other != name:
                raise Wrong(f"gives uid {person.uid} to {other} and {name}", "give each person their own")
        return people

    @property
    def archived_after(self) -> Age | None:
        """When files move to the archive, the default left out where the file system cannot have one."""
        return self.archive_after if self.performance == "elastic" else None
