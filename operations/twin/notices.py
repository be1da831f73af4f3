"""What a provider has to say while a call succeeds: to whoever runs the engine, beside the resource.

Any depth of a package may speak; `serving` collects what is said during a call and hands it to the engine,
which shows it as it shows the diagnostics of Pulumi's own providers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

logger = logging.getLogger(__name__)

Severity = Literal["info", "warning"]

_SEVERITIES: Final = {"info": engine_pb2.INFO, "warning": engine_pb2.WARNING}
_TELL_S: Final = 5.0
"""How long the engine may take to hear it."""


@dataclass(frozen=True)
class Notice:
    """Something to tell."""

    severity: Severity
    text: str


_heard: ContextVar[list[Notice] | None] = ContextVar("notices", default=None)


def say(severity: Severity, text: str) -> None:
    """Says something about the resource that the present call is for; nobody hears it outside of a call."""
    heard = _heard.get()
    if heard is not None:
        heard.append(Notice(severity, text))


@contextmanager
def heard() -> Iterator[list[Notice]]:
    """Collects what is said in this thread meanwhile."""
    found: list[Notice] = []
    token = _heard.set(found)
    try:
        yield found
    finally:
        _heard.reset(token)


def tell(engine: str, urn: str, notices: list[Notice]) -> None:
    """Tells an engine; one that is not there any more need not know.

    Args:
        engine: The address of its `pulumirpc.Engine`.
        urn: The resource that the notices are about.
        notices: In the order in which they were said.
    """
    if not notices or not engine:
        return
    try:
        with grpc.insecure_channel(engine) as channel:
            stub = engine_pb2_grpc.EngineStub(channel)
            for notice in notices:
                request = engine_pb2.LogRequest(
                    severity=_SEVERITIES[notice.severity], message=notice.text, urn=urn
                )
                stub.Log(request, timeout=_TELL_S)
    except grpc.RpcError as error:
        logger.warning("%s: the engine was not told %s: %s", urn, [one.text for one in notices], error)
