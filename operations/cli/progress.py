"""How an engine's work is watched: resources done, running and left, and whatever failed at once."""

from __future__ import annotations

import threading

from operations.cli.render import label
from operations.engine.events import Done, Event, Failed, Message, Started
from operations.progress import Listener

_STACK = "::pulumi:pulumi:Stack::"
"""What all the time runs, and says nothing."""


class Watch:
    """Takes the engine's events, from its thread, and tells a progress listener.

    Args:
        listener: shows how far it is, and says failures and warnings as they come.
        total: how many resources there are to work on; 0: not known.
    """

    def __init__(self, listener: Listener, total: int) -> None:
        self._listener = listener
        self._total = total
        self._running: dict[str, None] = {}
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Handles one event."""
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Message):
            if event.severity != "info":
                self._listener.say(f"{event.severity}: {_where(event.urn)}{event.text}")
            return
        if isinstance(event, Failed):
            self._listener.say(f"failed: {_where(event.urn)}{event.message}")
        if isinstance(event, Started):
            self._running[event.urn] = None
        if isinstance(event, Done | Failed):
            self._running.pop(event.urn, None)
            self._done += 1
        self._listener.advance(self._done, max(self._total, self._done), self._words())

    def _words(self) -> str:
        """What runs now, and how much is left: ``3 running, 41 left: eks.Cluster cluster``."""
        left = max(self._total - self._done - len(self._running), 0)
        first = next((urn for urn in self._running if _STACK not in urn), None)
        return f"{len(self._running)} running, {left} left" + (f": {label(first)}" if first else "")


def _where(urn: str | None) -> str:
    return f"{label(urn)}: " if urn else ""
