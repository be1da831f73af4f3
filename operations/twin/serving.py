"""Serves a package to the engine: Pulumi's provider protocol over gRPC, on top of a `Package`.

The engine attaches to a running provider (PULUMI_DEBUG_PROVIDERS) with one connection for each provider of
the program, so a session belongs to the peer it was configured by.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc, status_pb2

from operations.twin import notices
from operations.twin.backend import Diff, Package, PackageBackend, PartlyCreated, Refused
from operations.twin.wire import packed, plain

logger = logging.getLogger(__name__)

_SESSIONS: Final = 512
"""Sessions remembered; an engine uses one for each provider, for the minutes it runs."""
_THREADS: Final = 64
"""Calls answered at once; above the engine's default parallelism of four times the processors."""
_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The engine's own limit for one message (sdk/go/common/util/rpcutil)."""


@dataclass(frozen=True)
class _Status(grpc.Status):  # type: ignore[misc]  # grpc ships no types
    """What `abort_with_status` wants; grpc has no constructor for it."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


def _answers(method: Callable[[Any, Any, Any], Message]) -> Callable[[Any, Any, Any], Message]:
    """Turns what a backend raises into what the engine shows; tracebacks go to the log only."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: Any) -> Message:
        try:
            return method(self, request, context)
        except PartlyCreated as problem:
            failure: Exception = problem
        except Refused as problem:
            failure = problem
        except Exception as problem:
            logger.exception("%s of %s", method.__name__, getattr(request, "urn", "") or self.package_name)
            failure = Refused(
                f"the twin failed: {type(problem).__name__}: {problem}; its log has the details"
            )
        _abort(context, failure)

    return answer


def _abort(context: Any, failure: Exception) -> NoReturn:
    if isinstance(failure, PartlyCreated):
        details = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failure))
        details.details.add().Pack(
            proto.ErrorResourceInitFailed(
                id=failure.id, properties=packed(failure.state), reasons=[str(failure)]
            )
        )
        metadata = (("grpc-status-details-bin", details.SerializeToString()),)
        context.abort_with_status(_Status(grpc.StatusCode.UNKNOWN, str(failure), metadata))
    context.abort(grpc.StatusCode.UNKNOWN, str(failure))
    raise AssertionError("abort returned")


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The provider protocol for one package."""

    def __init__(self, name: str, version: str, package: Package, changed: Callable[[], None]) -> None:
        """Serves `package` as the provider `name` at `version`, and calls `changed` after every change."""
        self.package_name = name
        self._version = version
        self._package = package
        self._changed = changed
        self._sessions: OrderedDict[str, PackageBackend] = OrderedDict()
        self._engines: OrderedDict[str, str] = OrderedDict()
        """Where the engine of a connection answers."""
        self._lock = threading.Lock()

    def _session(self, context: Any) -> PackageBackend:
        with self._lock:
            session = self._sessions.get(context.peer())
            if session is None:
                raise Refused(
                    f"the twin's {self.package_name} provider was restarted in the middle of this command; "
                    "run the command again"
                )
            self._sessions.move_to_end(context.peer())
            return session

    @contextmanager
    def _changing(self, request: Any, context: Any) -> Iterator[None]:
        """Surrounds a change: the twin is saved after it, and the engine told what was said meanwhile."""
        with notices.heard() as said:
            try:
                yield
            finally:
                self._changed()
                notices.tell(self._engines.get(context.peer(), ""), request.urn, said)

    @_answers
    def Attach(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Accepts an engine, and remembers where it can be told something."""
        with self._lock:
            _remember(self._engines, context.peer(), request.address)
        return empty_pb2.Empty()

    @_answers
    def Handshake(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Says that plain values are enough."""
        return proto.ProviderHandshakeResponse()

    @_answers
    def GetPluginInfo(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Returns the version of the SDK whose provider this stands in for."""
        return proto.PluginInfo(version=self._version)

    @_answers
    def GetSchema(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Returns a schema without types: programs have them in their SDK."""
        return proto.GetSchemaResponse(
            schema=json.dumps({"name": self.package_name, "version": self._version})
        )

    @_answers
    def Cancel(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Lets running calls finish: each takes well under a second."""
        return empty_pb2.Empty()

    @_answers
    def CheckConfig(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Takes provider settings as they are; `Configure` judges them."""
        return proto.CheckResponse(inputs=request.news)

    @_answers
    def DiffConfig(self, request: Any, context: Any) -> Message:  # noqa: ARG002, N802 - protocol
        """Compares provider settings; a change never replaces the provider's resources."""
        olds, news = plain(request.old_inputs), plain(request.news)
        changed = tuple(sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key)))
        return _diff_response(Diff(changed), olds, news)

    @_answers
    def Configure(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Opens the session of this connection."""
        session = self._package.session()
        session.configure(plain(request.args))
        with self._lock:
            _remember(self._sessions, context.peer(), session)
        return proto.ConfigureResponse(supportsPreview=True)

    @_answers
    def Invoke(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Answers a data source."""
        result = self._session(context).invoke(request.tok, plain(request.args))
        return proto.InvokeResponse(**{"return": packed(result)})

    @_answers
    def Check(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Fills in defaults and names, and judges inputs."""
        inputs, failures = self._session(context).check(
            request.urn, _type(request), plain(request.olds), plain(request.news), request.randomSeed
        )
        return proto.CheckResponse(
            inputs=packed(inputs),
            failures=[proto.CheckFailure(property=name, reason=reason) for name, reason in failures],
        )

    @_answers
    def Diff(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Compares wanted inputs with what exists."""
        old_inputs, news = plain(request.old_inputs), plain(request.news)
        diff = self._session(context).diff(_type(request), request.id, old_inputs, plain(request.olds), news)
        return _diff_response(diff, old_inputs, news)

    @_answers
    def Create(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Creates, or says what is known before."""
        session, news = self._session(context), plain(request.properties)
        if request.preview:
            return proto.CreateResponse(properties=packed(session.preview(request.urn, _type(request), news)))
        with self._changing(request, context):
            id_, state = session.create(request.urn, _type(request), news, request.timeout)
        return proto.CreateResponse(id=id_, properties=packed(state))

    @_answers
    def Read(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Returns what really exists, an empty answer when it is gone."""
        found = self._session(context).read(
            _type(request), request.id, plain(request.inputs), plain(request.properties)
        )
        if found is None:
            return proto.ReadResponse()
        inputs, state = found
        return proto.ReadResponse(id=request.id, inputs=packed(inputs), properties=packed(state))

    @_answers
    def Update(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Changes in place."""
        with nullcontext() if request.preview else self._changing(request, context):
            state = self._session(context).update(
                request.urn,
                _type(request),
                request.id,
                plain(request.olds),
                plain(request.news),
                request.timeout,
                request.preview,
            )
        return proto.UpdateResponse(properties=packed(state))

    @_answers
    def Delete(self, request: Any, context: Any) -> Message:  # noqa: N802 - protocol
        """Deletes."""
        with self._changing(request, context):
            self._session(context).delete(
                request.urn, _type(request), request.id, plain(request.properties), request.timeout
            )
        return empty_pb2.Empty()


def serve(servicer: Servicer) -> tuple[grpc.Server, int]:
    """Starts serving on a free loopback port; returns the server, to be stopped, and the port."""
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ]
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=servicer.package_name)
    server = grpc.server(pool, options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _remember(store: OrderedDict[str, Any], peer: str, value: Any) -> None:
    """Keeps something of a connection; the oldest is forgotten when there are too many."""
    store[peer] = value
    while len(store) > _SESSIONS:
        store.popitem(last=False)


def _type(request: Any) -> str:
    """The type of a request: the last of the chain "parent$child" that URNs of components' children have."""
    qualified: str = request.urn.split("::")[2]
    return qualified.rpartition("$")[2]


def _diff_response(diff: Diff, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Message:
    response = proto.DiffResponse
    detailed = {
        name: _property_diff(name in diff.replaces, name in olds, name in news) for name in diff.changed
    }
    return response(
        changes=response.DIFF_SOME if diff.changed else response.DIFF_NONE,
        diffs=diff.changed,
        replaces=diff.replaces,
        deleteBeforeReplace=diff.delete_before_replace and bool(diff.replaces),
        detailedDiff=detailed,
        hasDetailedDiff=bool(diff.changed),
    )


def _property_diff(replaces: bool, before: bool, after: bool) -> Message:
    verb = {(False, True): "ADD", (True, False): "DELETE"}.get((before, after), "UPDATE")
    kind = getattr(proto.PropertyDiff, f"{verb}_REPLACE" if replaces else verb)
    return proto.PropertyDiff(kind=kind, inputDiff=True)
