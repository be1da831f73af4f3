"""Amazon EBS: disks, each for one node at a time."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Flag
from infra.environment.section import Section
from infra.problems import Wrong

DEFAULT_CLASS: Final = "gp3"
"""The class that every cluster on AWS has; the default one unless another says it is."""

_IOPS: Final = {"gp3": (3000, 16000), "io2": (100, 256000)}
"""Fewest and most operations a second that a volume of the type can have:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html"""


class Block(Section):
    """A storage class of EBS volumes: encrypted, made in the zone of the pod that needs one, and growing."""

    type: Literal["gp3", "io2"] = "gp3"
    """`gp3` for nearly everything; `io2` for databases that need the same latency at all times."""
    iops: Annotated[int | None, Field(strict=True)] = None
    """Operations a second of each volume: 3000 (the default) to 16000 for gp3, 100 to 256000 for io2, where
    it is required. At most 500 for each GiB."""
    throughput: Annotated[int | None, Field(strict=True, ge=125, le=1000)] = None
    """MiB/s of each gp3 volume: 125 (the default) to 1000, at most a quarter of `iops`."""
    filesystem: Literal["ext4", "xfs"] = "ext4"
    """What volumes are formatted with."""
    reclaim: Literal["delete", "retain"] = "delete"
    """What happens to a volume when its claim goes. What is retained outlives the cluster, and is charged."""
    default: Flag = False
    """Whether claims that name no class get this one. Default: `gp3` is that class."""

    @field_validator("iops")
    @classmethod
    def _offered(cls, iops: int | None, info: ValidationInfo) -> int | None:
        kind = info.data.get("type")
        if kind is None or iops is None:
            return iops
        least, most = _IOPS[kind]
        if not least <= iops <= most:
            raise Wrong(f"is not between {least} and {most}, which {kind} offers", f"write {least} to {most}")
        return iops

    @field_validator("throughput")
    @classmethod
    def _of_gp3(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        if throughput is None or "type" not in info.data or "iops" not in info.data:
            return throughput
        if info.data["type"] != "gp3":
            raise Wrong("cannot be chosen for io2, which gets it with its iops", "remove it")
        least = throughput * 4
        if (info.data["iops"] or _IOPS["gp3"][0]) < least:
            raise Wrong("is more than a quarter of iops", f"write iops of at least {least}")
        return throughput
