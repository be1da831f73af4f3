"""What volumes cost that an operator makes for what it runs, before there is any: by what it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.catalog import lookup, prices
from infra.catalog.prices import Price
from infra.problems import Wrong
from infra.resources import RecordedResource
from infra.units import ByteSize, GiB
from operations.cost.lines import Context, Share, line, together

_EBS: Final = "ebs.csi.aws.com"
_CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"


def claims(resource: RecordedResource, _: Price, context: Context) -> Share:
    """The volumes of all replicas; those on disks that are there anyway cost nothing more."""
    classes = {
        str(lookup.at(one.inputs, "metadata.name")): one.inputs
        for one in context.resources.values()
        if one.type == _CLASS and one.inputs.get("provisioner") == _EBS
    }
    replicas = lookup.at(resource.inputs, "spec.replicas")
    if not classes or not isinstance(replicas, int | float):
        return Share()
    return together(_volume(resource, one, classes, replicas) for one in _asked(resource))


def _asked(resource: RecordedResource) -> Iterator[Mapping[str, Any]]:
    """The volumes of each replica."""
    storage = lookup.at(resource.inputs, "spec.storage")
    if isinstance(storage, Mapping):
        yield from storage.get("volumes", (storage,))


def _volume(
    resource: RecordedResource,
    asked: Mapping[str, Any],
    classes: Mapping[str, Mapping[str, Any]],
    replicas: float,
) -> Share:
    parameters = classes.get(str(asked.get("class")), {}).get("parameters", {})
    kind = str(parameters.get("type"))
    charges, size = prices.volume(kind), _gib(asked.get("size"))
    if not charges or size is None:
        note = f"{resource.name}: the catalog has no price for its volumes ({kind}, {asked.get('size')})"
        return Share(notes=(note,), unpriced=True)
    amounts = {"volumeSize": size, **{key: float(parameters.get(key, 0)) for key in ("iops", "throughput")}}
    each = ((one, max(amounts.get(one.input, 0) - one.included, 0) * replicas) for one in charges)
    return Share(
        tuple(
            line(resource, f"{kind} volumes", one.unit, (amount, amount), one.usd, "month")
            for one, amount in each
            if amount
        )
    )


def _gib(size: object) -> float | None:
    """A Kubernetes quantity in GiB."""
    if not isinstance(size, str):
        return None
    try:
        return ByteSize(f"{size}B" if size[-1:].isalpha() else int(size)) / GiB
    except (Wrong, ValueError):
        return None
