"""Events of a shop that does not exist, with all that goes wrong on the way: twice, broken, late."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

KINDS: Final = ("view", "add_to_cart", "purchase")
_USERS: Final = 500
_APART: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How often something goes wrong, as shares of all messages."""

    twice: float = 0.05
    """Sent again, a few messages later."""
    broken: float = 0.02
    """Cut off, of an unknown kind, or with a wrong amount."""
    late: float = 0.02
    """From `by` before."""
    by: timedelta = timedelta(hours=2)


def make(
    count: int, *, start: datetime, seed: int, faults: Faults | None = None
) -> Iterator[tuple[str, bytes]]:
    """Messages, each with its key, the user: the same for the same seed.

    Args:
        count: how many; with those that are sent twice.
        start: when the first happened, with a time zone; each of the others a second after the one before.
        seed: any number.
        faults: what goes wrong. Default: a little of all.
    """
    chance = random.Random(seed)  # noqa: S311 (no secret)
    wrong = faults or Faults()
    recent: list[tuple[str, bytes]] = []
    for number in range(count):
        if recent and chance.random() < wrong.twice:
            yield chance.choice(recent[-20:])
            continue
        event = _event(chance, start + number * _APART)
        if chance.random() < wrong.late:
            event["at"] = _written(start + number * _APART - wrong.by)
        value = json.dumps(event).encode()
        if chance.random() < wrong.broken:
            value = _broken(chance, event, value)
        recent.append((str(event["user_id"]), value))
        yield recent[-1]


def _event(chance: random.Random, at: datetime) -> dict[str, str | None]:
    kind = chance.choices(KINDS, weights=(80, 15, 5))[0]
    return {
        "event_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "user_id": f"user-{chance.randrange(_USERS)}",
        "kind": chance.choice((kind, kind, kind.upper(), f" {kind}")),
        "amount": f"{chance.randrange(100, 50_000) / 100:.2f}" if kind == "purchase" else None,
        "at": _written(at),
    }


def _broken(chance: random.Random, event: dict[str, str | None], value: bytes) -> bytes:
    match chance.randrange(4):
        case 0:
            return value[: len(value) // 2]
        case 1:
            return json.dumps({**event, "kind": "teleport"}).encode()
        case 2:
            return json.dumps({**event, "kind": "purchase", "amount": "-1.00"}).encode()
        case _:
            return json.dumps({**event, "at": "yesterday"}).encode()


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
