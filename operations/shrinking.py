"""File systems that an `up` would make smaller: FSx only lets them grow, so the engine would make others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra.resources import RecordedResource
from operations.guards import Refusal
from operations.keeping import Loss

_LUSTRE: Final = "aws:fsx/lustreFileSystem:LustreFileSystem"
_FILE_SYSTEMS: Final = (_LUSTRE, "aws:efs/fileSystem:FileSystem")

_GROWING: Final = (
    (("storageCapacity",), "GiB"),
    (("throughputCapacity",), "MB/s"),
    (("metadataConfiguration", "iops"), "metadata operations a second"),
)
"""Inputs of a Lustre file system that can only grow, and their units:
https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystem.html"""


def file_systems(state: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """The file systems of a stack's state that are not protected one by one."""
    resources = (state or {}).get("resources") or ()
    return tuple(
        one
        for one in resources
        if one["type"] in _FILE_SYSTEMS and not one.get("protect") and not one.get("delete")
    )


def shrunk(there: Iterable[Mapping[str, Any]], planned: Iterable[RecordedResource]) -> tuple[Loss, ...]:
    """File systems that would have to be made anew for what they cannot change into.

    Args:
        there: from `file_systems`.
        planned: what the program asks for now.
    """
    wanted = {resource.urn: resource for resource in planned}
    return tuple(
        Loss(old["urn"], why)
        for old in there
        if old["type"] == _LUSTRE and old["urn"] in wanted
        for why in _shrinks(old.get("inputs") or {}, wanted[old["urn"]].inputs)
    )


def _shrinks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path, unit in _GROWING:
        before, after = _at(old, path), _at(new, path)
        if before and after and after < before:
            yield f"has {before:g} {unit}, which cannot become {after:g}"
    throughput = "perUnitStorageThroughput"
    if old.get("efaEnabled") and new.get("efaEnabled") and old.get(throughput) != new.get(throughput):
        yield f"has EFA, so that its {old.get(throughput):g} MB/s for each TiB cannot change"


def _at(inputs: Any, path: tuple[str, ...]) -> float:
    for name in path:
        inputs = inputs.get(name) if isinstance(inputs, Mapping) else None
    return float(inputs) if isinstance(inputs, (int, float)) else 0.0


def refuse(name: str, losses: tuple[Loss, ...]) -> None:
    """Refuses an `up` that would make file systems anew, and so empty, to make them smaller.

    Raises:
        Refusal: there are such.
    """
    if not losses:
        return
    raise Refusal(
        f"{name} asks for what a Lustre file system cannot do: {'; '.join(map(str, losses))}",
        "write what it had; or write a new file system beside it under another name, copy what is to stay, "
        "and remove the old one after that",
    )
