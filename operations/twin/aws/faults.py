"""Faults to rehearse: refusals that AWS would give now and then, given on demand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from operations.twin.aws.cloud import ApiError
from operations.twin.backend import Refused


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One refusal, used up when it happens."""

    type: str
    """Type token that it strikes: "aws:eks/nodeGroup:NodeGroup"."""
    code: str
    """The error code that AWS would give, such as "InsufficientInstanceCapacity"."""
    message: str = "rehearsed fault"
    nth: int = 1
    """Which create from now on is struck; 1 is the next."""
    partly: bool = False
    """Whether the resource exists all the same but is not ready; the next `up` finds and finishes it."""


class Faults:
    """The faults that wait to happen, in the order they were asked for."""

    def __init__(self, waiting: tuple[Fault, ...] = ()) -> None:
        self._waiting = list(waiting)

    def add(self, fault: Fault) -> None:
        """Lets a fault wait."""
        if fault.nth < 1:
            raise Refused(f"nth: {fault.nth} is not a create to strike; the next one is 1")
        self._waiting.append(fault)

    def waiting(self) -> tuple[dict[str, Any], ...]:
        """Returns what has not happened yet, as plain values."""
        return tuple(asdict(fault) for fault in self._waiting)

    def strike(self, type_: str) -> Fault | None:
        """Counts one create of a type; returns the fault that strikes it, used up."""
        struck = None
        for index, fault in enumerate(self._waiting):
            if fault.type == type_:
                self._waiting[index] = replace(fault, nth=fault.nth - 1)
                struck = struck or (fault if fault.nth == 1 else None)
        self._waiting = [fault for fault in self._waiting if fault.nth > 0]
        return struck


def error(fault: Fault) -> ApiError:
    """Returns the refusal that a fault stands for."""
    return ApiError(fault.code, fault.message)
