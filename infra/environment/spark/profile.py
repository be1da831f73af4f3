"""Profiles of Spark jobs: how large drivers and executors are, and where they run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Count, Form, PoolName, Within
from infra.environment.section import Section
from infra.environment.storage.paths import VolumeName
from infra.problems import Wrong
from infra.units import ByteSize

_LEAST_MEMORY = ByteSize("1GiB")
_MOST_MEMORY = ByteSize("4TiB")
_MOST_EXECUTORS = 2000
"""The operator keeps track of a thousand of each application; beyond twice that it knows too little."""

ProfileName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a profile",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="small",
        longest=24,
    ),
]
Image = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64}"
        r"|:[A-Za-z0-9_][A-Za-z0-9_.-]*@sha256:[0-9a-f]{64})",
        wrong="is not an image with its registry and its tag or digest",
        hint="write all three, such as 111122223333.dkr.ecr.us-east-1.amazonaws.com/spark:4.0.4-1",
        example="111122223333.dkr.ecr.us-east-1.amazonaws.com/spark:4.0.4-1",
        longest=512,
    ),
]

Cores = Annotated[Count, Field(ge=1, le=192)]
Memory = Annotated[ByteSize, Within(_LEAST_MEMORY, _MOST_MEMORY)]


class Driver(Section):
    """The pod that plans a job. When it goes, the job starts over, so it is never on a spot node."""

    cores: Cores = 1
    """vCPUs of it, 1 to 192."""
    memory: Memory = ByteSize("2GiB")
    """Memory of the whole pod, 1GiB to 4TiB; a fourth of it is for what is not Java's."""
    pool: PoolName | None = None
    """The pool that it runs in. Default: any node that is open to all and not spot."""


class Executor(Section):
    """The pods that do a job's work. When one goes, what it had is moved or computed again.

    RAPIDS and its images: https://docs.nvidia.com/spark-rapids/user-guide/latest/getting-started/kubernetes.html
    """

    cores: Cores = 1
    """vCPUs of each, and tasks that it does at once; 1 to 192."""
    memory: Memory = ByteSize("4GiB")
    """Memory of each whole pod, 1GiB to 4TiB; a fourth of it is for what is not Java's, Python among it."""
    gpus: Annotated[Count, Field(le=1)] = 0
    """GPUs of each: 0, or 1, on which RAPIDS does its SQL; it uses one for an executor."""
    pool: PoolName | None = None
    """The pool that they run in. Default: nodes that are open to all, spot nodes first."""


class Shuffle(Section):
    """Volumes for what executors pass to each other, which outlive the executor that wrote them.

    The driver owns them: when a spot node is taken, the next executor finds the volume with all that is on
    it. Slower than local disks, and dearer.
    """

    size: Annotated[ByteSize, Within(ByteSize("1GiB"), ByteSize("16TiB"))]
    """Size of each executor's volume, 1GiB to 16TiB."""
    storage_class: VolumeName = "gp3"
    """The storage class of the volumes: `gp3`, or one of `storage.block`."""


class SparkProfile(Section):
    """How jobs of a kind run. People name it, and write only what is theirs."""

    driver: Driver = Driver()
    """The driver. Default: 1 vCPU and 2GiB."""
    executor: Executor = Executor()
    """Each executor. Default: 1 vCPU and 4GiB."""
    min: Annotated[Count, Field(le=_MOST_EXECUTORS)] = 0
    """Executors that a job keeps while it has nothing to do. 0 to 2000."""
    max: Annotated[Count, Field(ge=1, le=_MOST_EXECUTORS)] = 10
    """Executors that a job may have, at least `min` and 1, at most 2000."""
    shuffle: Shuffle | None = None
    """Volumes for shuffle. Default: the nodes' own disks, which are local NVMe on nodes that have some, and
    what is on a spot node that is taken moves to the others, or into the lake where they have no room."""
    image: Image | None = None
    """The image of this profile's pods. Default: that of `spark.image`. With `executor.gpus` it is required:
    Spark, RAPIDS' jar among Spark's, and CUDA's libraries, which Spark's own image lacks."""

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("min", 0)
        if most < least:
            raise Wrong(f"is below min {least}", f"write a max of at least {least}")
        return most
