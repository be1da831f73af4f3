"""Waits for what was deleted to go, and wakes the controller that would forget definitions.

The API server removes a definition's objects, then the definition. Where it had not served the kind yet, its
first attempt may fail ("storage is (re)initializing": its cache is still being filled). It tries again 5 ms
later, from a copy of the definition that may be the one before it noted the failure; then the server refuses
the note as a conflict, and the controller takes that for "changed in the meantime, I shall be called again".
Nobody calls: changes of the condition `Terminating` are its own and do not count. The next look is that of
the resync, up to five minutes later; any other change of the definition wakes it at once.

https://github.com/kubernetes/apiextensions-apiserver/blob/v0.35.1/pkg/controller/finalizer/crd_finalizer.go
(`sync`, `updateCustomResourceDefinition`), `pkg/apiserver/apiserver.go` there (the resync), and `GetList` of
https://github.com/kubernetes/apiserver/blob/v0.35.1/pkg/storage/cacher/cacher.go
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from operations.twin.kubernetes.api import Api, ApiError, Ref

logger = logging.getLogger(__name__)

MANAGER: Final = "mlcluster-leaving"
WOKEN: Final = "mlcluster.io/woken"
"""The annotation that changes, on a definition that is long in going: how often."""

_FIRST_S: Final = 2.0
_GROWTH: Final = 2.0
"""Each pause is so much longer than the one before: a change in mid-work makes the controller begin anew."""
_LONGEST_S: Final = 30.0


def gone(api: Api, ref: Ref, timeout: float) -> bool:
    """Waits up to `timeout` seconds for an object to go; returns whether it did."""
    until = time.monotonic() + timeout
    for count, pause in enumerate(_pauses(), 1):
        left = until - time.monotonic()
        if api.wait(ref, lambda value: value is None, max(min(pause, left), 0.0))[0]:
            return True
        if pause >= left:
            return False
        wake(api, ref, count)
    raise AssertionError("pauses ended")


@contextmanager
def helped(api: Api, refs: Iterable[Ref]) -> Iterator[None]:
    """Wakes the controller of definitions that go, as long as somebody else waits for them: Helm."""
    watched = tuple(refs)
    done = threading.Event()

    def help_along() -> None:
        for count, pause in enumerate(_pauses(), 1):
            if done.wait(pause):
                return
            for ref in watched:
                wake(api, ref, count)

    helper = threading.Thread(target=help_along, name="leaving", daemon=True)
    if watched:
        helper.start()
    try:
        yield
    finally:
        done.set()
        if watched:
            helper.join()


def wake(api: Api, ref: Ref, count: int) -> None:
    """Changes a definition that is on its way out, and nothing else; what went meanwhile is not made anew."""
    if ref.kind != "CustomResourceDefinition" or not api.has_controllers:
        return
    try:
        live = api.get(ref)
        if live is None or "deletionTimestamp" not in live["metadata"]:
            return
        metadata = {
            "name": ref.name, "uid": live["metadata"]["uid"], "annotations": {WOKEN: str(count)}
        }  # fmt: skip
        api.apply(
            {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata},
            manager=MANAGER,
            force=True,
        )
    except ApiError as error:
        # 404, 409: it went between the look and the change; anything else, whoever waits will meet himself.
        logger.info("%s was not woken: %s", ref, error)


def _pauses() -> Iterator[float]:
    pause = _FIRST_S
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST_S)
