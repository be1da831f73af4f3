"""What only grows, and an `up` would make smaller: partitions of topics, volumes of brokers and databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.catalog import lookup
from infra.problems import Wrong
from infra.resources import RecordedResource
from infra.units import ByteSize
from operations.guards import Refusal
from operations.keeping import Loss

_PARTITIONS: Final = (
    "write as many as there were; for fewer, make another topic, copy what is to stay, and remove the old one"
)
_VOLUMES: Final = "write the size that it had: volumes are never made smaller"


@dataclass(frozen=True, kw_only=True)
class Growing:
    """An input that only grows."""

    path: str
    """Where it is in the resource's inputs; `*` stands for every member of a list."""
    unit: str
    """What it counts; empty where it is a size with its unit."""
    hint: str
    """What to do instead."""


GROWING: Final[Mapping[str, Growing]] = {
    # https://kafka.apache.org/43/operations/basic-kafka-operations/#modifying-topics
    "aws:msk/topic:Topic": Growing(path="partitionCount", unit="partitions", hint=_PARTITIONS),
    "kubernetes:kafka.strimzi.io/v1:KafkaTopic": Growing(
        path="spec.partitions", unit="partitions", hint=_PARTITIONS
    ),
    # https://docs.aws.amazon.com/msk/latest/developerguide/msk-update-storage.html
    "aws:msk/cluster:Cluster": Growing(
        path="brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize",
        unit="GiB on each broker",
        hint=_VOLUMES,
    ),
    # https://strimzi.io/docs/operators/1.2.0/deploying#proc-resizing-persistent-volumes-str
    "kubernetes:kafka.strimzi.io/v1:KafkaNodePool": Growing(
        path="spec.storage.volumes.*.size", unit="", hint=_VOLUMES
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
    "aws:rds/instance:Instance": Growing(path="allocatedStorage", unit="GiB", hint=_VOLUMES),
    # https://cloudnative-pg.io/documentation/current/storage/#volume-expansion
    "kubernetes:postgresql.cnpg.io/v1:Cluster": Growing(path="spec.storage.size", unit="", hint=_VOLUMES),
}
"""By the type of the resource."""


def there(state: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """The resources of a stack's state that have something that only grows."""
    resources = (state or {}).get("resources") or ()
    return tuple(one for one in resources if one["type"] in GROWING and not one.get("delete"))


def shrunk(old: Iterable[Mapping[str, Any]], planned: Iterable[RecordedResource]) -> tuple[Loss, ...]:
    """What would be made smaller, and cannot be.

    Args:
        old: from `there`.
        planned: what the program asks for now.
    """
    wanted = {resource.urn: resource for resource in planned}
    return tuple(
        Loss(one["urn"], why)
        for one in old
        if one["urn"] in wanted
        for why in _shrinks(GROWING[one["type"]], one.get("inputs") or {}, wanted[one["urn"]].inputs)
    )


def _shrinks(growing: Growing, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for before, after in zip(_at(old, growing.path), _at(new, growing.path), strict=False):
        least, given = _amount(before), _amount(after)
        if least is not None and given is not None and given < least:
            unit = f" {growing.unit}" if growing.unit else ""
            yield f"has {_shown(before)}{unit}, which cannot become {_shown(after)}"


def _at(inputs: Any, path: str) -> list[Any]:
    """What lies at a path, once for each member of a list that a `*` stands for."""
    first, star, rest = path.partition(".*.")
    found = lookup.at(inputs, first)
    if not star:
        return [found]
    return [lookup.at(member, rest) for member in found] if isinstance(found, list) else []


def _amount(value: Any) -> float | None:
    """A number, or the bytes of a size; None for what is not known yet."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(ByteSize(value))
    except Wrong:
        return None


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def refuse(name: str, losses: tuple[Loss, ...]) -> None:
    """Refuses an `up` that would make smaller what only grows.

    Raises:
        Refusal: there is such.
    """
    if not losses:
        return
    hints = dict.fromkeys(GROWING[_type(loss)].hint for loss in losses)
    raise Refusal(f"{name} asks for less of what only grows: {'; '.join(map(str, losses))}", "; ".join(hints))


def _type(loss: Loss) -> str:
    """The type of what a loss is of, from its URN, which has those of its parents before it."""
    return loss.urn.split("::")[2].rpartition("$")[2]
