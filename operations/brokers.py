"""Kafka's brokers that an `up` would take away while partitions may be on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra.catalog import lookup
from infra.environment import Environment
from infra.resources import RecordedResource
from operations.guards import Refusal
from operations.keeping import Loss

_POOL: Final = "kubernetes:kafka.strimzi.io/v1:KafkaNodePool"
_KAFKA: Final = "kubernetes:kafka.strimzi.io/v1:Kafka"
_MSK: Final = "aws:msk/cluster:Cluster"
_DRAINING: Final = "remove-brokers"
"""The mode in which Cruise Control takes everything off brokers that go, and Strimzi waits for it:
https://strimzi.io/docs/operators/1.2.0/deploying#con-scaling-kafka-clusters-str"""


def there(state: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """What has brokers in a stack's state."""
    resources = (state or {}).get("resources") or ()
    return tuple(one for one in resources if one["type"] in {_POOL, _MSK} and not one.get("delete"))


def going(
    old: Iterable[Mapping[str, Any]], planned: Iterable[RecordedResource], environment: Environment
) -> tuple[Loss, ...]:
    """Brokers that would go with what may be on them.

    Where Kafka as a whole goes there is nothing to move, and whether it may go is a matter of `keep`.

    Args:
        old: from `there`.
        planned: what the program asks for now.
        environment: the environment as its file is now.
    """
    resources = tuple(planned)
    wanted = {resource.urn: resource for resource in resources}
    kafka = next((one for one in resources if one.type == _KAFKA), None)
    return tuple(
        Loss(one["urn"], why)
        for one in old
        for why in (
            _of_msk(one, wanted.get(one["urn"]), environment)
            if one["type"] == _MSK
            else _of_a_pool(one, wanted.get(one["urn"]), kafka)
        )
    )


def _of_msk(old: Mapping[str, Any], new: RecordedResource | None, environment: Environment) -> Iterator[str]:
    kafka = environment.kafka
    drained = kafka is not None and kafka.managed is not None and kafka.managed.drained
    if new is None or drained:
        return
    before, after = (side.get("numberOfBrokerNodes") for side in (old.get("inputs") or {}, new.inputs))
    if _less(after, before):
        yield f"has {before:g} brokers and would have {after:g}, with partitions on those that go"


def _of_a_pool(
    old: Mapping[str, Any], new: RecordedResource | None, kafka: RecordedResource | None
) -> Iterator[str]:
    spec = (old.get("inputs") or {}).get("spec") or {}
    before = spec.get("replicas")
    if kafka is None or not before:
        return
    if new is None:
        yield f"would go as a whole, with {before:g} nodes and what is on them"
        return
    after = lookup.at(new.inputs, "spec.replicas")
    if "controller" in (spec.get("roles") or ()) and after != before:
        yield f"has {before:g} controllers, and Strimzi does not change how many there are"
    elif _less(after, before) and not _drains(kafka):
        yield f"has {before:g} brokers and would have {after:g}, and nothing moves what is on those that go"


def _less(after: Any, before: Any) -> bool:
    numbers = isinstance(after, int | float) and isinstance(before, int | float)
    return bool(numbers and after < before)


def _drains(kafka: RecordedResource) -> bool:
    """Whether Strimzi lets brokers go only after Cruise Control has moved what is on them."""
    modes = lookup.at(kafka.inputs, "spec.cruiseControl.autoRebalance")
    return isinstance(modes, list) and any(lookup.at(one, "mode") == _DRAINING for one in modes)


def refuse(name: str, losses: tuple[Loss, ...]) -> None:
    """Refuses an `up` that would take brokers away with what is on them.

    Raises:
        Refusal: there are such.
    """
    if not losses:
        return
    hint = (
        "write as many as there were; to have fewer, leave kafka.rebalance on and two brokers at least, so "
        "that partitions are moved before a broker goes"
    )
    if any(f"{_MSK}::" in loss.urn for loss in losses):
        hint = (
            "write as many as there were; to have fewer, move the partitions off those that came last "
            "(https://docs.aws.amazon.com/msk/latest/developerguide/msk-remove-broker.html), and write "
            "kafka.managed.drained: true beside it"
        )
    raise Refusal(f"{name} would lose brokers of Kafka: {'; '.join(map(str, losses))}", hint)
