"""FSx for Lustre: fast files for training, near the GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from infra.environment.fields import Days, Flag, Form, Within
from infra.environment.section import Section
from infra.environment.storage.paths import LakePath, placed, slug
from infra.problems import Wrong, either
from infra.units import ByteSize, Duration, GiB

Deployment = Literal["persistent", "persistent-1", "scratch"]
Keep = Literal["retain", "backup", "destroy"]

MOST_LINKS: Final = 8
"""https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateDataRepositoryAssociation.html"""

_STEP = 2400
"""GiB, of SSD file systems; half of it is allowed too, as the smallest:
https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html"""
_STEP_WITH_EFA: Final[Mapping[int, int]] = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}
"""GiB, by throughput, of file systems with EFA:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html"""
_TIERED_STEP = 4000
"""MB/s, of file systems on Intelligent-Tiering:
https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemLustreConfiguration.html"""
_METADATA_IOPS = (1500, 3000, 6000, *range(12000, 192001, 12000))
_METADATA_IOPS_TIERED = (6000, 12000)

_THROUGHPUTS: Final[Mapping[Deployment, tuple[int, ...]]] = {
    "persistent": (125, 250, 500, 1000),
    "persistent-1": (50, 100, 200),
    "scratch": (),
}
"""MB/s for each TiB that can be chosen, the default first; scratch file systems always have 200:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/managing-throughput-capacity.html"""


class Link(Section):
    """A part of the lake that a file system shows as a folder.

    FSx lists what is in S3 at once and reads it when it is first opened; what is added, changed or deleted on
    either side follows on the other.
    """

    path: LakePath
    """Where in the lake: a zone and a prefix such as `curated/datasets`; `datasets` alone is in `curated`. In
    the file system it is the folder of the same name."""
    read_only: Flag = False
    """Whether pods may only read it: then nothing goes back to the lake."""

    @property
    def folder(self) -> str:
        """The folder in the file system, as it was written: ``/datasets``."""
        return f"/{self.path}"

    @property
    def claim(self) -> str:
        """What claims on it are called, after the file system's name."""
        return slug(self.path)


@dataclass(frozen=True)
class _Listed:
    """Marks a list of sections that may also be one section, or the paths of some alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(schema)
        each = [{"type": "string", "examples": ["curated/datasets"]}, many["items"]]
        return {"anyOf": [*each, {**many, "items": {"anyOf": each}}]}


def _listed(value: object) -> object:
    entries = value if isinstance(value, (list, tuple)) else [value]
    return tuple({"path": one} if isinstance(one, str) else one for one in entries)


Maintenance = Annotated[
    str,
    Form(
        pattern="(monday|tuesday|wednesday|thursday|friday|saturday|sunday) ([01][0-9]|2[0-3]):[0-5][0-9]",
        wrong="is not a day of the week and a time",
        hint='write them in UTC, such as "sunday 03:00"',
        example="sunday 03:00",
    ),
]


class Lustre(Section):
    """An FSx for Lustre file system in one zone, that all teams' pods can mount.

    What forces AWS to make a new one (deployment, media, efa, zone) is chosen for good: none of it follows
    from the pools, so that changing pools never touches data.
    """

    deployment: Deployment = "persistent"
    """`persistent`: replicated within its zone, 125 to 1,000 MB/s for each TiB. `scratch`: neither replicated
    nor backed up, 200 MB/s, for data that is elsewhere too. `persistent-1`: the older kind, 50 to 200 MB/s,
    for regions without the newer one."""
    media: Literal["ssd", "tiered"] = "ssd"
    """`ssd`: provisioned by `capacity`. `tiered`: Intelligent-Tiering, which grows with what is in it, with
    an SSD cache in front; persistent only, and not linked to the lake."""
    throughput: Annotated[int | None, Field(strict=True, ge=1)] = None
    """MB/s for each TiB: 125, 250, 500 or 1000 (persistent), 50, 100 or 200 (persistent-1), nothing for
    scratch; the default is the first. With `media: tiered` all there is: 4000 (the default) or a multiple."""
    efa: Flag = False
    """Whether nodes reach it over Elastic Fabric Adapters, with GPUDirect Storage on those GPUs that have it:
    persistent only, from 4.8TiB (at 1000 MB/s) to 38.4TiB (at 125 MB/s) upwards, for a pool with EFA in its
    zone. It cannot be switched later, and then `throughput` cannot change either."""
    capacity: ByteSize | None = None
    """Size: 1200GiB, 2400GiB or a multiple of that; with `efa` a multiple of 38400GiB, 19200GiB, 9600GiB or
    4800GiB at 125, 250, 500 or 1000 MB/s. It can grow, never shrink. Required, but for `media: tiered`."""
    metadata_iops: Annotated[int | None, Field(strict=True)] = None
    """Metadata operations a second: 1500, 3000, 6000, 12000 or a multiple of that up to 192000 (6000 or 12000
    with `media: tiered`); persistent only. Default: what FSx gives for the capacity, or 6000. It can grow,
    never shrink."""
    zone: str | None = None
    """Its availability zone: that of the pool that uses it most, for traffic between zones is slower and
    charged. Default: the network's first zone."""
    link: Annotated[tuple[Link, ...], _Listed(), Field(max_length=MOST_LINKS)] = ()
    """Parts of the lake that are folders in it, both ways: one path such as `datasets`, or a list of at most
    8. A linked file system cannot be backed up: what it has lies in the lake."""
    compression: Literal["lz4", "none"] = "lz4"
    """Whether data is compressed on the servers: less to pay and to read, at no cost to clients."""
    backups: Annotated[Days, Within(Duration("1d"), Duration("90d"))] | None = None
    """How long daily backups are kept: 1d to 90d, persistent and without `link` only. Default: none are
    made."""
    maintenance: Maintenance = "sunday 03:00"
    """When FSx may patch it, once a week: a day and a time in UTC."""
    keep: Keep = "destroy"
    """What `down` does with it: `destroy` deletes it, `backup` deletes it after a last backup (persistent,
    without `link`), `retain` protects it, so that `down` is refused until this is changed."""

    @field_validator("media")
    @classmethod
    def _only_new(cls, media: str, info: ValidationInfo) -> str:
        if media == "tiered" and info.data.get("deployment", "persistent") != "persistent":
            raise Wrong("is for persistent file systems only", "write ssd, or deployment: persistent")
        return media

    @field_validator("throughput")
    @classmethod
    def _offered(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        if throughput is None or not {"deployment", "media"} <= info.data.keys():
            return throughput
        deployment, media = info.data["deployment"], info.data["media"]
        offered = _THROUGHPUTS[deployment]
        if media == "tiered":
            if throughput % _TIERED_STEP:
                raise Wrong("is not a multiple of 4000 MB/s", f"write {_nearest(throughput, _TIERED_STEP)}")
        elif not offered:
            raise Wrong("cannot be chosen: scratch has 200 MB/s for each TiB", "remove it")
        elif throughput not in offered:
            raise Wrong(
                f"is not a throughput that {deployment} file systems have",
                f"write {either(map(str, offered))}",
            )
        return throughput

    @field_validator("efa")
    @classmethod
    def _with_fabric(cls, efa: bool, info: ValidationInfo) -> bool:
        if efa and info.data.get("deployment", "persistent") != "persistent":
            raise Wrong("is for persistent file systems only", "remove it, or write deployment: persistent")
        return efa

    @field_validator("capacity")
    @classmethod
    def _allowed(cls, capacity: ByteSize | None, info: ValidationInfo) -> ByteSize | None:
        known = info.data
        if not {"deployment", "media", "throughput", "efa"} <= known.keys():
            return capacity
        if capacity is None:
            return None
        if known["media"] == "tiered":
            raise Wrong("is not chosen with media: tiered, which grows by itself", "remove it")
        step = _STEP_WITH_EFA[known["throughput"] or 125] if known["efa"] else _STEP
        smallest = step if known["efa"] else _STEP // 2
        if capacity == smallest * GiB or (capacity and capacity % (step * GiB) == 0):
            return capacity
        why = f"with efa at {known['throughput'] or 125} MB/s" if known["efa"] else "on SSD"
        choices = _sizes(capacity, step, smallest)
        raise Wrong(f"is not a capacity that Lustre can have {why}", f"write {either(choices)}")

    @field_validator("metadata_iops")
    @classmethod
    def _provisioned(cls, iops: int | None, info: ValidationInfo) -> int | None:
        if iops is None:
            return None
        if info.data.get("deployment", "persistent") != "persistent":
            raise Wrong("is for persistent file systems only", "remove it, or write deployment: persistent")
        offered = _METADATA_IOPS_TIERED if info.data.get("media") == "tiered" else _METADATA_IOPS
        if iops not in offered:
            above = [one for one in offered if one > iops] or [offered[-1]]
            raise Wrong("is not a number of metadata operations that can be chosen", f"write {above[0]}")
        return iops

    @field_validator("link")
    @classmethod
    def _apart(cls, links: tuple[Link, ...], info: ValidationInfo) -> tuple[Link, ...]:
        """FSx refuses links of which one contains another, in the file system as well as in S3."""
        if links and info.data.get("media") == "tiered":
            raise Wrong("cannot be had with media: tiered", "remove it, or write media: ssd")
        for index, one in enumerate(links):
            for other in links[:index]:
                if _overlap(one.path, other.path) or _overlap(_whole(one), _whole(other)):
                    raise Wrong(
                        f"has {one.path} and {other.path}, which overlap", "write the wider one alone"
                    )
            if one.path == "teams" or one.path.startswith("teams/"):
                raise Wrong(f"has {one.path}, the folder of the teams' own data", "write another prefix")
        return links

    @field_validator("backups", "keep")
    @classmethod
    def _can_be_backed_up(cls, value: Any, info: ValidationInfo) -> Any:
        # https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateBackup.html
        if value is None or value in ("retain", "destroy"):
            return value
        if info.data.get("deployment") == "scratch":
            raise Wrong("asks for backups, which scratch file systems cannot have", "remove it")
        if info.data.get("link"):
            raise Wrong(
                "asks for backups, which a linked file system cannot have", "remove it, or remove link"
            )
        return value

    @property
    def mbps_per_tib(self) -> int | None:
        """MB/s for each TiB of an SSD file system; None where it cannot be chosen."""
        if self.media == "tiered" or self.deployment == "scratch":
            return None
        return self.throughput or _THROUGHPUTS[self.deployment][0]

    @property
    def mbps(self) -> int | None:
        """MB/s in all of a file system on Intelligent-Tiering; None for SSD."""
        return (self.throughput or _TIERED_STEP) if self.media == "tiered" else None

    @property
    def persistent(self) -> bool:
        """Whether it is replicated, and so encrypted with a key of ours."""
        return self.deployment != "scratch"


def _nearest(value: int, step: int) -> str:
    lower, upper = value // step * step, -(-value // step) * step
    return either(str(one) for one in (lower, upper) if one)


def _sizes(capacity: int, step: int, smallest: int) -> list[str]:
    """The allowed capacities next to one that is not allowed."""
    wanted = -(-capacity // GiB)
    below, above = wanted // step * step, max(-(-wanted // step) * step, step)
    if below == 0:
        below = smallest
    return [f"{one}GiB" for one in dict.fromkeys((below, above))]


def _whole(link: Link) -> str:
    return "/".join(part for part in placed(link.path) if part)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
