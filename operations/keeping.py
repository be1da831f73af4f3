"""What must not be lost: protected things that an `up` would delete or replace, found before the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.resources import RecordedResource
from operations.engine.events import SECRET
from operations.guards import Refusal
from operations.recorder.wire import UNKNOWN

_DEFAULTS: Final = "__defaults"
_SHOWN: Final = 6


@dataclass(frozen=True)
class Loss:
    """Something protected that would go."""

    urn: str
    why: str

    def __str__(self) -> str:
        type_, _, name = self.urn.rpartition("::")
        return f"{type_.rpartition(':')[2]} {name} {self.why}"


def protected(state: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """What a stack's state protects from deletion."""
    resources = (state or {}).get("resources") or ()
    return tuple(
        one for one in resources if one.get("protect") and one.get("custom") and not one.get("delete")
    )


def lost(
    kept: Iterable[Mapping[str, Any]], planned: Iterable[RecordedResource], region: str
) -> tuple[Loss, ...]:
    """What is protected, and would be deleted or replaced.

    Args:
        kept: from `protected`.
        planned: what the program asks for now, recorded as the engine's preview sees it.
        region: the provider's.
    """
    wanted = {resource.urn: resource for resource in planned}
    return tuple(loss for one in kept for loss in _loss(one, wanted.get(one["urn"]), region))


def _loss(old: Mapping[str, Any], new: RecordedResource | None, region: str) -> Iterator[Loss]:
    if new is None:
        yield Loss(old["urn"], "would be deleted")
        return
    names = sorted(_replacing(old, new, region))
    if names:
        yield Loss(old["urn"], f"would be replaced, for another {', '.join(names)}")


def _replacing(old: Mapping[str, Any], new: RecordedResource, region: str) -> Iterator[str]:
    """Inputs that cannot be changed in place and differ; the twin's table of types knows which those are."""
    from operations.twin.aws.types import TYPES
    from operations.twin.aws.values import changed_paths, under

    known = TYPES.get(old["type"])
    before = dict(old.get("inputs") or {})
    generated = set(before.pop(_DEFAULTS, ()))
    if known is None:
        return
    now = dict(new.inputs)
    forced = known.replace
    if known.replaces is not None:  # what cannot be changed back, such as a size that only grows
        forced |= known.replaces(_clear(before), _clear(now))
    chosen = {name for name in known.kept | generated if name not in now}
    for name in known.inputs - {"region"} - chosen:
        if _unclear(before.get(name)) or _unclear(now.get(name)):
            if name in known.replace and _of_another(old, name, new):
                yield name
            continue
        paths = changed_paths(before.get(name), now.get(name), name, ordered=name in known.ordered)
        if any(under(path, forced) for path in paths):
            yield name
    home = (old.get("outputs") or {}).get("region")
    if known.regional and home not in {None, now.get("region") or region}:
        yield "region"


def _clear(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if not _unclear(value)}


def _of_another(old: Mapping[str, Any], name: str, new: RecordedResource) -> bool:
    """Whether an input that is only known later is that of another resource than before: another subnet."""
    before: Iterable[str] = (old.get("propertyDependencies") or {}).get(name) or ()
    return any(urn not in new.dependencies for urn in before)


def _unclear(value: Any) -> bool:
    """Whether a value is only known later, or is a secret: what cannot be compared counts as the same."""
    if isinstance(value, Mapping):
        return SECRET in value or any(_unclear(item) for item in value.values())
    if isinstance(value, list):
        return any(_unclear(item) for item in value)
    return isinstance(value, str) and UNKNOWN in value


def refuse(name: str, losses: tuple[Loss, ...]) -> None:
    """Refuses an `up` that would lose something.

    Raises:
        Refusal: there are losses.
    """
    if not losses:
        return
    told = "; ".join(str(loss) for loss in losses[:_SHOWN])
    more = f"; and {len(losses) - _SHOWN} more" if len(losses) > _SHOWN else ""
    raise Refusal(
        f"{name} keeps data that is protected, and its file now asks for what would lose it: {told}{more}",
        "put back what was changed in the file; to give the data up, write keep: destroy for retain and "
        f"nothing else, run `mlcluster up {name}`, and change the rest after that",
    )
